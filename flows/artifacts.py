"""What a run leaves in Prefect's UI: its progress while it samples, and at the end its headline figures and the report."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from uuid import UUID

from prefect.artifacts import (
    acreate_link_artifact,
    acreate_markdown_artifact,
    acreate_progress_artifact,
    aupdate_progress_artifact,
)

from flows.reporting import say
from tasks.core.study import Study
from tasks.render import address_of_day, summary
from tasks.settings import Settings
from tasks.shared_limit import has_shared_server
from tasks.target_sampling import Progress

# A server keeps every state of it: often enough to watch, and seldom enough not to be felt.
EVERY_S = 3.0
# What it says is worth no wait for a server that is away.
ANSWER_S = 10.0


@asynccontextmanager
async def progress_shown(study: Study, planned: int) -> AsyncIterator[Callable[[Progress], None]]:
    """Within this block, what is noted shows as a progress artifact; not for a run that takes a few seconds."""
    latest: dict[str, Progress] = {}

    def note(progress: Progress) -> None:
        latest[progress.target] = progress

    shown = _Shown(_key("progress", study), planned, latest)
    showing = asyncio.create_task(shown.keep_showing()) if has_shared_server() else None
    try:
        yield note
    finally:
        if showing:
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing
    await shown.update()


class _Shown:
    """One artifact, made when there is something to show and changed from then on."""

    def __init__(self, key: str, planned: int, latest: Mapping[str, Progress]) -> None:
        self._key, self._planned, self._latest = key, planned, latest
        self._id: UUID | None = None

    async def keep_showing(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            if self._id:
                await self.update()
            elif self._latest:
                percent, words = self._so_far()
                with _said_if_it_fails():
                    async with asyncio.timeout(ANSWER_S):
                        self._id = await acreate_progress_artifact(percent, self._key, words)

    async def update(self) -> None:
        """Show what is so now; nothing where nothing was shown yet."""
        if self._id:
            percent, words = self._so_far()
            with _said_if_it_fails():
                async with asyncio.timeout(ANSWER_S):
                    await aupdate_progress_artifact(self._id, percent, words)

    def _so_far(self) -> tuple[float, str]:
        done = sum(progress.done for progress in self._latest.values())
        words = [progress.sentence for progress in self._latest.values()]
        return min(100.0, 100 * done / max(self._planned, 1)), "; ".join(words)


async def leave_report(settings: Settings, study: Study) -> None:
    """The headline figures as markdown, and a link to the study's page. Raises FlipbookError for the warehouse's part."""
    figures = summary(settings, study.name)
    with _said_if_it_fails():
        await acreate_markdown_artifact(figures, key=_key("study", study), description=study.description)
        if address := address_of_day(settings, study.name, None):
            await acreate_link_artifact(
                address,
                link_text=f"The report of {study.name}",
                key=_key("report", study),
                description="Opens the report.",
            )


def _key(kind: str, study: Study) -> str:
    """Keys of artifacts are lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", f"{kind}-{study.name.lower()}").strip("-")


@contextmanager
def _said_if_it_fails() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a run is worth more than what is shown of it
        say(f"Prefect's server kept no artifact: {type(error).__name__}.")
