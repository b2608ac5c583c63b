"""Training on several ranks: equal to the bit after a resume, one folder, one voice, and one end for all."""

import itertools
import json
import os
import signal
import sys
import threading

import numpy as np
import pytest
from test_loop import Scripted
from test_mpi import launch, runs_mpi

import minigan
from minigan import DivergedError, InputError
from minigan.distributed import run_ranks
from minigan.runs import keeper
from minigan.runs import loop as loop_module
from minigan.runs import train as train_module
from minigan.runs.signals import Signals
from minigan.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (41, 8, 8), dtype=np.uint8)
OPTIONS = {"model": "mlp", "conditional": "none", "batch_size": 12, "latent_dim": 6, "steps": 6, "seed": 4}
OPTIONS |= {"data": IMAGES, "distributed": True, "device": "cpu", "quiet": True}
TIMES = ("seconds", "images_per_second")


class Killed(BaseException):
    """Ends a rank in the middle of a step, as kill -9 would."""


@pytest.fixture
def this(monkeypatch):
    """What belongs to the rank of this thread: its communicator."""
    this = threading.local()
    monkeypatch.setattr(train_module, "connect", lambda: this.communicator)
    monkeypatch.setattr(train_module, "started_as", lambda: (this.communicator.rank, this.communicator.size))
    monkeypatch.setattr(train_module, "share_of_cores", lambda communicator: 1)
    monkeypatch.setattr(keeper, "SHARE", 1e9)  # a checkpoint may take all the time
    return this


@pytest.fixture
def on_ranks(this):
    """on_ranks(size, **options): train on so many ranks of this process; the run of each, or the error it raised.

    An option that is a function gets the rank.
    """

    def work(options, communicator):
        this.communicator = communicator
        own = {name: value(communicator.rank) if callable(value) else value for name, value in options.items()}
        try:
            return minigan.train(**own)
        except (InputError, DivergedError, SystemExit) as error:
            return error

    def train(size, **options):
        everything = options if "resume" in options else OPTIONS | options
        return run_ranks(size, lambda communicator: work(everything, communicator))

    return train


def each_step(monkeypatch, change):
    """Call change(trainer, metrics) after each step of each rank; it returns the metrics."""
    step = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda trainer, share: change(trainer, step(trainer, share)))


def records(run):
    return [{name: value for name, value in each.items() if name not in TIMES} for each in run.history]


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# to the bit


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"model": "hybrid", "synchronised_batch_norm": True, "penalty": "r1"},
        {"model": "hybrid", "conditional": "clusters", "clusters": 2, "recluster": 1},
    ],
    ids=["mlp", "synchronised", "clusters"],
)
def test_resumed_ranks_are_ranks_that_were_never_killed(options, on_ranks, tmp_path, monkeypatch):
    options = options | {"log_every": 4}
    whole, again = (on_ranks(2, **options, out=tmp_path / name) for name in ("whole", "again"))

    def kill(trainer, metrics):
        if trainer.communicator.rank == 1 and trainer.discriminator_steps == 4:
            raise Killed
        return metrics

    with monkeypatch.context() as killing:
        each_step(killing, kill)
        with pytest.raises(Killed):
            on_ranks(2, **options, out=tmp_path / "killed", checkpoint_every=1e-9)
    kept = sorted(path.name for path in (tmp_path / "killed" / "checkpoints").iterdir())
    assert kept == ["step-000002.npz", "step-000003.npz"]
    resumed = on_ranks(2, resume=tmp_path / "killed", data=IMAGES, checkpoint_every=30.0)
    expected = files(tmp_path / "whole")
    for runs, name in ((again, "again"), (resumed, "killed")):
        for run in runs:  # all ranks have the same
            assert records(run) == records(whole[0])
            for player, vector in itertools.product(("generator", "discriminator"), ("theta", "stats")):
                now, then = (getattr(getattr(each, player), vector) for each in (run, whole[0]))
                np.testing.assert_array_equal(now, then)
        found = files(tmp_path / name)
        assert all(found[each] == expected[each] for each in ("model.npz", "samples.png", "training.gif"))


def test_a_run_in_memory_goes_on(on_ranks, this):
    [half, _], whole = on_ranks(2, steps=3), on_ranks(2)

    def go_on(communicator):
        this.communicator = communicator
        return half.resume(steps=6, data=IMAGES)

    for run in run_ranks(2, go_on):
        np.testing.assert_array_equal(run.generator.theta, whole[0].generator.theta)


def test_one_rank_is_a_run_without_ranks(on_ranks):
    [one] = on_ranks(1)
    alone = minigan.train(**OPTIONS | {"distributed": False})
    np.testing.assert_array_equal(one.generator.theta, alone.generator.theta)
    np.testing.assert_array_equal(one.discriminator.theta, alone.discriminator.theta)


# one folder, one voice


def test_only_rank_0_writes_and_prints(on_ranks, tmp_path, capsys):
    first, *others = on_ranks(3, out=tmp_path / "run", quiet=False)
    out, err = capsys.readouterr()
    assert out.startswith("mlp on array: 41 images of 8 x 8 x 1, batches of 12, on the CPU, in 3 processes\nstep ")
    assert (out.count("6 steps, 72 images"), err) == (1, "")
    assert (first.rank, first.folder, first.model) == (0, tmp_path / "run", tmp_path / "run" / "model.npz")
    assert [(run.rank, run.folder, run.model) for run in others] == [(1, None, None), (2, None, None)]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_record_is_the_mean_over_the_ranks(on_ranks, monkeypatch, tmp_path):
    seen = {0: [], 1: []}
    each_step(monkeypatch, lambda trainer, metrics: seen[trainer.communicator.rank].append(metrics) or metrics)
    runs = on_ranks(2, log_every=3, out=tmp_path / "run")
    assert seen[0] != seen[1]
    mean = (np.array(seen[0]) + np.array(seen[1])) / 2  # (steps, 4)
    for run in runs:
        for i, name in enumerate(("d_loss", "g_loss", "d_real", "d_fake")):
            np.testing.assert_allclose(run.history[name], mean[:, i].reshape(2, 3).mean(axis=1), rtol=1e-6)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["d_loss"] for line in lines] == runs[0].history["d_loss"].tolist()


def test_rank_0_judges_for_all(on_ranks, monkeypatch, tmp_path):
    judge = Scripted(3.0, 1.0, 2.0, 0.5)
    monkeypatch.setattr(train_module, "find_judge", lambda dataset, device: judge)
    first, second = on_ranks(2, steps=50, evaluate_every=2, stop_when="fid<1", out=tmp_path / "run")
    assert (first.stopped, second.stopped) == ("stop_when", "stop_when")
    assert len(judge.seen) == 4
    assert second.history.records == first.history.records
    assert first.history["fid"].tolist() == [3.0, 1.0, 2.0, 0.5]
    eighth = on_ranks(2, steps=8)[1]
    best = minigan.load(tmp_path / "run" / "best.npz")
    for run in (first, second, best):
        np.testing.assert_array_equal(run.generator.theta, eighth.generator.theta)


# one end


def test_the_time_of_rank_0_counts(on_ranks, this, monkeypatch):
    """A clock that is an hour ahead stops all when it is that of rank 0, and nobody when it is that of rank 1."""
    ahead, clock = 0, loop_module.Clock
    monkeypatch.setattr(loop_module, "Clock", lambda seconds: clock(3600.0 * (this.communicator.rank == ahead)))
    for ahead, stopped in ((0, "seconds"), (1, "steps")):
        runs = on_ranks(2, steps=4, seconds=3600.0)
        assert [run.stopped for run in runs] == [stopped, stopped]
        assert [run.history["step"].tolist() for run in runs] == 2 * [[1 if ahead == 0 else 4]]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_loss_that_is_not_finite_on_one_rank_ends_all(rank, on_ranks, monkeypatch, tmp_path):
    def spoil(trainer, metrics):
        bad = trainer.communicator.rank == rank and trainer.discriminator_steps == 3
        return metrics._replace(g_loss=np.float32("nan")) if bad else metrics

    each_step(monkeypatch, spoil)
    errors = on_ranks(2, out=tmp_path / "run")
    said = "the generator's loss is nan at step 3: training has diverged. Try a tenth of --learning-rate"
    assert [type(error) for error in errors] == [DivergedError, DivergedError]
    assert all(str(error).startswith(said) for error in errors)
    [line] = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["step"] == 3


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize(("name", "status"), [("SIGINT", None), ("SIGTERM", 143)])
def test_a_signal_to_one_rank_is_one_to_all(rank, name, status, on_ranks, this, monkeypatch, tmp_path):
    class Sent(Signals):
        def __enter__(self):
            self.received = signal.Signals[name] if this.communicator.rank == rank else None
            return self

    monkeypatch.setattr(loop_module, "Signals", Sent)
    ends = on_ranks(2, out=tmp_path / "run")
    if status:
        assert [end.code for end in ends] == [status, status]
    else:
        assert [end.stopped for end in ends] == ["interrupt", "interrupt"]
    monkeypatch.undo()
    assert (tmp_path / "run" / "checkpoints" / "step-000001.npz").is_file()
    assert (tmp_path / "run" / "samples.png").is_file() == (status is None)  # SIGTERM leaves no time for pictures


# all or none


@pytest.mark.parametrize(
    ("size", "options", "message"),
    [
        (2, {"batch_size": 13}, "batch_size: expected a multiple of 2 for 2 ranks, at least 4, got 13"),
        (
            2,
            {"batch_size": 12, "minibatch_std": True},
            "batch_size: expected a multiple of 8, or less than that, because",
        ),
        (2, {"steps": 0}, "steps: expected an integer of at least 1, got 0"),
        (2, {"steps": lambda rank: 6 - 6 * rank}, "steps: expected an integer of at least 1, got 0"),
        (2, {"seed": lambda rank: rank}, "seed: expected the same in all processes, got something else in some"),
        (3, {"data": lambda rank: IMAGES + (rank == 2)}, "data: expected the same in all processes, got something"),
        (2, {"data": "nowhere"}, "data: expected"),
        (2, {"data": IMAGES[:1]}, "data: expected"),
    ],
    ids=["batch", "groups", "steps", "steps of one rank", "seed", "data of one rank", "no data", "one image"],
)
def test_bad_input_is_refused_by_all_ranks(size, options, message, on_ranks, tmp_path):
    errors = on_ranks(size, **options, out=lambda rank: tmp_path / "run")
    assert [type(error) for error in errors] == size * [InputError]
    assert len({str(error) for error in errors}) == 1
    assert str(errors[0]).startswith(message)
    assert not (tmp_path / "run").exists()


def test_an_occupied_folder(on_ranks, tmp_path):
    (tmp_path / "mine.txt").touch()
    errors = on_ranks(2, out=tmp_path)
    assert [str(error)[:44] for error in errors] == 2 * ["out: expected a new or an empty folder, got "]
    assert set(files(tmp_path)) == {"mine.txt"}


def test_a_run_goes_on_with_as_many_ranks_as_it_had(on_ranks, tmp_path):
    on_ranks(2, out=tmp_path / "two")
    minigan.train(**OPTIONS | {"distributed": False, "out": tmp_path / "alone"})
    for name, size, expected in (("two", 3, 2), ("two", 1, 2), ("alone", 2, 1)):
        before = files(tmp_path / name)
        errors = on_ranks(size, resume=tmp_path / name, data=IMAGES, steps=9)
        message = f"mpiexec -n: expected {expected}, as at the start of the run, got {size}"
        assert [str(error) for error in errors] == size * [message]
        assert files(tmp_path / name) == before


def test_synchronised_batch_norm_without_ranks():
    with pytest.raises(InputError, match=r"^synchronised_batch_norm: expected False in a run that is not distributed"):
        minigan.train(**OPTIONS | {"distributed": False, "synchronised_batch_norm": True})


# under mpiexec


@pytest.fixture(scope="module")
def mpiexec():
    """mpiexec(*arguments): what two ranks of Python with these arguments did."""
    if not runs_mpi():
        pytest.skip("mpi4py or mpiexec is missing")
    return launch


def main(how, out):
    """Train, resume, or train and send a signal to rank 1 after step 3: the program for mpiexec."""
    if how.startswith("SIG"):

        def send(trainer, metrics):
            if trainer.communicator.rank == 1 and trainer.discriminator_steps == 4:
                os.kill(os.getpid(), getattr(signal, how))
            return metrics

        step = Trainer.step
        Trainer.step = lambda trainer, share: send(trainer, step(trainer, share))
        keeper.SHARE = 1e9
    options = OPTIONS | {"out": out, "log_every": 4, "checkpoint_every": 1e-9}
    run = minigan.train(resume=out, data=IMAGES, checkpoint_every=30.0) if how == "resume" else minigan.train(**options)
    if run.rank == 0:
        print(run.stopped)


@pytest.mark.parametrize(("name", "last", "status"), [("SIGTERM", 4, 143), ("SIGKILL", 3, None)])
def test_resumed_processes_are_ranks_that_were_never_killed(name, last, status, mpiexec, on_ranks, tmp_path):
    """To the bit, and to the byte of the file that the ranks of one process leave."""
    on_ranks(2, out=tmp_path / "whole", log_every=4)
    killed = mpiexec([__file__, name, str(tmp_path / "run")])
    assert killed.returncode == status if status else killed.returncode != 0
    assert max(path.name for path in (tmp_path / "run" / "checkpoints").iterdir()) == f"step-{last:06d}.npz"
    resumed = mpiexec([__file__, "resume", str(tmp_path / "run")])
    assert (resumed.returncode, resumed.stdout, resumed.stderr) == (0, "steps\n", "")
    for each in ("model.npz", "samples.png", "training.gif"):
        assert (tmp_path / "run" / each).read_bytes() == (tmp_path / "whole" / each).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("train --distributed --steps x", "minigan train: argument --steps: invalid int value: 'x'"),
        ("train --distributed --out {folder}", "minigan train: out: expected a new or an empty folder, got"),
        ("resume {folder}/none", "minigan resume: path: expected a checkpoint, got"),
    ],
)
def test_a_problem_is_said_once(arguments, said, mpiexec, tmp_path):
    (tmp_path / "mine.txt").touch()
    done = mpiexec(["-m", "minigan", *arguments.format(folder=tmp_path).split()])
    lines = [line for line in done.stderr.splitlines() if line.startswith("minigan")]  # mpiexec may add its own
    assert (done.returncode, len(lines), done.stdout.count("minigan")) == (2, 1, 0)
    assert lines[0].startswith(said)


if __name__ == "__main__":
    main(*sys.argv[1:])
