"""The ladders of a page: as many as it holds, and no way to one that is not there."""

from reports.ladder import MOST_LADDERS, LadderRows, ladders, link_to
from reports.rows import ClusterRow
from tasks.core.plan import SeriesKey


def rows(number: int) -> LadderRows:
    """A series of one cluster, without its values."""
    key = SeriesKey("study", "sim", f"model-{number}", "default", "flip")
    cluster = ClusterRow(
        **key._asdict(),
        threshold_pp=0.01,
        cluster=1,
        n=2,
        distinct_values=1,
        min_pct=50,
        max_pct=50,
        share=1,
    )
    return LadderRows(key, key.model, "var(--series-0)", [cluster], [])


def test_a_series_beyond_what_a_page_holds_has_no_link_to_its_ladder() -> None:
    """The last one that is shown has one; the first that is not has none."""
    every = [rows(number) for number in range(MOST_LADDERS + 1)]
    shown = ladders(every)
    assert link_to(shown, every[-2].key) == f"#{shown[-1].anchor}"
    assert link_to(shown, every[-1].key) == ""
