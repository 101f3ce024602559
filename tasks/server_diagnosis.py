"""The Prefect server as `flipbook doctor` sees it: the one that is set, reachable or not, and its version."""

import os
from importlib.metadata import version

from tasks.core.findings import Finding


def findings() -> list[Finding]:
    """What there is to say. Without PREFECT_API_URL, a run has a server of its own, for as long as it takes."""
    if not os.environ.get("PREFECT_API_URL"):
        return [Finding("server", "PREFECT_API_URL is not set: each run has a server of its own", True)]
    # Prefect takes a second to import.
    import httpx
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        url = str(client.api_url).rstrip("/")
        try:
            serves = client.api_version()
        except (httpx.HTTPError, OSError) as error:
            return [Finding("server", f"{url} cannot be used: {_reason(error)}", False)]
        said = f"{url}, Prefect {serves}"
    return [Finding("server", said, serves == version("prefect"), is_needed=False)]


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
