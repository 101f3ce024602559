"""Runs on bad days: a warehouse that is held, a killed process, providers that refuse, fail, or are of another make."""

import asyncio
import datetime as dt
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from aiohttp import web
from prefect.client.schemas.sorting import LogSort

from flows.landing import Result, land_spools
from flows.running import Ended, run_study
from flows.study import planned
from tasks.backup import back_up
from tasks.core.errors import UsageError, WarehouseHeldError
from tasks.core.study import Study
from tasks.settings import Settings
from tasks.spool import Spool

TODAY = dt.datetime.now(dt.UTC).date
HOLD = """
import sys, duckdb
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""
NEWEST = LogSort.TIMESTAMP_DESC
PER_OUTCOME = "select outcome, status, count(*) as n from stg.samples group by all order by all"

NewStudy = Callable[..., Study]
Serve = Callable[[Callable[[dict[str, Any]], web.Response]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves chat completions made by a function of the request, in a thread; returns the base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    runners: list[web.AppRunner] = []
    thread.start()

    async def start(answer: Callable[[dict[str, Any]], web.Response]) -> str:
        async def completions(request: web.Request) -> web.Response:
            return answer(await request.json())

        app = web.Application()
        app.router.add_post("/v1/chat/completions", completions)
        runners.append(web.AppRunner(app, access_log=None))
        await runners[-1].setup()
        site = web.TCPSite(runners[-1], "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runners[-1].addresses[0][1]}/v1"

    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    yield lambda answer: str(wait(start(answer)))
    for runner in runners:
        wait(runner.cleanup())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def run(study: Study, **options: Any) -> tuple[Ended, list[str]]:
    """The study, run today in this process; and what was told of it."""
    told: list[str] = []
    return run_study(study, TODAY(), pages=False, tell=told.append, **options), told


def test_a_held_warehouse_is_named_and_the_next_run_lands_what_waits(
    here: Any, coin_flip: NewStudy, serving: Any, until: Any
) -> None:
    """The sentence has the file and the process, in the log without a traceback; the spool stays, and lands once."""
    assert run(coin_flip(name="before"))[0].is_done
    file = here.settings.warehouse_file
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ended, _ = run(coin_flip())
        assert (ended.is_done, ended.state) == (False, "Landed later")
        assert str(file) in ended.message
        assert str(holder.pid) in ended.message
        holder.communicate()
    held = f"Process {holder.pid} holds the warehouse {file}"
    with serving.client() as client:
        until(lambda: any(one.message.startswith(held) for one in client.read_logs(limit=200, sort=NEWEST)))
        logged = [one.message for one in client.read_logs(limit=200, sort=NEWEST) if str(holder.pid) in one.message]
    assert not [message for message in logged if "Traceback" in message]
    ended, told = run(coin_flip())
    assert ended.is_done
    assert any(line.startswith("Resuming run") for line in told)
    per_study = here.rows("select study, count(*) as n from stg.samples group by all order by all")
    assert per_study == [{"study": "before", "n": 5}, {"study": "coin-flip", "n": 5}]


def test_nobody_takes_up_a_run_that_its_process_is_landing(
    here: Any, coin_flip: NewStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever begins meanwhile asks for answers of its own; it would otherwise end with those of the other."""
    study, taken_up = coin_flip(), []

    def landing(settings: Settings, *, pages: bool) -> Result:
        taken_up.append(Spool.resumable(settings.spool, study, TODAY()))
        return land_spools(settings, pages=pages)

    monkeypatch.setattr("flows.study.land_spools", landing)
    assert run(study)[0].is_done
    assert taken_up == [None]
    assert here.rows(PER_OUTCOME) == [{"outcome": "ok", "status": 200, "n": 5}]


def test_a_restore_lands_what_the_backup_does_not_have(here: Any, coin_flip: NewStudy) -> None:
    """Of the same study and day, a run before the backup and one after it: at once, and the run after asks for itself."""

    def sampled(runs: int) -> None:
        assert run(coin_flip())[0].is_done
        assert here.rows("select count(*) as n, count(distinct run_id) as runs from stg.samples") == [
            {"n": 5 * runs, "runs": runs}
        ]

    sampled(1)
    back_up(here.settings, here.folder / "backup", dt.datetime.now(dt.UTC))
    sampled(2)
    restored = here.run("restore", "--force", str(here.folder / "backup"))
    assert restored.returncode == 0, restored.stderr
    assert "Runs that landed from the spool: 2, with 5 samples that the backup did not have." in restored.stdout
    assert here.rows("select count(*) as n, sum(planned) as planned from mart.runs") == [{"n": 2, "planned": 10}]
    assert here.rows("select sum(n) as n from mart.calls_by_day") == [{"n": 10}]
    sampled(3)


@pytest.mark.parametrize(
    ("response", "state", "named", "samples"),
    [
        ((401, '{"error": {"message": "no"}}'), "No answer", "check its key", [("failed", 401, 1)]),
        ((404, "not found"), "No answer", "check the model's name", [("failed", 404, 1)]),
        ((200, "<html>Welcome</html>"), "Completed", "0 failed, 5 answered without sense.", [("malformed", 200, 5)]),
        ((400, "what?"), "No answer", "5 of 5 calls made, 5 failed", [("failed", 400, 5)]),
    ],
)
def test_a_provider_that_gives_no_answer_leaves_rows_and_a_sentence(
    here: Any, serve: Serve, coin_flip: NewStudy, response: tuple[int, str], state: str, named: str, samples: Any
) -> None:
    """A refusal is asked once, anything else as planned."""
    here.declare("stub", serve(lambda _: web.Response(status=response[0], text=response[1])))
    ended, _ = run(coin_flip("stub", concurrency=1))
    assert ended.state == state
    assert named in ended.message
    assert [tuple(row.values()) for row in here.rows(PER_OUTCOME)] == samples


def of_another_make(request: dict[str, Any]) -> web.Response:
    """As llama.cpp and its like answer: no fingerprint, 19 unsorted entries, no bytes, another name of the model."""
    entries = [{"token": f"t{rank}", "logprob": -3.0 - rank % 7} for rank in range(request["top_logprobs"] - 2)]
    entries.insert(3, {"token": "Heads", "logprob": -0.2})
    position = {"token": "t1", "logprob": -4.0, "top_logprobs": entries}
    choice = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "t1"}}
    body = {
        "id": "cmpl-0",
        "object": "chat.completion",
        "created": 1,
        "model": "weights.gguf",
        "choices": [{**choice, "logprobs": {"content": [position]}}],
    }
    return web.json_response(body)


def test_a_server_of_another_make_is_sampled(here: Any, serve: Serve, coin_flip: NewStudy) -> None:
    """What it lacks is null, and every sample is there."""
    here.declare("local", serve(of_another_make))
    ended, _ = run(coin_flip("local", "gpt-4o"))
    assert ended.is_done, ended.message
    found = here.rows(
        "select outcome, system_fingerprint, logprob, n from (select *, count(*) over () as n from stg.samples) limit 1"
    )
    assert [tuple(row.values()) for row in found] == [("ok", None, -0.2, 5)]


def oddly(request: dict[str, Any]) -> web.Response:
    """As each model's name says."""
    entries = [{"logprob": -0.2, "token": "Heads", "bytes": None}, {"logprob": -1.8, "token": "Tails", "bytes": None}]
    message = {"role": "assistant", "content": "Heads", "reasoning_content": None, "tool_calls": []}
    choice = {
        "logprobs": {"content": [{"top_logprobs": entries, **entries[0]}]},
        "message": message,
        "stop_reason": None,
    }
    body: dict[str, Any] = {
        "usage": {"prompt_tokens": 13},
        "choices": [choice],
        "model": request["model"],
        "timings": {},
    }
    match request["model"]:
        case "numbers-as-strings":
            for entry in (*entries, choice["logprobs"]["content"][0]):
                entry["logprob"] = str(entry["logprob"])
            body |= {"usage": {"prompt_tokens": "13"}, "created": "1"}
        case "no-usage":
            body |= {"usage": None, "id": None, "created": 10**30}
        case "no-content":
            message["content"] = None
        case "lists-of-old":
            choice["logprobs"] = {"tokens": ["Heads"], "token_logprobs": [-0.2], "top_logprobs": [{"Heads": -0.2}]}
        case "not-a-number":
            return web.Response(text=json.dumps(body).replace("-0.2", "NaN"), content_type="application/json")
        case "no-choices":
            body["choices"] = None
        case "an-error":
            body = {"error": {"message": "the model is overloaded"}}
        case "a-list":
            return web.json_response([body])
        case "a-stream":
            return web.Response(text=f"data: {json.dumps(body)}\n\ndata: [DONE]\n\n", content_type="text/event-stream")
        case "in-pieces":
            answer = web.json_response(body, headers={"Connection": "close"})
            answer.enable_chunked_encoding(64)
            return answer
    return web.json_response(body)


def test_answers_of_any_make_are_kept_and_told_apart(here: Any, serve: Serve, coin_flip: NewStudy) -> None:
    """Other fields and orders, numbers as texts, an error under a success: every call is a row, with what is known of it."""
    outcomes = {
        "numbers-as-strings": ("ok", -0.2, 13),
        "no-usage": ("ok", -0.2, None),
        "no-content": ("ok", -0.2, 13),
        "lists-of-old": ("no_logprobs", None, 13),
        "not-a-number": ("sentinel", None, 13),
        "no-choices": ("malformed", None, 13),
        "an-error": ("malformed", None, None),
        "a-list": ("malformed", None, None),
        "a-stream": ("malformed", None, None),
        "in-pieces": ("ok", -0.2, 13),
    }
    here.declare("odd", serve(oddly))
    targets = [{"endpoint": "odd", "model": model, "follow": "Heads"} for model in outcomes]
    ended, _ = run(coin_flip(targets=targets, samples=2))
    assert ended.message == "20 of 20 calls made, 0 failed, 8 answered without sense."
    found = here.rows(
        "select model, outcome, logprob, prompt_tokens, count(*) as n, max(error) as error from stg.samples group by all"
    )
    assert {row["model"]: (row["outcome"], row["logprob"], row["prompt_tokens"]) for row in found} == outcomes
    assert {row["n"] for row in found} == {2}
    (error,) = [row["error"] for row in found if row["error"]]
    assert error == 'HTTP 200, and yet an error: {"error": {"message": "the model is overloaded"}}'


def test_a_run_too_late_for_its_day_samples_nothing(place: Any, coin_flip: NewStudy) -> None:
    """A scheduled run of yesterday says so, at a real endpoint."""
    place.declare("stub", "http://127.0.0.1:9/v1")
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    with pytest.raises(UsageError, match=r"that day is over .* nothing was sampled"):
        planned(place.settings, coin_flip("stub"), None, scheduled_at=yesterday)


def test_a_run_that_is_refused_lands_what_waits(here: Any, coin_flip: NewStudy) -> None:
    """It samples nothing; the answers that an earlier run left in the spool need not wait for the next one."""
    here.declare("stub", "http://127.0.0.1:9/v1")
    assert run(coin_flip())[0].is_done
    (marker,) = here.settings.spool.glob("*/landed")
    marker.unlink()
    here.settings.warehouse_file.unlink()
    ended = run_study(coin_flip("stub"), TODAY() - dt.timedelta(days=1), pages=False, tell=lambda _: None)
    assert (ended.is_done, ended.state) == (False, "Failed")
    assert "can only be sampled for today" in ended.message
    assert here.rows("select count(*) as n from stg.samples") == [{"n": 5}]
    assert marker.exists()


def test_a_run_whose_summary_cannot_be_read_is_done(
    here: Any, coin_flip: NewStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has landed: nothing about it is later."""

    def held(*_: object) -> str:
        raise WarehouseHeldError("Process 7 holds the warehouse.")

    monkeypatch.setattr("flows.artifacts.summary", held)
    ended, told = run(coin_flip())
    assert (ended.is_done, ended.state) == (True, "Completed")
    assert here.rows("select count(*) as n from stg.samples") == [{"n": 5}]
    assert any("holds the warehouse. The run has landed" in line for line in told)


def test_a_killed_run_goes_on_where_it_was(served: Any, slow_simulator: str, until: Any) -> None:
    """`kill -9` in the middle, then Ctrl-C, then the same command: every sample once, no answered call asked again."""
    served.declare("slow", f"{slow_simulator}/v1", kind="simulator")
    command = ("run", "ad-hoc", "--endpoint", "slow", "--samples", "300")
    for how, lines, code in ((signal.SIGKILL, 30, -9), (signal.SIGINT, 90, 130)):
        process = served.start(*command)
        until(lambda lines=lines: served.lines() >= lines)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
        assert process.returncode == code, err
        assert "Traceback" not in err
    ended = served.run(*command, "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["state"] == "Completed"
    assert "Resuming run" in ended.stderr
    (stored,) = served.rows("select count(*) as n, count(distinct repeat) as repeats from stg.samples")
    assert stored == {"n": 300, "repeats": 300}
    with urlopen(f"{slow_simulator}/stats?ids=1", timeout=5) as response:
        asked = json.load(response)
    # Only what was in flight at the two interruptions may have been asked a second time.
    assert asked["requests"] <= 300 + 2 * 16
