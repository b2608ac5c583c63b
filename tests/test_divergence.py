"""Where a divergence began: real ones, found again from the last checkpoint, in the layer that is named."""

import numpy as np
import pytest

import minigan
from minigan import DivergedError, TrainConfig
from minigan.datasets import Dataset, load_dataset
from minigan.runs.divergence import find_origin
from minigan.training.state import take
from minigan.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"data": IMAGES, "model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True}


@pytest.fixture(scope="module")
def digits():
    full = load_dataset("mnist-5k")
    return Dataset("mnist-5k", full.images[:16], full.labels[:16])


def make(digits, **options):
    options = {"data": "mnist-5k", "model": "mlp", "batch_size": 4, "device": "cpu", **options}
    config = TrainConfig(**options).resolve(dataset="mnist-5k", device=options["device"])
    return config, Trainer(config, digits)


def weights(network, number):
    """The weights of one of the plain layers."""
    layers = [layer for layer in network.layers if layer.params]
    layer = layers[number]
    return network.layers.index(layer), getattr(layer, layer.params[0])


def test_a_learning_rate_that_is_too_large(tmp_path):
    with pytest.raises(DivergedError) as stop, np.errstate(all="ignore"):
        minigan.train(**OPTIONS, steps=300, learning_rate=1e15, out=tmp_path / "run")
    assert str(stop.value).count("training has diverged. It began ") == 1
    assert "Try a tenth of --learning-rate, --penalty r1, or --clip-gradient-norm 1." in str(stop.value)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("plain", [False, True])
def test_the_layer_that_overflows_is_named(player, number, plain, digits):
    """Weights of 1e38 give numbers beyond float32 in that layer and in no earlier one."""
    config, trainer = make(digits, plain=plain)
    place, theta = weights(getattr(trainer, player), number)
    theta[...] = 3e38
    said = find_origin(config, digits, take(trainer), [0.0])
    assert said is not None
    assert said.startswith(f"It began in layer {place} of the {player}, ")
    assert said.endswith(", whose weights reach 3e+38, on the way forward.")


def test_weights_that_are_not_finite_before_the_step(digits):
    config, trainer = make(digits)
    place, theta = weights(trainer.discriminator, 1)
    theta[0, 0] = np.nan
    said = find_origin(config, digits, take(trainer), [0.0])
    assert said.startswith(f"It began with the weights in layer {place} of the discriminator, ")
    assert said.endswith(", which the step before left without finite values.")


def test_weights_that_the_last_step_leaves_without_finite_values(digits, monkeypatch):
    config, trainer = make(digits)
    state = take(trainer)
    original = Trainer.step

    def spoil(self, share):
        metrics = original(self, share)
        weights(self.generator, 0)[1][...] = np.inf
        return metrics

    monkeypatch.setattr(Trainer, "step", spoil)
    said = find_origin(config, digits, state, [0.0])
    assert said.startswith("It began with the weights in layer 0 of the generator, ")
    assert said.endswith(", which this step left without finite values.")


def test_the_steps_since_the_checkpoint_are_taken_again(digits, monkeypatch):
    config, trainer = make(digits)
    state = take(trainer)
    seen = []
    monkeypatch.setattr(Trainer, "step", lambda self, share: seen.append(share))
    assert find_origin(config, digits, state, [0.1, 0.2, 0.3]) is None
    assert seen == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("options", [{}, {"plain": True}, {"model": "conv"}, {"model": "dcgan"}], ids=str)
def test_a_healthy_step_has_no_origin(options, digits):
    config, trainer = make(digits, **options)
    assert find_origin(config, digits, take(trainer), [0.0]) is None
    assert find_origin(config, digits, None, [0.0]) is None


def test_on_every_device(digits, device):
    config, trainer = make(digits, device=device)
    weights(trainer.discriminator, 0)[1][...] = 3e38
    assert "of the discriminator, " in find_origin(config, digits, take(trainer), [0.0])


def test_the_command_names_a_loss_that_ran_away(tmp_path, capfd):
    """Nothing overflows, so the model is saved, but the exit status says that it is worth nothing."""
    from minigan.cli import main

    np.savez(tmp_path / "tiny.npz", images=IMAGES)
    words = f"train --data {tmp_path / 'tiny.npz'} --model mlp --batch-size 4 --steps 60 --log-every 10 --device cpu"
    status = main([*words.split(), "--learning-rate", "100", "--out", str(tmp_path / "run")])
    said = capfd.readouterr()
    assert status == 1
    assert "Warning: divergence (largest recent loss " in said.out
    assert (tmp_path / "run" / "model.npz").is_file()
