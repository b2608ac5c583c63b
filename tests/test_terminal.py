"""Lines are printed, and a stream that fails ends nothing: it is only quiet from then on."""

import io
import os
import subprocess
import sys

import pytest

from minigan.runs.progress import Progress
from minigan.terminal import is_terminal, lost_output, say

RECORD = {"step": 5, "seconds": 1.0, "d_loss": 1, "g_loss": 1, "d_real": 0, "d_fake": 0, "images_per_second": 9}


class Failing(io.StringIO):
    """A stream whose n-th write fails."""

    def __init__(self, error, *, after=0, terminal=False):
        super().__init__()
        self.error, self.left, self.terminal = error, after, terminal

    def write(self, text):
        if self.left <= 0:
            raise self.error
        self.left -= 1
        return super().write(text)

    def isatty(self):
        return self.terminal


def test_lines(capsys):
    say("one")
    say()
    say(2, error=True)
    assert capsys.readouterr() == ("one\n\n", "2\n")
    assert lost_output() is None


def test_characters_that_the_stream_does_not_know_are_escaped(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", newline="\n"))
    say("Gödel \udcff")
    assert raw.getvalue() == b"G\\xf6del \\udcff\n"


@pytest.mark.parametrize(
    ("error", "lost"),
    [(BrokenPipeError(32, "Broken pipe"), None), (ValueError("closed"), None), (OSError(28, "disk full"), "disk full")],
)
def test_a_stream_that_fails_is_left_alone(error, lost, monkeypatch):
    stream = Failing(error, after=1)
    monkeypatch.setattr(sys, "stdout", stream)
    for text in ("first", "second", "third"):
        say(text)
        stream.left += text == "second"  # the third could be written, but a hole in the output would mislead
    assert stream.getvalue() == "first\n"
    assert lost_output() == lost


def test_no_stream_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    say("nothing")
    say("nothing", error=True)
    assert lost_output() is None
    assert not is_terminal(None)
    closed = io.StringIO()
    closed.close()
    assert not is_terminal(closed)
    progress = Progress(10, None, quiet=False)
    progress.message("nothing")
    progress.update(RECORD, 0.5, elapsed=1.0)
    progress.close()


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("broken", ["stdout", "stderr"])
def test_progress_survives_a_terminal_that_goes_away(after, broken, monkeypatch):
    for name in ("stdout", "stderr"):
        error = OSError(5, "Input/output error")
        left = after if name == broken else 1000
        monkeypatch.setattr(sys, name, Failing(error, after=left, terminal=True))
    progress = Progress(10, None, quiet=False)
    for step in range(1, 11):
        progress.message(f"step {step}")
        progress.update(RECORD | {"step": step}, step / 10, elapsed=1.0)
    progress.close()


SHELL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a Linux shell")


@SHELL
@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("$M models | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
        ("$M models > /dev/full", 1, "minigan models: stdout: No space left on device\n"),
        ("$M train --help > /dev/full", 0, ""),
        ("$M models >&-", 0, ""),
        ("$M models >/dev/null 2>&-", 0, ""),
        ("$M train --steps 0 2>&-", 2, ""),
        ("$M train --steps 0 2>/dev/full", 2, ""),
        ("$M >&- 2>&-", 2, ""),
        ("MPLBACKEND=module://not.here $M models >/dev/null", 0, ""),
        ("MPLBACKEND=nonsense $M museum one-mode --seed -1 --out x", 2, "minigan museum: argument --seed: expected"),
    ],
)
def test_streams_of_a_shell(line, status, words):
    script = line.replace("$M", f"{sys.executable} -m minigan")
    done = subprocess.run(["bash", "-c", script], stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr, "Exception" in done.stderr) == (status, False, False)
    assert done.stderr.startswith(words)
    assert words or done.stderr == ""


@SHELL
@pytest.mark.parametrize("redirection", ["| head -n 1", ">&- 2>&-", "> /dev/full"])
def test_training_goes_on_without_a_terminal(redirection, tmp_path):
    options = f"--model mlp --steps 5 --batch-size 4 --log-every 1 --out {tmp_path}/run"
    script = f"{sys.executable} -m minigan train {options} {redirection}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert (tmp_path / "run" / "model.npz").exists()
