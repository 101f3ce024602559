"""Which marts are made when."""

import re

from tasks.sql_files import models, models_after_tests, models_before_tests


def test_every_mart_is_made_once_before_or_after_the_tests() -> None:
    """And what is made before reads nothing that is made after."""
    before, after = models_before_tests(), models_after_tests()
    tables = [model.table for model in (*before, *after)]
    assert sorted(tables) == sorted(model.table for model in models("mart"))
    late = {"raw.tests", "raw.decisions", *(model.table for model in after)}
    for model in before:
        assert not late & set(re.findall(r"\b(?:from|join) (\w+\.\w+)", model.select))


def test_what_reads_tests_comes_after_them() -> None:
    """What core computed is in these."""
    names = {model.path.stem for model in models_after_tests()}
    assert {"drift_by_day", "association_overall", "time_effects_overall"} <= names
    assert not {"cluster_tables_by_day", "value_counts_by_day", "logit_grid_by_day"} & names
