"""The keeper: when checkpoints are written, how many stay, and what is kept when the training diverges."""

import numpy as np
import pytest

import minigan
from minigan import DivergedError, InputError
from minigan.errors import MiniganWarning
from minigan.runs import clock, figures, keeper, run_folder
from minigan.runs.checkpoint import read_checkpoint
from minigan.runs.run_folder import RunFolder, checkpoint_steps
from minigan.training.state import adam_of
from minigan.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"data": IMAGES, "model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True}


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(figures, "save_losses", lambda history, path, **labels: path.touch())


@pytest.fixture
def timed(monkeypatch):
    """timed(step, write): seconds on a fake clock that a step and a checkpoint take; returns when they are written."""
    now, kept = [0.0], []
    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])
    take_step, save = Trainer.step, RunFolder.save_checkpoint

    def timed(step, write):
        def slow_step(self, share):
            now[0] += step
            return take_step(self, share)

        def slow_save(self, checkpoint):
            kept.append(checkpoint.standing.step)
            now[0] += write
            return save(self, checkpoint)

        monkeypatch.setattr(Trainer, "step", slow_step)
        monkeypatch.setattr(RunFolder, "save_checkpoint", slow_save)
        return kept

    return timed


def train(**options):
    return minigan.train(**{"steps": 3, **OPTIONS, **options})


# when


def test_checkpoints_come_after_their_time(timed, tmp_path):
    kept = timed(1, 0)
    run = train(steps=20, checkpoint_every=7.5, out=tmp_path / "run")
    assert kept == [8, 16, 20]  # 7.5 s after the one before, and at the end
    assert run.checkpoint.standing.step == 20


def test_the_default_is_half_a_minute(timed, tmp_path):
    kept = timed(10, 0)
    train(steps=10, out=tmp_path / "run")
    assert kept == [3, 6, 9, 10]


def test_checkpoints_that_take_long_come_later(timed, tmp_path):
    """A write takes 0.055 s, and so the next one comes 5.5 s later; the clock of the training does not count them."""
    kept = timed(1, 0.055)
    run = train(steps=20, checkpoint_every=2, log_every=20, out=tmp_path / "run")
    assert kept == [2, 8, 14, 20, 20]
    assert run.history["seconds"].tolist() == pytest.approx([20])
    assert run.checkpoint.standing.seconds == pytest.approx(20)


def test_a_resumed_run_waits_for_its_time(timed, tmp_path):
    kept = timed(1, 0)
    run = train(steps=3, checkpoint_every=5, out=tmp_path / "run")
    run.resume(steps=15, data=IMAGES)
    assert kept == [3, 8, 13, 15]


def test_a_run_without_a_folder_keeps_its_checkpoint_in_memory(timed):
    kept = timed(1, 0)
    run = train(steps=5, checkpoint_every=2)
    assert kept == []
    assert run.checkpoint.standing.step == 5


# how many


@pytest.mark.parametrize(("number", "expected"), [(1, [6]), (2, [5, 6]), (3, [4, 5, 6]), (99, [1, 2, 3, 4, 5, 6])])
def test_the_last_ones_stay(number, expected, monkeypatch, tmp_path):
    monkeypatch.setattr(keeper, "SHARE", np.inf)
    train(steps=6, checkpoint_every=1e-9, keep_checkpoints=number, out=tmp_path / "run")
    found = checkpoint_steps(tmp_path / "run")
    assert sorted(found) == expected
    for step, path in found.items():
        assert read_checkpoint(path).standing.step == step


def test_one_that_cannot_be_written_leaves_those_before(monkeypatch, tmp_path):
    monkeypatch.setattr(keeper, "SHARE", np.inf)
    save = RunFolder.save_checkpoint

    def failing(self, checkpoint):
        if checkpoint.standing.step > 2:
            raise OSError(28, "No space left on device")
        save(self, checkpoint)

    monkeypatch.setattr(RunFolder, "save_checkpoint", failing)
    with pytest.warns(MiniganWarning) as seen:
        run = train(steps=5, checkpoint_every=1e-9, out=tmp_path / "run")
    assert [str(each.message) for each in seen] == [
        "checkpoints cannot be written ([Errno 28] No space left on device); the run goes on"
    ]
    assert sorted(checkpoint_steps(tmp_path / "run")) == [1, 2]
    assert run.checkpoint.standing.step == 5
    assert run.model == tmp_path / "run" / "model.npz"


# divergence


@pytest.fixture
def broken(monkeypatch):
    """broken(step, how): after that step, ``how(trainer)`` spoils something."""

    def broken(step, how):
        original, calls = Trainer.step, []

        def spoil(self, share):
            calls.append(1)
            metrics = original(self, share)
            if len(calls) == step:
                how(self)
            return metrics

        monkeypatch.setattr(Trainer, "step", spoil)

    return broken


def spoil_weights(trainer):
    trainer.generator.theta[0] = np.nan


def test_a_run_that_diverges_keeps_what_was_before(broken, timed, tmp_path):
    """A checkpoint is written every 20 steps, and the weights are spoilt in the 29th."""
    timed(1, 0)
    broken(29, spoil_weights)
    with pytest.raises(DivergedError) as stop:
        train(steps=100, checkpoint_every=20, log_every=5, out=tmp_path / "run")
    said = str(stop.value)
    assert "at step 30: training has diverged." in said
    assert said.endswith(f" The model of step 20 is kept: minigan sample {tmp_path / 'run'}")
    assert sorted(checkpoint_steps(tmp_path / "run")) == [20]
    with pytest.warns(MiniganWarning, match="checkpoint of step 20 is loaded"):
        found = minigan.load(tmp_path / "run")
    assert found.history["step"].tolist() == [5, 10, 15, 20, 25, 30]
    assert not (tmp_path / "run" / "model.npz").exists()


@pytest.mark.parametrize(
    ("player", "spoil"),
    [("generator", spoil_weights), ("discriminator", lambda trainer: trainer.discriminator.theta.fill(np.inf))],
)
def test_weights_that_are_not_finite_after_the_last_step(player, spoil, broken, tmp_path):
    """No loss shows them, but no file may hold them."""
    broken(3, spoil)
    message = f"the {player} has weights that are not finite after step 3: training has diverged\\."
    with pytest.raises(DivergedError, match=message):
        train(out=tmp_path / "run")
    assert not (tmp_path / "run" / "model.npz").exists()
    assert checkpoint_steps(tmp_path / "run") == {}


def test_a_moment_that_is_not_finite_is_not_kept(broken, tmp_path):
    """Adam stands still where its second moment is infinite; the model is saved, and so is no checkpoint."""

    def spoil(trainer):
        adam_of(trainer.game.generator_optimizer).v[...] = np.inf

    broken(3, spoil)
    with pytest.warns(MiniganWarning, match="^the checkpoint of step 3 is not kept, because generator_v is not finit"):
        run = train(plain=True, out=tmp_path / "run")
    assert checkpoint_steps(tmp_path / "run") == {}
    assert minigan.load(run.folder).sample(2).shape == (2, 8, 8)
    with pytest.raises(InputError, match="resume: expected a run folder with a whole checkpoint"):
        run.resume(steps=4, data=IMAGES)
    assert run.model.exists()


def test_a_loss_that_is_not_finite_is_never_kept(device, monkeypatch, tmp_path):
    """On a GPU a loss is read late; it is read before each checkpoint."""
    original, calls = Trainer.step, []

    def diverging(self, share):
        calls.append(1)
        metrics = original(self, share)
        return metrics._replace(g_loss=metrics.g_loss * 0 + np.inf) if len(calls) == 4 else metrics

    monkeypatch.setattr(Trainer, "step", diverging)
    monkeypatch.setattr(keeper, "SHARE", np.inf)
    with pytest.raises(DivergedError, match=r"the generator's loss is inf at step 4: .* model of step 3 is kept"):
        train(steps=9, log_every=9, checkpoint_every=1e-9, device=device, out=tmp_path / "run")
    assert sorted(checkpoint_steps(tmp_path / "run")) == [2, 3]


def test_the_best_is_kept_as_a_checkpoint(tmp_path):
    run = minigan.train(
        data="ring", steps=4, batch_size=8, evaluate_every=2, device="cpu", quiet=True, out=tmp_path / "run"
    )
    best = read_checkpoint(tmp_path / "run" / "best.npz")
    assert best.standing.best_step == best.standing.step == run.checkpoint.standing.best_step
    assert run_folder.read_newest(run.folder, read_checkpoint)[1].standing.step == 4
