"""`tests/first_day.py`, which `make gpu` runs: it goes on after failures, and without a GPU it fails."""

import subprocess
import time

import first_day
import pytest


@pytest.fixture
def page(tmp_path):
    return first_day.Page(tmp_path, first_day.QUICK, time.monotonic() + 1000)


def stand_ins(monkeypatch, **parts):
    monkeypatch.setattr(first_day, "PARTS", {"machine": lambda page: None, **parts})


def test_without_a_gpu_it_fails(monkeypatch, tmp_path, capsys):
    """All of it, in processes of its own, on a machine where CuPy cannot be imported."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "cupy.py").write_text("raise ImportError('not here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hidden"))
    assert first_day.main(["--out", str(tmp_path / "day")]) == 1
    written = (tmp_path / "day" / "first-day.md").read_text()
    assert "- Failed: no GPU: CuPy is not installed (not here)" in written
    assert "- Left out: everything else" in written
    assert "GFLOP/s" in written
    assert "## Tests" not in written
    assert written in capsys.readouterr().out


def test_a_part_that_breaks_does_not_stop_the_others(monkeypatch, tmp_path):
    def train(page):
        raise OSError("no space")

    stand_ins(
        monkeypatch,
        tests=lambda page: page.fail("tests: 1 failed"),
        bench=lambda page: page.leave_out("PyTorch"),
        train=train,
    )
    assert first_day.main(["--out", str(tmp_path / "day"), "--quick"]) == 1
    written = (tmp_path / "day" / "first-day.md").read_text()
    assert (
        "- Passed: machine, bench (in part)\n- Failed: tests: 1 failed; train: OSError: no space\n- Left out: PyTorch"
        in written
    )


def test_some_parts(monkeypatch, tmp_path):
    done = []
    stand_ins(monkeypatch, tests=lambda page: done.append("tests"), bench=lambda page: done.append("bench"))
    assert first_day.main(["--out", str(tmp_path / "day"), "--parts", "bench"]) == 0
    assert done == ["bench"]


def test_no_time_left(monkeypatch, tmp_path):
    stand_ins(monkeypatch)
    assert first_day.main(["--out", str(tmp_path / "day"), "--minutes", "0"]) == 0
    assert "- Left out: machine, because no time is left" in (tmp_path / "day" / "first-day.md").read_text()


@pytest.mark.skipif(not hasattr(first_day.os, "killpg"), reason="this system has no process groups")
def test_what_takes_too_long_is_stopped_with_its_children(page, tmp_path):
    code = (
        "import os, subprocess, sys, time; print('began', flush=True); "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    start = time.monotonic()
    done = page.run("-c", code, limit=5)
    assert time.monotonic() - start < 30
    assert done.status is None
    assert done.output == "began\n"
    assert done.reason.startswith("it was stopped after")
    child = int((tmp_path / "child").read_text())
    for _ in range(100):  # a process that was killed is still listed until somebody has asked how it ended
        if not is_running(child):
            break
        time.sleep(0.05)
    assert not is_running(child)


def is_running(process):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_what_it_prints_is_kept(page, tmp_path):
    page.run("-c", "print('one')")
    assert page.run("-c", "raise SystemExit('two')").reason == "two"
    log = (tmp_path / "log.txt").read_text()
    assert "== status 0" in log
    assert "one\n" in log
    assert "two\n" in log


def timed(*ms):
    return {"ms": list(ms), "peak_memory_mb": 99.6, "launches": 104, "threads": 1}


def test_the_bench_goes_on_where_a_loop_fails(monkeypatch, page):
    def run(*command, limit):
        loop = command[2]
        if loop == "compiled":
            return first_day.Done(1, "Traceback\nno compiler\n", 1.0)
        return first_day.Done(
            0, f'{{"ms": [{4 if loop == "plain" else 2}], "peak_memory_mb": 99.6, "launches": null}}', 1
        )

    monkeypatch.setattr(first_day, "find_spec", lambda name: name)
    monkeypatch.setattr(page, "run", run)
    page.sizes = page.sizes._replace(cases=(("mlp", 8),), turns=2)
    first_day.bench(page)
    text = "\n".join(page.lines)
    assert page.left_out == ["PyTorch, best loop with torch.compile, mlp, batch 8: no compiler"]
    assert not page.failed
    assert "| mlp | 8 | PyTorch, plain loop | 4.000 | 4.000 | 2,000 | 100 | - | 2.00 |" in text
    assert "| mlp | 8 | PyTorch, best loop with torch.compile | - | - | - | - | - | - |" in text


def test_the_bench_ends_with_the_time(monkeypatch, page):
    def run(*command, limit):
        page.deadline = 0
        return first_day.Done(0, '{"ms": [2], "peak_memory_mb": 1, "launches": 5}', 1.0)

    monkeypatch.setattr(first_day, "find_spec", lambda name: None)
    monkeypatch.setattr(page, "run", run)
    page.sizes = page.sizes._replace(cases=(("mlp", 8), ("hybrid", 8)), turns=2)
    first_day.bench(page)
    assert page.left_out[-1] == "7 of 8 measurements, because no time is left"
    assert "| mlp | 8 | minigan | 2.000 | 2.000 | 4,000 | 1 | 5 | 1.00 |" in page.lines
    assert "| hybrid | 8 | minigan | - | - | - | - | - | - |" in page.lines


def test_a_row_of_the_bench():
    assert first_day.cells([timed(2, 4), timed(3)], [timed(1.5)], 6) == [
        "3.000",
        "2.000",
        "2,000",
        "100",
        "104",
        "2.00",
    ]
    assert first_day.cells([timed(2)], [], 6)[-1] == "-"


def test_the_losses_must_agree(monkeypatch, page):
    answers = iter([first_day.Done(0, "a line\n1e-6\n", 1.0), first_day.Done(0, "nan\n", 1.0)])
    monkeypatch.setattr(page, "run", lambda *command, limit: next(answers))
    first_day.agreement(page)
    assert "| `mlp` | 10 | 1.0e-06 |" in page.lines
    assert page.failed == ["agreement, hybrid: the losses differ by nan, expected at most 1e-03"]


def test_a_device_agrees_with_itself(monkeypatch):
    from minigan.commands.bench import whole_step

    make = whole_step.make_trainer
    monkeypatch.setattr(
        whole_step, "make_trainer", lambda model, batch, update, device: make(model, batch, update, "cpu")
    )
    assert first_day.compare("mlp", 4, 2) == 0


def test_what_was_trained(monkeypatch, page):
    """A training that fails is said, and the next one is done and judged."""

    def run(*command, limit=0):
        if "--graph" in command:
            return first_day.Done(1, "no graphs", 1.0)
        if command[2] == "train":
            out = first_day.Path(command[command.index("--out") + 1])
            out.mkdir()
            (out / "metrics.jsonl").write_text('{"step": 1, "seconds": 0.1}\n{"step": 300, "seconds": 2.5}\n')
            fids = {"measured": {"a": {"fid": 1.5}, "b": {"fid": 2.0}}, "real": {"a": {"fid": 0.25}, "b": {"fid": 0.5}}}
            (out / "evaluation.json").write_text(first_day.json.dumps(fids))
        return first_day.Done(0, "", 4.0)

    monkeypatch.setattr(page, "run", run)
    first_day.train(page)
    assert page.failed == ["train graph: no graphs"]
    rows = [line for line in page.lines if "300" in line]
    assert rows == [
        f"| {name} | 300 | 2.5 | 4.0 | 4.0 | 1.500 and 2.000 (0.250 and 0.500) |" for name in ("default", "model-dcgan")
    ]
