"""Answer patterns: whether one can be used, and those that the catalogue has for studies known from imports alone."""

from tasks import catalogue
from tasks.core.errors import UsageError
from tasks.core.study import Study
from tasks.settings import Settings
from tasks.warehouse import problem_of_pattern


def refuse_bad_pattern(study: Study) -> None:
    """Raises UsageError where the study's answer pattern is no regular expression of the warehouse's kind (RE2)."""
    if study.answer_pattern is None:
        return
    if problem := problem_of_pattern(study.answer_pattern):
        raise UsageError(
            f"Study {study.name!r}: answer_pattern {study.answer_pattern!r} is no regular expression (RE2): {problem}."
        )


def catalogue_patterns(settings: Settings) -> list[tuple[str, str]]:
    """Each study of the catalogue that has an answer pattern, with it; none where the catalogue cannot be read."""
    try:
        studies = catalogue.deployments(settings).values()
    except UsageError:
        # An import needs no catalogue; whoever runs a study is told what is wrong with it.
        return []
    return list({study.name: study.answer_pattern for study in studies if study.answer_pattern}.items())
