"""What a run says, and to whom."""

import subprocess
import sys
from pathlib import Path

import pytest

SPEAKER = """
import logging, sys
from prefect.logging.configuration import setup_logging
from flows.reporting import go_on_unread

setup_logging()
if sys.argv[1] == "goes-on":
    go_on_unread()
log = logging.getLogger("prefect.runs-of-the-test")
log.warning("first")
input()
for _ in range(3):
    log.warning("unread")
print("to the end", file=open(sys.argv[2], "w"))
"""


@pytest.mark.parametrize(("how", "is_whole"), [("goes-on", True), ("as-prefect-would", False)])
def test_a_run_goes_on_when_nobody_reads_its_lines(how: str, is_whole: bool, tmp_path: Path) -> None:
    """Its worker was killed, and with it the end of the pipe. Left alone, the first line ends it: else delete our part."""
    said = tmp_path / "said"
    with subprocess.Popen(
        [sys.executable, "-c", SPEAKER, how, str(said)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as speaker:
        assert speaker.stdin
        assert speaker.stderr
        assert "first" in speaker.stderr.readline()
        speaker.stderr.close()
        speaker.stdin.write("go on\n")
        speaker.stdin.close()
        assert (speaker.wait(30) == 0) is is_whole
    assert said.exists() is is_whole
