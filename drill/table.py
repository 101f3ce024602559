"""The table that the drill prints, as Markdown."""

from collections.abc import Iterable, Sequence

from drill.accounts import Accounts
from drill.drilling import Drilled
from drill.script import Kind


def table(drilled: Drilled) -> str:
    """What was done, and what came of it."""
    accounts = drilled.accounts
    harms = [(str(kind), f"{drilled.done[kind]}{_what(drilled, kind)}") for kind in Kind if drilled.done[kind]]
    figures = [
        ("**harms**", f"**{drilled.done.total()}**"),
        ("runs that landed", f"{accounts.runs}, of which {accounts.closed} closed by a clock that was past midnight"),
        ("calls planned", f"{accounts.planned:,}"),
        ("calls completed", f"{accounts.completed:,}"),
        ("answers paid for, by the simulator's ledger", f"{accounts.paid:,}, of which {accounts.cut} cut off"),
        ("rows in the warehouse", f"{accounts.rows:,}, of which {accounts.answered:,} with an answer"),
        ("attempts tried again", f"{accounts.retries:,}"),
        ("answers lost in flight", f"{accounts.in_flight} ({_bound(accounts)})"),
        ("**lost**", f"**{accounts.lost}**"),
        ("**double**", f"**{accounts.double}**"),
        ("**asked again after a whole answer**", f"**{accounts.asked_again}**"),
        ("pages that render", f"{drilled.pages}, all"),
        ("minutes", f"{drilled.seconds / 60:.1f}"),
    ]
    return "\n\n".join([_rows(("harm", "times"), harms), _rows(("at the end", ""), figures)])


def _bound(accounts: Accounts) -> str:
    return f"{accounts.kills} kills of runs, at which at most {accounts.most_in_flight:,} were in flight"


def _what(drilled: Drilled, kind: Kind) -> str:
    if kind in (Kind.FLOW_KILLED, Kind.CLOCK_JUMPS):
        doing = ", ".join(f"{times} {doing}" for doing, times in drilled.details[kind].most_common())
        return f" ({doing})"
    return f" ({drilled.disk})" if kind is Kind.DISK_FULL else ""


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
