"""Resume: a run that goes on is, to the bit, the run that was never interrupted; what does not fit is refused."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
from contextlib import nullcontext

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import cuda_problem
from minigan.datasets import Dataset, load_dataset
from minigan.errors import MiniganWarning
from minigan.runs import clock, figures, keeper, run_folder
from minigan.runs import train as train_module
from minigan.runs.judge import Verdict
from minigan.runs.loop import Loop
from minigan.runs.resume import CHANGEABLE, find_start
from minigan.runs.run_folder import CONTENTS, checkpoint_steps
from minigan.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (19, 8, 8), dtype=np.uint8)
OPTIONS = {"model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True, "checkpoint_every": 1e-9}
STEPS = 7
CUT = 4  # the step in which an interrupted run ends

# Every model, and every option that keeps something from one step to the next; `test_state` has more combinations.
RUNS = {
    "images": {"objective": "least-squares", "learning_rate_decay": "linear", "log_every": 3},
    "packing": {"packing": 2, "penalty": "r1:weight=1,every=3", "instance_noise": 0.3, "label_flip": 0.2},
    "penalty, simultaneous": {"penalty": "wgan-gp:every=2", "update": "simultaneous"},
    "discriminators": {"discriminators": 2, "discriminator_steps": 2},
    "points": {"data": "ring", "model": "points"},
    "dirac": {"data": "dirac", "model": "dirac"},
    "plain": {"data": "digits", "model": "hybrid", "plain": True, "conditional": "projection"},
    "hybrid": {"data": "digits", "model": "hybrid", "augment_shift": 2, "clusters": 5},
    "conv, clusters found before and after": {"data": "digits", "model": "conv", "clusters": 3, "recluster": 2},
    "dcgan, dropout": {"data": "digits", "model": "dcgan", "spectral_norm": True},
    "codes": {"data": "digits", "model": "hybrid", "conditional": "infogan"},
    "article": {"data": "digits", "model": "writeup-5"},
    "autoencoder": {"data": "digits", "model": "vae"},
}


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Let checkpoints take all the time they want, so that there is one after every step; losses.png takes none."""
    monkeypatch.setattr(keeper, "SHARE", np.inf)
    monkeypatch.setattr(figures, "save_losses", lambda history, path, **labels: path.touch())


@pytest.fixture(scope="module")
def digits():
    full = load_dataset("mnist-5k")
    return Dataset("mnist-5k", full.images[:19], full.labels[:19])  # an epoch ends within the steps


@pytest.fixture
def train(digits, tmp_path):
    """train(name, ...): a small run in the folder tmp_path / name."""

    def train(name=None, **options):
        options = {"data": IMAGES, "steps": STEPS, **OPTIONS, **options}
        if isinstance(options["data"], str) and options["data"] == "digits":
            del options["latent_dim"]
            options["data"] = digits
        return minigan.train(**options, out=tmp_path / name if name else None)

    return train


class Killed(BaseException):
    """Ends a run like a kill: nothing is saved after it."""


@pytest.fixture
def cut(monkeypatch):
    """cut(step, end): lets a run end in one step, by a signal or with an exception; then ``restore()``."""
    original = Loop.step

    def cut(step, end=Killed):
        calls = []

        def step_(self):
            calls.append(1)
            if len(calls) == step and end is Killed:
                raise Killed
            if len(calls) == step:
                signal.raise_signal(end)
            return original(self)

        monkeypatch.setattr(Loop, "step", step_)
        return lambda: monkeypatch.setattr(Loop, "step", original)

    return cut


@pytest.fixture
def killed(train, cut):
    """killed(name, ...): the folder of a run that was killed in a step."""

    def killed(name, *, step=CUT, **options):
        restore = cut(step)
        with pytest.raises(Killed):
            train(name, **options)
        restore()

    return killed


def records(history):
    """Return a history without what depends on the time."""
    return [
        {name: x for name, x in record.items() if name not in ("seconds", "images_per_second")} for record in history
    ]


def assert_same_run(a, b):
    one, other = a.checkpoint.state, b.checkpoint.state
    assert one.numbers == other.numbers
    for name, array in one.arrays.items():  # weights, averages, moments of Adam, order of the data, clusters
        np.testing.assert_array_equal(array, other.arrays[name], strict=True, err_msg=name)
    np.testing.assert_array_equal(a.generator.theta, b.generator.theta)
    np.testing.assert_array_equal(a.discriminator.theta, b.discriminator.theta)
    assert records(a.history) == records(b.history)


def assert_same_files(a, b):
    for pattern in ("model.npz", "samples.png", "training.gif", "samples/*"):
        one, other = ({path.name: path.read_bytes() for path in run.folder.glob(pattern)} for run in (a, b))
        assert one, pattern
        assert one == other, pattern
    for run in (a, b):
        lines = (run.folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        assert records(map(json.loads, lines)) == records(a.history)
    assert list(b.folder.rglob(".minigan*")) == []


# the same to the bit


@pytest.mark.parametrize("name", RUNS)
def test_a_killed_run_goes_on_to_the_bit(name, train, killed, digits, tmp_path):
    options = {"log_every": 2, **RUNS[name]}
    whole = train("whole", **options)
    killed("cut", **options)
    assert max(checkpoint_steps(tmp_path / "cut")) == CUT - 1
    data = {None: IMAGES, "digits": digits}.get(options.get("data"))
    again = minigan.train(resume=tmp_path / "cut", data=data, quiet=True)
    assert_same_run(whole, again)
    assert_same_files(whole, again)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_a_signal_ended_goes_on_to_the_bit(end, train, cut, tmp_path):
    """Its last record was of fewer steps than log_every; the resumed run has a record of all of them."""
    whole = train("whole", log_every=3)
    restore = cut(CUT + 1, end)
    with nullcontext() if end == signal.SIGINT else pytest.raises(SystemExit):
        train("cut", log_every=3, checkpoint_every=30)
    restore()
    found = minigan.load(tmp_path / "cut")
    assert found.history["step"].tolist() == [3, 5]
    again = minigan.train(resume=tmp_path / "cut", data=IMAGES)
    assert again.history["step"].tolist() == [3, 6, 7]
    assert_same_run(whole, again)
    assert_same_files(whole, again)


def test_a_run_that_was_cut_before_its_first_record(train, cut):
    whole = train("whole", log_every=5)
    restore = cut(2, signal.SIGINT)
    run = train("cut", log_every=5)
    restore()
    assert run.history["step"].tolist() == [2]
    again = run.resume(data=IMAGES)
    assert again.history["step"].tolist() == [5, 7]
    assert_same_run(whole, again)
    assert_same_files(whole, again)


def test_twice_in_a_row(train, cut, killed, tmp_path):
    whole = train("whole", log_every=3)
    killed("cut", step=3, log_every=3)
    restore = cut(2)  # of the steps of the second process
    with pytest.raises(Killed):
        minigan.train(resume=tmp_path / "cut", data=IMAGES)
    restore()
    assert_same_run(whole, minigan.train(resume=tmp_path / "cut", data=IMAGES))


def test_a_process_that_was_killed(tmp_path):
    """The same with a process that the system ends, and its temporary files."""
    code = """
        import math, os, sys
        from minigan.runs import keeper
        from minigan.cli import main
        from minigan.training.trainer import Trainer
        step, calls = Trainer.step, []
        def last(self, share):
            calls.append(1)
            if len(calls) == 5:
                open(sys.argv[1] + f"/checkpoints/.minigan-{os.getpid()}-00000000-00000000.npz", "w").write("half")
                os.kill(os.getpid(), 9)
            return step(self, share)
        Trainer.step, keeper.SHARE = last, math.inf
        main(["train", *sys.argv[2:], "--out", sys.argv[1]])
    """
    options = {"data": "ring", "steps": 8, "log_every": 3, "batch_size": 8, "device": "cpu", "quiet": True}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items() if name != "quiet"]
    words += ["--checkpoint-every=1e-9", "--quiet"]
    folder = tmp_path / "cut"
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder), *words], check=False, env={**os.environ}
    )
    assert killed.returncode == -9
    assert len(list(folder.rglob(".minigan*"))) == 1
    whole = minigan.train(**options, out=tmp_path / "whole")
    again = minigan.train(resume=folder)
    assert_same_run(whole, again)
    assert_same_files(whole, again)


def test_a_run_that_was_killed_while_it_saved_its_results(train, monkeypatch, tmp_path):
    whole = train("whole")

    def kill(*arguments, **options):
        raise Killed

    for name in ("save_drawn", "save_film"):
        with monkeypatch.context() as patch:
            patch.setattr(run_folder, name, kill)
            with pytest.raises(Killed):
                train(name)
        again = minigan.train(resume=tmp_path / name, data=IMAGES)
        assert again.stopped == "steps"
        assert_same_run(whole, again)
        assert_same_files(whole, again)


def test_a_run_in_memory(train):
    whole, first = train(), train(steps=CUT)
    before = first.generator.theta.copy()
    again = first.resume(steps=STEPS, data=IMAGES)
    assert again.checkpoint.state.numbers == whole.checkpoint.state.numbers
    np.testing.assert_array_equal(again.generator.theta, whole.generator.theta)
    np.testing.assert_array_equal(first.generator.theta, before)  # the first run stays as it is
    assert first.history["step"].tolist() == [CUT]
    assert again.history["step"].tolist() == [CUT, STEPS]
    assert again.folder is None


def test_a_run_in_memory_gets_a_folder(train, tmp_path):
    first = train(steps=CUT, log_every=2)
    again = first.resume(steps=STEPS, data=IMAGES, out=tmp_path / "new")
    assert minigan.load(tmp_path / "new").history["step"].tolist() == [2, 4, 6, 7]
    np.testing.assert_array_equal(again.generator.theta, train().generator.theta)


# evaluations


@pytest.fixture
def judged(monkeypatch):
    """Judge a generator by what it draws: the second one is the best, and the same one is judged as before."""
    seen = {}

    def judge(samples):
        fid = seen.setdefault(samples.tobytes(), (3.0, 1.0, 2.0, 2.5)[len(seen) % 4])
        return Verdict({"fid": fid, "fid_floor": 0.25, "classes": [5, 0]}, (fid,), f"FID {fid:.2f}")

    judge.samples, judge.limits = 5, ("fid",)
    monkeypatch.setattr(train_module, "find_judge", lambda dataset, device: judge)


def test_with_evaluations(judged, train, killed, tmp_path):
    options = {"evaluate_every": 2, "stop_when": "fid<-1", "log_every": 3}
    whole = train("whole", **options)
    killed("cut", step=5, **options)
    again = minigan.train(resume=tmp_path / "cut", data=IMAGES)
    assert_same_run(whole, again)
    assert_same_files(whole, again)
    best = [minigan.load(tmp_path / name / "best.npz") for name in ("whole", "cut")]
    np.testing.assert_array_equal(best[0].generator.theta, best[1].generator.theta)
    assert [run.checkpoint.standing.evaluations for run in (whole, again)] == [4, 4]


def test_from_the_best_model(judged, train, tmp_path):
    whole = train("whole", evaluate_every=2)
    again = minigan.train(resume=tmp_path / "whole" / "best.npz", data=IMAGES, out=tmp_path / "again")
    np.testing.assert_array_equal(whole.generator.theta, again.generator.theta)
    assert records(whole.history) == records(again.history)
    assert records(minigan.load(tmp_path / "again").history) == records(whole.history)


def test_a_condition_that_ended_the_run(train, monkeypatch, tmp_path):
    """It ends the resumed run as well, at the same step, and a finished run does not go on under it."""
    options = {"stop_when": "d_loss>0", "log_every": 3}
    whole = train("whole", **options)
    assert whole.history["step"].tolist() == [3]
    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "save_drawn", lambda *arguments: signal.raise_signal(signal.SIGTERM))
        with pytest.raises(SystemExit):
            train("cut", **options)
    again = minigan.train(resume=tmp_path / "cut", data=IMAGES)
    assert again.stopped == "stop_when"
    assert_same_run(whole, again)
    assert_same_files(whole, again)
    with pytest.raises(InputError, match="stop_when: expected what the run has not reached yet, got 'd_loss>0'"):
        minigan.train(resume=tmp_path / "cut", data=IMAGES)
    assert minigan.train(resume=tmp_path / "cut", data=IMAGES, stop_when="d_loss<0").stopped == "steps"


# more of it


def test_more_steps_spread_the_decay(train, tmp_path):
    """The learning rate of the first step that is added is that of a run with the new number of steps."""
    run = train("run", learning_rate_decay="linear")
    seen = []
    original = Trainer.step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "step", lambda self, share: seen.append(share) or original(self, share))
        again = run.resume(steps=2 * STEPS, data=IMAGES)
    assert seen == [step / (2 * STEPS) for step in range(STEPS, 2 * STEPS)]
    assert again.config.steps == 2 * STEPS
    assert again.checkpoint.standing.step == 2 * STEPS
    assert minigan.load(tmp_path / "run").config.steps == 2 * STEPS


def test_more_steps_are_not_forgotten_when_their_run_is_killed_at_once(train, tmp_path, monkeypatch):
    run = train("run")
    monkeypatch.setattr(Trainer, "step", lambda self, share: sys.exit("killed"))
    with pytest.raises(SystemExit):
        run.resume(steps=2 * STEPS, data=IMAGES)
    assert find_start(tmp_path / "run", data=IMAGES).config.steps == 2 * STEPS
    (tmp_path / "run" / "config.json").write_text("[")
    assert find_start(tmp_path / "run", data=IMAGES).config.steps == STEPS  # as the checkpoint says


def test_a_budget_of_seconds_goes_on(train, monkeypatch, tmp_path):
    """A step takes a second of a clock that is watched; the seconds of the first part count."""
    now = [0.0]
    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])
    original = Trainer.step

    def slow(self, share):
        now[0] += 1
        return original(self, share)

    monkeypatch.setattr(Trainer, "step", slow)
    first = train("run", steps=None, seconds=3, log_every=1)
    now[0] += 1000  # between the two processes
    again = first.resume(seconds=5, data=IMAGES)
    assert again.history["seconds"].tolist() == [1, 2, 3, 4, 5]
    assert again.stopped == "seconds"
    with pytest.raises(InputError, match=r"^seconds: expected more than the 5 that the run has taken, got 4$"):
        again.resume(seconds=4, data=IMAGES)


def test_the_results_of_the_first_part_do_not_outlive_it(train, cut, tmp_path):
    """Otherwise `minigan.load` would take an old model instead of the newest checkpoint."""
    run = train("run", steps=CUT)
    results = [tmp_path / "run" / name for name in ("model.npz", "samples.png", "losses.png", "training.gif")]
    assert all(path.is_file() for path in results)
    restore = cut(3)
    with pytest.raises(Killed):
        run.resume(steps=STEPS, data=IMAGES)
    restore()
    assert not any(path.exists() for path in results)
    with pytest.warns(MiniganWarning, match="checkpoint of step 6 is loaded"):
        found = minigan.load(tmp_path / "run")
    np.testing.assert_array_equal(found.generator.theta, train(steps=6).generator.theta)


# what is refused


def test_what_cannot_change_is_refused_by_name(train, tmp_path):
    run = train("run", steps=1)
    assert set(CHANGEABLE) < {field.name for field in dataclasses.fields(run.config)}
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    for field in dataclasses.fields(run.config):
        if field.name not in (*CHANGEABLE, "data"):
            with pytest.raises(InputError, match=f"^{field.name}: expected .* as at the start of the run"):
                run.resume(**{field.name: "other", "data": IMAGES, "steps": STEPS})
    with pytest.raises(InputError, match=r"^colour: expected one of steps, "):
        run.resume(colour="red", data=IMAGES)
    with pytest.raises(InputError, match=r"^log_every: expected an integer"):
        run.resume(log_every=0, data=IMAGES, steps=STEPS)
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


def test_the_same_value_is_no_change(train):
    assert train(steps=1).resume(steps=2, data=IMAGES, model="mlp", seed=0).config.steps == 2


def test_a_budget_that_is_spent(train, tmp_path):
    run = train("run")
    for source in (run, run.folder, run.folder / "checkpoints" / f"step-{STEPS:06d}.npz"):
        with pytest.raises(InputError, match=f"^steps: expected more than the {STEPS} that the run has taken, got 5$"):
            minigan.train(resume=source, steps=5, data=IMAGES)


def test_other_data(train):
    run = train(steps=1)
    other = IMAGES.copy()
    other[3, 4, 5] ^= 1
    for data in (other, IMAGES[:-1], "ring"):
        with pytest.raises(InputError, match=r"^data: expected the samples that the run learned from, got others"):
            run.resume(steps=2, data=data)
    with pytest.raises(InputError, match=r"^data: expected the array that the run learned from, .* got None"):
        run.resume(steps=2)


def test_other_labels(digits, train):
    run = train(data="digits", steps=1)
    shifted = Dataset("mnist-5k", digits.images, (digits.labels + 1) % 10)
    with pytest.raises(InputError, match=r"^data: expected the samples that the run learned from"):
        run.resume(steps=2, data=shifted)


def test_a_model_file_is_no_checkpoint(train, tmp_path):
    run = train("run", steps=1)
    with pytest.raises(InputError, match=r"expected a checkpoint, got .*model\.npz"):
        minigan.train(resume=run.folder / "model.npz", steps=2, data=IMAGES)
    with pytest.raises(InputError, match="resume: expected a run with a checkpoint, got one that was loaded from a mo"):
        minigan.load(run.folder / "model.npz").resume(steps=2, data=IMAGES)
    assert minigan.load(run.folder).resume(steps=2, data=IMAGES).config.steps == 2


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", "no JSON", '{"model": "mlp"}', '{"objective": 3}', "[" * 9999]
)
def test_a_folder_without_a_run(content, tmp_path):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"^resume: expected |^[a-z_, ]+: expected .* got "):
        minigan.train(resume=tmp_path, data=IMAGES)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"] * (content is not None)


def test_a_model_without_a_checkpoint_is_not_replaced(train, tmp_path):
    """Such as that of a run of an older version."""
    run = train("run")
    for path in (run.folder / "checkpoints").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"^resume: expected a run folder with a whole checkpoint, got .* with a mo"):
        minigan.train(resume=tmp_path / "run", steps=9, data=IMAGES)
    assert run.model.is_file()


def test_a_run_without_a_checkpoint_begins_anew(train, killed, tmp_path):
    whole = train("whole")
    killed("cut", checkpoint_every=30)
    assert checkpoint_steps(tmp_path / "cut") == {}
    again = minigan.train(resume=tmp_path / "cut", data=IMAGES)
    assert_same_run(whole, again)
    assert_same_files(whole, again)


# damaged checkpoints


def damages(data):
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 4
    return {"flipped": bytes(flipped), "cut off": data[: len(data) // 2], "empty": b"", "else": b"something else"}


@pytest.mark.parametrize("how", ["flipped", "cut off", "empty", "else"])
def test_a_damaged_newest_checkpoint_is_left_out(how, train, killed, tmp_path):
    whole = train("whole")
    killed("cut", step=6)
    place = tmp_path / "cut" / "checkpoints"
    assert sorted(path.name for path in place.iterdir()) == ["step-000004.npz", "step-000005.npz"]
    newest = place / "step-000005.npz"
    newest.write_bytes(damages(newest.read_bytes())[how])
    with pytest.warns(
        MiniganWarning, match=r"^a checkpoint is left out; path: expected a checkpoint, got .*000005\.npz"
    ):
        again = minigan.train(resume=tmp_path / "cut", data=IMAGES)
    assert_same_run(whole, again)
    assert_same_files(whole, again)


def test_without_a_whole_checkpoint_it_begins_anew(train, killed, tmp_path):
    whole = train("whole")
    killed("cut", step=6)
    for path in (tmp_path / "cut" / "checkpoints").iterdir():
        path.write_bytes(b"")
    with pytest.warns(MiniganWarning) as warned:
        again = minigan.train(resume=tmp_path / "cut", data=IMAGES)
    assert len(warned) == 2
    assert_same_run(whole, again)
    assert_same_files(whole, again)


# folders


def test_a_folder_in_which_a_process_trains(train, tmp_path):
    run = train("run", steps=1)
    holder = run_folder.RunFolder(run.folder, run.config)
    with pytest.raises(InputError, match=r"^out: expected a folder that no other process trains in, got "):
        run.resume(steps=2, data=IMAGES)
    holder.close()
    assert run.resume(steps=2, data=IMAGES).folder == run.folder


def test_the_wish_to_overwrite_is_not_inherited(train, tmp_path):
    train("run", steps=1)
    run = train("run", steps=1, overwrite=True)
    other = train("other", steps=1)
    with pytest.raises(InputError, match=r"^out: expected a new or an empty folder"):
        run.resume(steps=2, data=IMAGES, out=other.folder)
    again = run.resume(steps=2, data=IMAGES, out=other.folder, overwrite=True)
    assert (again.folder, again.config.steps) == (other.folder, 2)


def test_a_run_that_was_moved_goes_on_where_it_is(train, killed, tmp_path):
    whole = train("whole")
    killed("cut")
    (tmp_path / "cut").rename(tmp_path / "moved")
    again = minigan.train(resume=tmp_path / "moved", data=IMAGES)
    assert again.folder == tmp_path / "moved"
    assert_same_files(whole, again)
    assert not (tmp_path / "cut").exists()


def test_another_folder_leaves_the_first_as_it_was(train, killed, tmp_path):
    killed("cut")
    before = {path: path.read_bytes() for path in (tmp_path / "cut").rglob("*") if path.is_file()}
    again = minigan.train(resume=tmp_path / "cut", data=IMAGES, out=tmp_path / "new")
    assert {path: path.read_bytes() for path in (tmp_path / "cut").rglob("*") if path.is_file()} == before
    np.testing.assert_array_equal(again.generator.theta, train().generator.theta)
    assert {path.name for path in again.folder.iterdir()} == {*CONTENTS, ".lock"} - {"best.npz"}


# devices


def test_between_devices(device, train, tmp_path):
    """A run of the CPU goes on elsewhere and back; without that device, a run of a GPU goes on on the CPU."""
    first = train("run", steps=3)
    there = first.resume(steps=5, data=IMAGES, device=device)
    assert there.config.device == device
    back = minigan.train(resume=tmp_path / "run", steps=STEPS, data=IMAGES, device="cpu")
    assert back.config.device == "cpu"
    assert back.checkpoint.standing.step == STEPS
    np.testing.assert_allclose(back.generator.theta, train().generator.theta, atol=1e-4)


def test_a_run_of_a_gpu_goes_on_without_one(train, tmp_path, monkeypatch):
    run = train("run", steps=3)
    config = {**run.checkpoint.config, "device": "cuda"}
    monkeypatch.setattr("minigan.backend.cuda_problem", lambda: "there is no GPU")
    cuda_problem.cache_clear()
    dataclasses.replace(run.checkpoint, config=config).write(run.folder / "checkpoints" / "step-000003.npz")
    assert find_start(run.folder, steps=4, data=IMAGES).config.device == "cpu"
