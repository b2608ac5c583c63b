"""The loop of a run: evaluations, the best model, the condition that ends it, and the time that counts."""

import json
import re
import signal

import numpy as np
import pytest

import minigan
from minigan import DivergedError, InputError
from minigan.errors import MiniganWarning
from minigan.runs import clock
from minigan.runs import train as train_module
from minigan.runs.judge import Verdict, find_judge
from minigan.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"data": IMAGES, "model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True}


def train(**options):
    return minigan.train(**{"steps": 3, **OPTIONS, **options})


INTERRUPTED = 1.5  # a distance with which Ctrl-C comes


class Scripted:
    """A judge with one distance after the other; an exception among them is raised."""

    samples = 5
    limits = ("fid",)

    def __init__(self, *distances):
        self.distances = list(distances)
        self.seen = []

    def __call__(self, samples):
        self.seen.append(samples)
        fid = self.distances[len(self.seen) - 1]
        if isinstance(fid, BaseException):
            raise fid
        if fid == INTERRUPTED:
            signal.raise_signal(signal.SIGINT)
        return Verdict({"fid": fid, "fid_floor": 0.25, "classes": [5, 0]}, (fid,), f"FID {fid:.2f}")


@pytest.fixture
def judged(monkeypatch):
    """judged(3.0, 2.0): the distances that the next run gets."""

    def judge(*distances):
        scripted = Scripted(*distances)
        monkeypatch.setattr(train_module, "find_judge", lambda dataset, device: scripted)
        return scripted

    return judge


# evaluations


def test_records_with_and_without_an_evaluation(judged, tmp_path):
    judge = judged(3.0, 2.0, 1.0)
    run = train(steps=7, log_every=2, evaluate_every=3, out=tmp_path / "run")
    assert run.history["step"].tolist() == [2, 3, 4, 6, 7]  # also where one of both is due, and after the last step
    np.testing.assert_array_equal(run.history["fid"], [np.nan, 3, np.nan, 2, 1])
    np.testing.assert_array_equal(run.history["fid_floor"], [np.nan, 0.25, np.nan, 0.25, 0.25])
    assert run.history["classes"].shape == (5, 2)
    assert np.isfinite(run.history["d_loss"]).all()
    lines = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert ["fid" in json.loads(line) for line in lines] == [False, True, False, True, True]
    again = minigan.load(tmp_path / "run").history
    for column in again.columns:
        np.testing.assert_array_equal(again[column], run.history[column])
    for samples in judge.seen:
        assert samples.shape == (5, 8, 8)
    np.testing.assert_array_equal(judge.seen[-1], run.sample(5, seed=0))  # of the averaged generator, one fixed noise
    assert (judge.seen[0] != judge.seen[1]).any()


@pytest.mark.parametrize("options", [{}, {"model": "hybrid"}, {"update": "simultaneous", "objective": "hinge"}])
def test_evaluations_change_no_weight(options, judged):
    judged(*[1.0] * 9)
    with_evaluations, without = (train(steps=6, seed=3, **options, **more) for more in ({"evaluate_every": 1}, {}))
    for player in ("generator", "discriminator"):
        a, b = getattr(with_evaluations, player), getattr(without, player)
        np.testing.assert_array_equal(a.theta, b.theta)
        np.testing.assert_array_equal(a.stats, b.stats)


def test_the_best_model_is_kept(judged, tmp_path, capsys):
    judged(3.0, 1.0, 2.0, 1.0)
    run = train(steps=8, evaluate_every=2, quiet=False, out=tmp_path / "run")
    best, fourth = minigan.load(tmp_path / "run" / "best.npz"), train(steps=4)
    np.testing.assert_array_equal(best.generator.theta, fourth.generator.theta)
    np.testing.assert_array_equal(best.generator.stats, fourth.generator.stats)
    np.testing.assert_array_equal(best.discriminator.theta, fourth.discriminator.theta)
    np.testing.assert_array_equal(best.sample(3), fourth.sample(3))
    np.testing.assert_array_equal(minigan.load(tmp_path / "run").generator.theta, run.generator.theta)
    assert list((tmp_path / "run").rglob(".minigan*")) == []
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "FID" in line] == [
        "step      2  FID 3.00, the best so far",
        "step      4  FID 1.00, the best so far",
        "step      6  FID 2.00",
        "step      8  FID 1.00",
        "The best model is that of step 4: FID 1.00",
    ]
    assert f"  {tmp_path / 'run' / 'best.npz'}  the best model that an evaluation found" in lines
    assert any(re.fullmatch(r"8 steps, 32 images, \d+\.\d s and \d+\.\d s for 4 evaluations", line) for line in lines)


def test_the_best_model_outlives_a_crash(judged, tmp_path):
    """It is written when it is found: an error later, even one while a better one is written, leaves it as it was."""
    judged(2.0, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        train(evaluate_every=1, out=tmp_path / "run")
    first = train(steps=1)
    np.testing.assert_array_equal(minigan.load(tmp_path / "run" / "best.npz").generator.theta, first.generator.theta)


def test_a_best_model_that_cannot_be_written_leaves_the_one_before(judged, tmp_path, monkeypatch):
    judged(2.0, 1.0)
    savez, calls = np.savez, []

    def failing(*args, **arrays):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        savez(*args, **arrays)

    monkeypatch.setattr(np, "savez", failing)
    with pytest.warns(MiniganWarning, match=r"best\.npz cannot be written .*No space left"):
        train(steps=2, evaluate_every=1, out=tmp_path / "run")
    np.testing.assert_array_equal(
        minigan.load(tmp_path / "run" / "best.npz").generator.theta, train(steps=1).generator.theta
    )
    assert list((tmp_path / "run").rglob(".minigan*")) == []


def test_without_a_folder_nothing_is_written(judged, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    judged(2.0, 1.0)
    assert train(steps=2, evaluate_every=1).history["fid"].tolist() == [2, 1]
    assert list(tmp_path.iterdir()) == []


def test_a_loss_that_is_not_finite_is_not_evaluated(judged, monkeypatch):
    judge = judged()
    original = Trainer.step
    monkeypatch.setattr(
        Trainer, "step", lambda self, share: original(self)._replace(d_loss=np.full((), np.nan, np.float32))
    )
    with pytest.raises(DivergedError, match="the discriminator's loss is nan at step 1"):
        train(evaluate_every=1)
    assert judge.seen == []


def test_digits(tmp_path):
    """The real evaluator, on two steps."""
    options = {"model": "mlp", "data": "mnist-5k", "steps": 2, "batch_size": 4, "device": "cpu", "quiet": True}
    run = minigan.train(**options, evaluate_every=1, seed=3, out=tmp_path / "run")
    expected = find_judge(minigan.datasets.load_dataset("mnist-5k"), "cpu")(run.sample(2000, seed=3))
    assert {name: run.history.records[-1][name] for name in expected.columns} == expected.columns
    assert run.history["classes"].sum(axis=1).tolist() == [2000, 2000]
    assert run.history["fid"][0] != run.history["fid"][1]
    assert (tmp_path / "run" / "best.npz").is_file()
    np.testing.assert_array_equal(minigan.train(**options, seed=3).generator.theta, run.generator.theta)


def test_points(device, tmp_path):
    options = {"data": "ring", "steps": 2, "batch_size": 8, "device": device, "quiet": True}
    run = minigan.train(**options, evaluate_every=1, out=tmp_path / "run")
    assert run.history["modes"].tolist() == [8, 8]
    assert ((run.history["modes_found"] >= 0) & (run.history["modes_found"] <= 8)).all()
    assert minigan.load(tmp_path / "run" / "best.npz").sample(3).shape == (3, 2)


@pytest.mark.parametrize("data", [IMAGES, "dirac"], ids=["array", "dirac"])
def test_data_that_cannot_be_evaluated(data, tmp_path):
    name = data if isinstance(data, str) else "array"
    message = (
        f"evaluate_every: expected None for data '{name}', because only the digits of mnist-5k and mnist and the modes "
        "of ring and grid can be evaluated, got 5"
    )
    with pytest.raises(InputError, match=f"^{message}$"):
        minigan.train(data=data, evaluate_every=5, device="cpu", quiet=True, out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


# what ends a run


def test_stop_when_the_distance_is_small(judged, tmp_path, capsys):
    judged(3.0, 0.9, 0.5)
    run = train(steps=100, evaluate_every=2, stop_when="fid < 1", quiet=False, out=tmp_path / "run")
    assert run.stopped == "stop_when"
    assert not run.interrupted
    assert run.history["step"].tolist() == [2, 4]
    np.testing.assert_array_equal(run.generator.theta, train(steps=4).generator.theta)
    pictures = sorted(path.name for path in (tmp_path / "run" / "samples").iterdir())
    assert pictures[-1] == "step-000004.png"  # the last picture is of the last step
    assert "It stopped because of fid < 1: fid is 0.9." in capsys.readouterr().out.splitlines()
    assert minigan.load(tmp_path / "run").stopped is None


def test_stop_when_a_loss_passes_a_limit():
    """A loss is looked at where it is logged, and needs no evaluation."""
    run = train(steps=100, log_every=3, stop_when="d_loss>0")
    assert run.stopped == "stop_when"
    assert run.history["step"].tolist() == [3]


@pytest.mark.parametrize(
    ("options", "stopped", "sentence"),
    [
        ({}, "steps", None),
        ({"steps": None, "seconds": 1e-9}, "seconds", None),
        ({"seconds": 1000}, "steps", "It stopped at the limit of steps."),
        ({"seconds": 1e-9}, "seconds", "It stopped at the limit of seconds."),
        ({"stop_when": "d_loss<0"}, "steps", "It stopped at the limit of steps; d_loss<0 was not reached."),
        ({"stop_when": "d_loss>0"}, "stop_when", r"It stopped because of d_loss>0: d_loss is \d\.\d+\."),
    ],
)
def test_the_last_lines_say_why_it_stopped(options, stopped, sentence, capsys):
    run = train(**options, quiet=False)
    assert run.stopped == stopped
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("It stopped")]
    assert len(said) == (sentence is not None)
    if sentence:
        assert re.fullmatch(sentence, said[0])


def test_a_condition_that_this_data_cannot_meet(tmp_path):
    message = "stop_when: expected one of d_loss, g_loss, d_real, d_fake, modes_found, high_quality for data 'ring'"
    with pytest.raises(InputError, match=f"^{message}, got 'fid<1'$"):
        minigan.train(data="ring", evaluate_every=5, stop_when="fid<1", device="cpu", out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_interrupted_in_an_evaluation(judged, tmp_path, capsys):
    judged(2.0, INTERRUPTED)
    run = train(steps=100, evaluate_every=3, stop_when="fid<1", quiet=False, out=tmp_path / "run")
    assert (run.stopped, run.interrupted) == ("interrupt", True)
    assert run.history["step"].tolist() == [3, 6]
    np.testing.assert_array_equal(run.history["fid"], [2, 1.5])
    out = capsys.readouterr().out
    assert "interrupted after 6 steps, 24 images" in out
    assert "It stopped because of Ctrl-C; fid<1 was not reached." in out
    assert "The best model is that of step 6: FID 1.50" in out
    np.testing.assert_array_equal(minigan.load(tmp_path / "run").generator.theta, train(steps=6).generator.theta)


# the time that counts


def test_evaluations_take_no_time_from_the_budget(judged, monkeypatch, capsys):
    """A step takes a second, an evaluation a hundred."""
    now, step, judge = [0.0], Trainer.step, judged(3.0, 2.0, 1.0)
    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])

    def slow_step(self, share):
        now[0] += 1
        return step(self, share)

    def slow_judge(samples):
        now[0] += 100
        return Scripted.__call__(judge, samples)

    monkeypatch.setattr(Trainer, "step", slow_step)
    slow_judge.samples, slow_judge.limits = 5, ()
    monkeypatch.setattr(train_module, "find_judge", lambda dataset, device: slow_judge)
    run = train(steps=None, seconds=5, log_every=1, evaluate_every=2, quiet=False)
    assert run.history["step"].tolist() == run.history["seconds"].tolist() == [1, 2, 3, 4, 5]
    assert run.history["images_per_second"].tolist() == [4] * 5
    assert run.stopped == "seconds"
    lines = capsys.readouterr().out.splitlines()
    left = [re.search(r"(\d+) s left", line)[1] for line in lines if "left" in line]
    assert left == ["4", "153", "69", "51", "0"]  # what is left is said with the evaluations
    assert "5 steps, 20 images, 5.0 s and 300.0 s for 3 evaluations" in lines
