"""The first day on a GPU: tests, times and trainings on one page to keep. `make gpu` runs it.

    python tests/first_day.py                      # all parts, in at most 24 minutes
    python tests/first_day.py --quick              # a small version of each part, in a few minutes
    python tests/first_day.py --parts bench train  # some of the parts

It needs CuPy and a GPU. What else is missing is left out and named (PyTorch, pytest). A part that fails does not stop
the others; the exit status is then 1. A new folder in runs gets the page, ``first-day.md``, all that the parts print,
``log.txt``, and the trained models.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("numpy", "cupy-cuda12x", "cupy-cuda13x", "torch", "triton", "nvidia-cuda-cupti", "nvidia-cuda-cupti-cu12")
LOOPS = {
    "ours": "minigan",
    "ours-graph": "minigan as a CUDA graph",
    "plain": "PyTorch, plain loop",
    "best": "PyTorch, best loop",
    "graph": "PyTorch, best loop as a CUDA graph",
    "compiled": "PyTorch, best loop with torch.compile",
}
TORCH = list(LOOPS)[2:]
SETTINGS = {"MINIGAN_REQUIRE_GPU": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # for every process
AGREE = 1e-3  # relative difference of the losses of CPU and GPU: float32 rounding, which training enlarges


class Sizes(NamedTuple):
    """How much each part does."""

    tests: tuple[str, ...]  # arguments for pytest
    cases: tuple[tuple[str, int], ...]  # models and batch sizes to measure
    turns: int  # of each process of a measurement
    counted: tuple[str, ...]  # models whose operations are counted
    trained: tuple[tuple[str, ...], ...]  # arguments for each `minigan train`
    train: tuple[str, ...]  # arguments for all of them
    evaluate: tuple[str, ...]  # arguments for `minigan evaluate`
    compared: tuple[int, int]  # batch size and steps of the runs on both devices


FULL = Sizes(
    tests=(),
    cases=tuple((model, batch) for model in ("hybrid", "mlp", "dcgan") for batch in (64, 256)),
    turns=2,
    counted=("hybrid", "mlp", "conv", "dcgan", "infogan"),
    trained=((), ("--graph",), ("--model", "dcgan")),
    train=(),
    evaluate=(),
    compared=(64, 10),
)
QUICK = FULL._replace(
    tests=tuple(f"tests/test_{topic}.py" for topic in ("backend", "network", "fast_twin", "trainer", "launches")),
    cases=(("hybrid", 64), ("dcgan", 64)),
    turns=1,
    counted=("hybrid", "dcgan"),
    train=("--steps", "300"),
    evaluate=("-n", "1000"),
)


class Done(NamedTuple):
    """How a process ended; its status is None if it took too long."""

    status: int | None
    output: str
    seconds: float

    @property
    def reason(self) -> str:
        """Why it failed, in a line."""
        if self.status is None:
            return f"it was stopped after {self.seconds:.0f} s"
        lines = self.output.strip().splitlines()
        return lines[-1] if lines else f"exit status {self.status}"


@dataclass
class Page:
    """The page, which is written after every part."""

    folder: Path
    sizes: Sizes
    deadline: float
    lines: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, *lines: str) -> None:
        """Add lines to the page, and print them."""
        self.lines += lines
        print(*lines, sep="\n", flush=True)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add a table."""
        self.add("", *(f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)), "")

    def fail(self, what: str) -> None:
        """Note a failure."""
        self.failed.append(what)
        self.add("", f"**Failed:** {what}", "")

    def leave_out(self, what: str) -> None:
        """Note something that was not done."""
        self.left_out.append(what)
        self.add("", f"Left out: {what}", "")

    def no_time(self) -> bool:
        """Say whether the time for all parts is over."""
        return time.monotonic() > self.deadline - 5

    def run(self, *command: str, limit: float = 600) -> Done:
        """Run Python in a process of its own, for at most ``limit`` seconds and not beyond the deadline."""
        start = time.monotonic()
        limit = max(1.0, min(limit, self.deadline - start))
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **SETTINGS}
        last = self.folder / "last.log"
        with last.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, *command], stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, env=environment,
                start_new_session=True,
            )  # fmt: skip
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                if process.poll() is None:
                    stop(process)
        done = Done(status, last.read_text(errors="replace"), time.monotonic() - start)
        last.unlink()
        with (self.folder / "log.txt").open("a") as log:
            log.write(f"\n== python {' '.join(command)}\n== status {status}, {done.seconds:.0f} s\n{done.output}")
        return done

    def write(self) -> Path:
        """Write the page, with what failed at its top."""
        path = self.folder / "first-day.md"
        summary = [
            "# The first day on a GPU",
            "",
            f"- Passed: {', '.join(self.passed) or 'nothing'}",
            f"- Failed: {'; '.join(self.failed) or 'nothing'}",
            f"- Left out: {'; '.join(self.left_out) or 'nothing'}",
        ]
        path.write_text("\n".join([*summary, *self.lines, ""]))
        return path


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process with the processes that it started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def machine(page: Page) -> None:
    """Say what the machine is, and whether its GPU works."""
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    doctor = page.run("-m", "minigan", "doctor")
    page.add("", f"{time.strftime('%Y-%m-%d %H:%M')}; {', '.join(versions)}", "", "```", doctor.output.strip(), "```")
    if doctor.status:
        page.fail(f"minigan doctor: {doctor.reason}")
    problem = page.run("-c", "from minigan.backend import cuda_problem; raise SystemExit(cuda_problem())")
    if problem.status:
        page.fail(f"no GPU: {problem.reason}")
        raise NoGPU


class NoGPU(Exception):
    """Nothing else can be done here."""


def tests(page: Page) -> None:
    """Run the tests that need a GPU."""
    if not find_spec("pytest"):
        page.leave_out("the tests, because pytest is not installed")
        return
    count = str(min(8, os.cpu_count() or 1))
    workers = ["-p", "xdist.plugin", "--numprocesses", count, "--dist", "worksteal"] if find_spec("xdist") else []
    # warnings are errors in the suite, but other versions than those it was written with may warn of more
    options = [
        "-q",
        "-m",
        "gpu",
        "-W",
        "default",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        *workers,
    ]
    done = page.run("-m", "pytest", *options, *page.sizes.tests)
    lines = done.output.strip().splitlines()
    bad = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    page.add(
        "", f"`pytest -m gpu`: {lines[-1].strip('= ') if lines else 'nothing'}", "", *(f"- {line}" for line in bad)
    )
    if done.status:
        page.fail(f"tests: {done.reason if done.status is None else lines[-1].strip('= ')}")


def bench(page: Page) -> None:
    """Measure a step of minigan and of PyTorch in processes that take turns; what must be compiled first comes last."""
    loops = ["ours", "ours-graph", *(TORCH if find_spec("torch") else [])]
    if TORCH[0] not in loops:
        page.leave_out("the comparison with PyTorch, which is not installed")
    short = [loop for loop in loops if loop != "compiled"]
    jobs = [(loop, *case) for _ in range(page.sizes.turns) for case in page.sizes.cases for loop in short]
    jobs += [("compiled", *case) for case in page.sizes.cases if "compiled" in loops]
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    failed = set()
    for number, job in enumerate(jobs):
        if page.no_time():
            page.leave_out(f"{len(jobs) - number} of {len(jobs)} measurements, because no time is left")
            break
        if job not in failed:
            if result := worker(page, *job):
                found.setdefault(job, []).append(result)
            else:
                failed.add(job)
    rows = []
    for case in page.sizes.cases:
        ours = found.get(("ours", *case), [])
        rows += [[*case, LOOPS[loop], *cells(found.get((loop, *case), []), ours, case[1])] for loop in loops]
    head = ("model", "batch", "loop", "ms per step", "fastest", "images/s", "peak MB", "launches", "time / minigan")
    page.table(head, rows)


def worker(page: Page, loop: str, model: str, batch: int, *, limit: float = 150) -> dict[str, Any] | None:
    """Return what a process of `minigan bench` measures, or None if it fails."""
    module = "minigan.commands.bench.worker"
    done = page.run("-m", module, loop, model, str(batch), "cuda", "alternating", limit=limit)
    if done.status == 0:
        return json.loads(done.output.strip().splitlines()[-1])
    what = f"{LOOPS.get(loop, loop)}, {model}, batch {batch}: {done.reason}"
    if loop in TORCH or "expected CUPTI or PyTorch" in done.reason:  # no fault of minigan
        page.leave_out(what)
    else:
        page.fail(what)
    return None


def cells(turns: list[dict[str, Any]], ours: list[dict[str, Any]], batch: int) -> list[str]:
    """Return the numbers of a row: milliseconds, images per second, peak memory, launches, and the ratio to minigan."""
    if not turns:
        return ["-"] * 6
    ms, mine = ([each for turn in some for each in turn["ms"]] for some in (turns, ours))
    median, launches = statistics.median(ms), turns[0]["launches"]
    return [
        f"{median:.3f}",
        f"{min(ms):.3f}",
        f"{1000 * batch / median:,.0f}",
        f"{max(turn['peak_memory_mb'] for turn in turns):.0f}",
        "-" if launches is None else str(launches),
        f"{median / statistics.median(mine):.2f}" if mine else "-",
    ]


def launches(page: Page) -> None:
    """Count what a whole step of `minigan train` asks the GPU to do."""
    found = {model: worker(page, "launches", model, 64) for model in page.sizes.counted}
    rows = [[f"`{model}`", *counts.values()] for model, counts in found.items() if counts]
    kinds = next((list(counts) for counts in found.values() if counts), [])
    if rows:
        page.table(["a step at batch size 64", *kinds], rows)


def train(page: Page) -> None:
    """Train models from the first step to the pictures, and evaluate them."""
    rows = []
    for chosen in page.sizes.trained:
        name = " ".join(chosen).replace("-", "").replace(" ", "-") or "default"
        out = page.folder / name
        done = page.run("-m", "minigan", "train", "--device", "cuda", "--out", str(out), *chosen, *page.sizes.train)
        if done.status:
            page.fail(f"train {name}: {done.reason}")
            continue
        last = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])
        judged, distances = page.run("-m", "minigan", "evaluate", str(out), *page.sizes.evaluate), "-"
        if judged.status == 0:
            found = json.loads((out / "evaluation.json").read_text())
            distances, of_real = (
                " and ".join(f"{each['fid']:.3f}" for each in found[whose].values()) for whose in ("measured", "real")
            )
            distances += f" ({of_real})"
        else:
            page.fail(f"evaluate {name}: {judged.reason}")
        times = [f"{seconds:.1f}" for seconds in (last["seconds"], done.seconds, judged.seconds)]
        rows.append([name, last["step"], *times, distances])
    head = ("options", "steps", "s of steps", "s in all", "s to evaluate", "FID under both evaluators (real digits)")
    page.table(head, rows)


def agreement(page: Page) -> None:
    """Compare the losses of short runs on the CPU and on the GPU with the same seed."""
    rows = []
    batch, steps = page.sizes.compared
    for model in ("mlp", "hybrid"):  # without dropout, whose masks each device draws itself
        done = page.run(__file__, "--compare", model, str(batch), str(steps), limit=120)
        if done.status:
            page.fail(f"agreement, {model}: {done.reason}")
            continue
        difference = float(done.output.strip().splitlines()[-1])
        rows.append([f"`{model}`", steps, f"{difference:.1e}"])
        if not difference < AGREE:
            page.fail(f"agreement, {model}: the losses differ by {difference:.1e}, expected at most {AGREE:.0e}")
    page.table(("model", "steps", "largest relative difference of a loss"), rows)


def compare(model: str, batch: int, steps: int) -> float:
    """Return the largest relative difference between the losses of both players on the CPU and on the GPU."""
    from minigan.commands.bench.whole_step import make_trainer

    trainers = [make_trainer(model, batch, "alternating", device) for device in ("cpu", "cuda")]
    largest = 0.0
    for _ in range(steps):
        seen = [trainer.step() for trainer in trainers]
        for name in ("d_loss", "g_loss"):
            cpu, gpu = (float(getattr(each, name)) for each in seen)
            largest = max(largest, abs(cpu - gpu) / abs(cpu))
    return largest


PARTS: dict[str, Callable[[Page], None]] = {
    "machine": machine,
    "tests": tests,
    "agreement": agreement,
    "launches": launches,
    "train": train,
    "bench": bench,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the parts; return 0 if nothing failed, else 1."""
    parser = argparse.ArgumentParser(description="Tests, times and trainings on a GPU, on one page.")
    parser.add_argument("--quick", action="store_true", help="a small version of each part")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="which parts; default: all")
    parser.add_argument("--minutes", type=float, default=24, help="no part goes on for longer; default: 24")
    parser.add_argument("--out", type=Path, help="a new folder; default: one in runs")
    parser.add_argument("--compare", nargs=3, metavar=("MODEL", "BATCH", "STEPS"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.compare:
        model, batch, steps = options.compare
        print(compare(model, int(batch), int(steps)))
        return 0
    folder = options.out or ROOT / "runs" / time.strftime("first-day-%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    page = Page(folder, QUICK if options.quick else FULL, time.monotonic() + 60 * options.minutes)
    try:
        for name in dict.fromkeys(["machine", *options.parts]):
            if page.no_time():
                page.leave_out(f"{name}, because no time is left")
            else:
                do(page, name)
    except NoGPU:
        page.leave_out("everything else")
    print(page.write().read_text())
    print(f"This page is {page.write()}")
    return 1 if page.failed else 0


def do(page: Page, name: str) -> None:
    """Do one part, whatever goes wrong in it."""
    page.add("", f"## {name.capitalize()}")
    failures, gaps, start = len(page.failed), len(page.left_out), time.monotonic()
    try:
        PARTS[name](page)
    except NoGPU:
        raise
    except Exception as error:  # a part that breaks must not stop the others
        page.fail(f"{name}: {type(error).__name__}: {error}")
    if len(page.failed) == failures:
        page.passed.append(name if len(page.left_out) == gaps else f"{name} (in part)")
    page.add("", f"This part took {time.monotonic() - start:.0f} s.")
    page.write()


if __name__ == "__main__":
    sys.exit(main())
