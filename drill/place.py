"""The folder that a drill happens in, and the environment of everything that it starts."""

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

from tasks.settings import PROJECT, Settings

HOST = "127.0.0.1"
STUDIES = Path(__file__).with_name("studies.yaml")
# A process that carries it was started by this drill, or by something that this drill started.
MARK = "FLIPBOOK_DRILL"
# Short, so that a hanging call costs the drill little.
CALL_TIMEOUT_S = 6
WAREHOUSE_WAIT_S = 10
_FOREIGN = ("FLIPBOOK_", "PREFECT_", "OPENAI", "LD_PRELOAD", "FAKETIME")


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def reserved_port() -> socket.socket:
    """A socket that keeps a port for those who share it: nobody else can listen there while ours is away."""
    reserving = socket.socket()
    reserving.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserving.bind((HOST, 0))
    return reserving


@dataclass(frozen=True)
class Place:
    """Where the drill keeps warehouse, spool, pages, ledger, clocks and logs, and the ports that it uses."""

    folder: Path
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    server_port: int = field(default_factory=free_port)
    # A run that finds no simulator starts one, which would have no ledger.
    simulator_reserved: socket.socket = field(default_factory=reserved_port)
    database_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        for part in ("logs", "clocks", "spool", "site", "prefect", "tmp"):
            (self.folder / part).mkdir(parents=True)
        endpoint = (
            f'[simulator]\nkind = "simulator"\nbase_url = "{self.simulator_url}/v1"\ntimeout_s = {CALL_TIMEOUT_S}\n'
        )
        (self.folder / "endpoints.toml").write_text(endpoint, encoding="utf-8")

    @property
    def ledger(self) -> Path:
        """What the simulator sent."""
        return self.folder / "ledger.ndjson"

    @property
    def simulator_port(self) -> int:
        """Where the simulator listens, also after it was killed."""
        return int(self.simulator_reserved.getsockname()[1])

    @property
    def simulator_url(self) -> str:
        """The simulator's root."""
        return f"http://{HOST}:{self.simulator_port}"

    @property
    def api_url(self) -> str:
        """Prefect's API."""
        return f"http://{HOST}:{self.server_port}/api"

    @property
    def database_url(self) -> str:
        """Prefect's database, as its server takes it."""
        return f"postgresql+asyncpg://prefect@{HOST}:{self.database_port}/postgres"

    @property
    def settings(self) -> Settings:
        """Flipbook's settings here."""
        return Settings(
            warehouse=str(self.folder / "flipbook.duckdb"),
            spool=self.folder / "spool",
            site=self.folder / "site",
            endpoints=self.folder / "endpoints.toml",
            catalogue=STUDIES,
            warehouse_wait_s=WAREHOUSE_WAIT_S,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Of server, workers and runs: nothing of what the drill itself was started with that concerns them."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        said = self.settings.model_dump(mode="json", exclude_unset=True)
        return (
            kept
            | {f"FLIPBOOK_{name.upper()}": str(value) for name, value in said.items()}
            | {
                MARK: self.token,
                "PREFECT_API_URL": self.api_url,
                "PREFECT_HOME": str(self.folder / "prefect"),
                # What a killed worker leaves there goes with the folder.
                "TMPDIR": str(self.folder / "tmp"),
                "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
                "PREFECT_API_DATABASE_CONNECTION_URL": self.database_url,
                # By default a worker looks for runs every ten seconds: the drill would mostly wait.
                "PREFECT_WORKER_QUERY_SECONDS": "1",
                "PREFECT_WORKER_PREFETCH_SECONDS": "1",
                "PYTHONPATH": str(PROJECT),
            }
        )
