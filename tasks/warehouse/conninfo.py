"""How PostgreSQL is reached: what of it may be said, and what its errors mean. A password is never said."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from tasks.core.errors import FlipbookError, UsageError

PREFIX = "postgres:"

_PAIR = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s]+)")
_NOT_REACHED = re.compile(r'Unable to connect to Postgres at ".*": (?=[^"])', re.DOTALL)
# What libpq and the server say where a setting is wrong; anything else may pass.
_WRONG = ("authentication failed", "does not exist", "no password supplied", "no pg_hba.conf", 'missing "="', "invalid")
_TROUBLE = (
    *("Unable to connect to Postgres", "connection to server", "server closed the connection", "Connection refused"),
    *(
        "terminating connection",
        "SSL connection has been closed",
        "no connection to the server",
        "could not receive data",
    ),
    *("permission denied", "the database system is", "could not connect", "too many clients", "Failed to prepare COPY"),
)


@dataclass(frozen=True)
class Conninfo:
    """A connection string of libpq: `key=value …`, or a URI. Shown without its text, which may hold a password."""

    text: str
    name: str

    def __repr__(self) -> str:
        return f"Conninfo({self.name!r})"

    @classmethod
    def of(cls, catalogue: str) -> Self | None:
        """That of a catalogue in PostgreSQL; None of one in a file."""
        if not catalogue.startswith(PREFIX):
            return None
        text = catalogue.removeprefix(PREFIX)
        return cls(text, f"postgresql://{_where(text)}")

    def without_secrets(self, said: str) -> str:
        """What an error says, without this text and the values of its passwords."""
        for secret in (self.text, *_secrets(self.text)):
            if secret:
                said = said.replace(secret, "…")
        found = _NOT_REACHED.search(said)
        return said[found.end() :] if found else said

    def is_trouble(self, error: BaseException) -> bool:
        """Whether an error is about PostgreSQL, and not about a statement of ours."""
        return any(sign in str(error) for sign in _TROUBLE)

    def trouble(self, said: str) -> FlipbookError:
        """A sentence that says what to do."""
        if any(sign in said for sign in _WRONG):
            return UsageError(f"The warehouse {self.name} cannot be opened: {said}. See FLIPBOOK_WAREHOUSE.")
        return FlipbookError(
            f"The warehouse {self.name} cannot be reached: {said}. "
            "Nothing is lost: start PostgreSQL, or wait for it, and try again."
        )


def _where(text: str) -> str:
    """Host, port and database, and nothing else."""
    if "://" in text:
        try:
            uri = urlsplit(text)
            host, port, database = uri.hostname, uri.port and str(uri.port), unquote(uri.path.lstrip("/"))
        except ValueError:
            return "…"
    else:
        pairs = _pairs(text)
        host, port, database = pairs.get("host"), pairs.get("port"), pairs.get("dbname", "")
    return f"{host or ''}{f':{port}' if port else ''}/{database}"


def _secrets(text: str) -> list[str]:
    if "://" not in text:
        return [value for key, value in _pairs(text).items() if "password" in key]
    try:
        uri = urlsplit(text)
    except ValueError:
        return []
    queried = [part.partition("=")[2] for part in uri.query.split("&") if "password" in part.partition("=")[0]]
    found = [uri.password or "", *queried]
    return [*found, *map(unquote, found)]


def _pairs(text: str) -> dict[str, str]:
    return {key: value.strip("'") for key, value in _PAIR.findall(text)}
