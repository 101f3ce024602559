"""The demo: coin flips for some days at the simulator, and then some texts, through the same flow that is deployed."""

import datetime as dt

from flows.reporting import Listener
from flows.running import run_study
from flows.server import server_running
from tasks import catalogue
from tasks.core.errors import FlipbookError
from tasks.core.preflight import sent_to
from tasks.core.study import Study
from tasks.embedded import simulator_running
from tasks.judging import judge_kept
from tasks.render import render
from tasks.settings import Settings
from tasks.shared_limit import alone
from tasks.warehouse import Warehouse, exists

STUDY = "coin-flip"
ENDPOINT = "simulator"
# As published, as published, never changing, and changed on the tenth of fourteen days.
MODELS = {"gpt-4o": "Heads", "gpt-3.5-turbo": "He", "control-steady": "Heads", "control-changing": "Heads"}
CHANGE = 9 / 14
# Short, so that the pages of texts have something to show and the whole takes about a minute.
TEXT_STUDY = "seed-and-temperature"
TEXT_DAYS = 3
TEXT_SAMPLES = 8


def run_demo(settings: Settings, days: int, samples: int, *, tell: Listener) -> str:
    """Sample the days, ending today, that the warehouse does not have yet, write the pages, and name the report."""
    flips, texts = demo_study(settings, samples), text_study(settings)
    today = dt.datetime.now(dt.UTC).date()
    wanted = [today - dt.timedelta(days=back) for back in reversed(range(days))]
    changes_on = wanted[int(days * CHANGE)]
    address = catalogue.endpoints(settings)[ENDPOINT].base_url
    simulator = simulator_running(address, options=["--changes-on", str(changes_on)])
    # Alone: what a demo shows is nobody's news.
    with alone(), server_running(), simulator as is_ours, judge_kept():
        if not is_ours:
            tell(
                f"The simulator that already runs at {address} is asked: without `--changes-on {changes_on}` none of its "
                "models changes. End it for the whole demo."
            )
        for study, its_days in ((flips, wanted), (texts, wanted[-TEXT_DAYS:])):
            for day in sorted(set(its_days) - _complete_days(settings, study)):
                _run_day(study, day, tell)
    tell("Writing the pages.")
    return f"The report: {render.fn(settings)[0]}"


def demo_study(settings: Settings, samples: int) -> Study:
    """The catalogue's coin flip, asked of the simulator's models."""
    targets = [{"endpoint": ENDPOINT, "model": model, "follow": token} for model, token in MODELS.items()]
    return catalogue.study(settings, STUDY).changed(targets=targets, samples=samples)


def text_study(settings: Settings) -> Study:
    """The catalogue's study of texts, asked of the simulator."""
    return sent_to(catalogue.study(settings, TEXT_STUDY), ENDPOINT).changed(samples=TEXT_SAMPLES)


def _run_day(study: Study, day: dt.date, tell: Listener) -> None:
    # One line a day: the targets take less than the second after which they would report.
    ended = run_study(study, day, pages=False, tell=lambda _: None)
    tell(f"{study.name}, {day}: {ended.message}")
    if not ended.is_done:
        raise FlipbookError(ended.message)


def _complete_days(settings: Settings, study: Study) -> set[dt.date]:
    if not exists(settings):
        return set()
    with Warehouse.open(settings, read_only=True) as warehouse:
        rows = warehouse.report("complete_days", {"study": study.name, "configuration_hash": study.configuration_hash})
    return {row["day"] for row in rows}
