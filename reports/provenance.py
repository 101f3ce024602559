"""Where the numbers come from: the requests as sent, what ran, and the files and SQL to check them with."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from reports import format as f
from reports.rows import SeriesRow
from reports.rows_of_calls import RunRow
from reports.view import Provenance, Question, Questions, Request
from tasks.core.plan import SeriesKey

MOST_REQUESTS = 24
# More would push the answer off the first screen.
FIRST_QUESTIONS = 3
MOST_CHARACTERS = 4_000
MOST_FACTS = 12


def requests(series: Sequence[SeriesRow], labels: Mapping[SeriesKey, str]) -> list[Request]:
    """Each distinct request once, with the series that it was sent for."""
    senders: dict[str, list[str]] = defaultdict(list)
    for row in series:
        senders[row.request or ""].append(labels[row.key])
    return [_request(body, names) for body, names in list(senders.items())[:MOST_REQUESTS]]


def questions(series: Sequence[SeriesRow], every: Sequence[Request]) -> Questions:
    """Each distinct conversation once, whoever was asked, with the names of its prompts where there are several."""
    prompts = {row.request or "": row.prompt for row in series}
    found: dict[str, tuple[list[str], list[tuple[str, str]]]] = {}
    for prompt, request in zip(prompts.values(), every, strict=False):
        if request.messages:
            names, _ = found.setdefault(str(request.messages), ([], request.messages))
            names += [f.visible(prompt)] if f.visible(prompt) not in names else []
    is_named = len(set(prompts.values())) > 1
    shown = [Question(", ".join(names) if is_named else "", messages) for names, messages in found.values()]
    are_all = len(prompts) == len(every)
    note = (
        "" if are_all else f"Here are {f.count(len(every))} of {f.count(len(prompts))} requests; raw.requests has all."
    )
    return Questions(shown[:FIRST_QUESTIONS], shown[FIRST_QUESTIONS:], note)


def provenance(runs: Sequence[RunRow], every: Sequence[Request], sql: Sequence[str]) -> Provenance:
    """The requests, versions, revision, configuration and files of these runs."""
    facts = [
        ("Revision of Flipbook", _distinct([run.revision for run in runs])),
        ("Configuration hash", _distinct([run.configuration_hash for run in runs])),
        ("Versions", _versions(runs)),
        ("Landed from", _distinct([run.source for run in runs])),
    ]
    shown = [(name, values or ["not recorded"]) for name, values in facts]
    return Provenance(list(every), shown, list(sql))


def _request(body: str, names: list[str]) -> Request:
    try:
        parsed: Any = json.loads(body)
    except ValueError:
        return Request(names, [], _cut(f.visible_block(body)))
    pretty = json.dumps(parsed, indent=2, ensure_ascii=False)
    return Request(names, _messages(parsed), _cut(f.visible_block(pretty)))


def _messages(body: Any) -> list[tuple[str, str]]:
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return []
    return [
        (f.visible(str(message.get("role", ""))), _cut(f.visible_block(_content(message.get("content")))))
        for message in messages
        if isinstance(message, dict)
    ]


def _content(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _cut(text: str) -> str:
    left = len(text) - MOST_CHARACTERS
    return text if left <= 0 else f"{text[:MOST_CHARACTERS]}\n… {f.counted(left, 'character')} more in raw.requests"


def _distinct(values: Sequence[str | None]) -> list[str]:
    distinct = list(dict.fromkeys(f.visible(value) for value in values if value))
    more = len(distinct) - MOST_FACTS
    return distinct if more <= 0 else [*distinct[:MOST_FACTS], f"and {more:,} more in mart.runs"]


def _versions(runs: Sequence[RunRow]) -> list[str]:
    """Every combination of versions that ran, the newest first."""
    return _distinct([_version_line(run.versions) for run in runs])


def _version_line(versions: str | None) -> str | None:
    parsed = json.loads(versions) if versions else {}
    return ", ".join(f"{name} {version}" for name, version in sorted(parsed.items())) or None
