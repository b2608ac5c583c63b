"""The model vae: networks of the same layers as conv, and a run from training to samples, files and resume."""

import json

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.cli import main
from minigan.layers import Dense
from minigan.models import GANS, IMAGE_MODELS, MODELS, build_networks
from minigan.runs.diagnosis import AUTOENCODER, diagnose
from minigan.runs.symptoms import Symptoms
from minigan.training.rules import OF_A_GAME

IMAGES = np.random.default_rng(0).integers(0, 256, (32, 8, 8), dtype=np.uint8)
OPTIONS = {"model": "vae", "batch_size": 4, "latent_dim": 3, "device": "cpu", "quiet": True, "log_every": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "vae"
    minigan.train(data=IMAGES, steps=6, out=path, **OPTIONS)
    return path


def test_it_is_no_gan():
    assert "vae" in MODELS
    assert "vae" not in GANS
    assert "vae" not in IMAGE_MODELS
    assert MODELS["vae"].autoencodes
    assert not any(spec.autoencodes for spec in GANS.values())


def test_the_networks_are_those_of_conv():
    g, e = build_networks("vae", (28, 28, 1), rng=np.random.default_rng(0))
    twin_g, twin_d = build_networks("conv", (28, 28, 1), rng=np.random.default_rng(0), latent_dim=16)
    assert [repr(layer) for layer in g.layers] == [repr(layer) for layer in twin_g.layers]
    assert [repr(layer) for layer in e.layers[:-1]] == [repr(layer) for layer in twin_d.layers[:-1]]
    assert isinstance(e.layers[-1], Dense)
    assert e.output_shape == (2 * 16,)
    assert e.input_shape == g.output_shape == (28, 28, 1)
    np.testing.assert_array_equal(g.theta, twin_g.theta)


@pytest.mark.parametrize("latent_dim", [1, 2, 40])
def test_the_encoder_fits_the_noise(latent_dim):
    g, e = build_networks("vae", (32, 32, 3), rng=np.random.default_rng(0), latent_dim=latent_dim)
    assert (g.input_shape, e.output_shape) == ((latent_dim,), (2 * latent_dim,))


def test_the_folder_has_everything(folder):
    run = minigan.load(folder)
    assert run.history.columns[:5] == ["step", "elbo", "reconstruction", "kl", "sigma"]
    np.testing.assert_allclose(
        run.history["elbo"], run.history["reconstruction"] - run.history["kl"], rtol=1e-5, atol=1e-5
    )
    assert list(run.history["step"]) == [2, 4, 6]
    for name in ("model.npz", "samples.png", "losses.png", "training.gif"):
        assert (folder / name).stat().st_size > 500, name
    assert json.loads((folder / "config.json").read_text())["objective"] == "elbo"


def test_samples_come_from_the_file(folder):
    run = minigan.load(folder / "model.npz")
    images = run.sample(5, seed=3, truncation=1.5)
    assert images.shape == (5, 8, 8)
    assert np.abs(images).max() <= 1
    np.testing.assert_array_equal(images, minigan.load(folder).sample(5, seed=3, truncation=1.5))
    assert run.discriminator.output_shape == (6,)


def test_nobody_can_reject_samples(folder):
    with pytest.raises(InputError, match=r"^model: expected one with a discriminator .* got an autoencoder$"):
        minigan.load(folder).sample(3, reject=0.2)


def test_a_run_that_goes_on_is_the_run_that_was_never_cut(tmp_path):
    """Weights, moments of both Adams and random streams: the same to the bit."""
    options = {**OPTIONS, "learning_rate_decay": "none"}  # so that the rate does not depend on the last step
    whole = minigan.train(data=IMAGES, steps=9, **options)
    minigan.train(data=IMAGES, steps=4, out=tmp_path / "begun", **options)
    resumed = minigan.train(resume=tmp_path / "begun", data=IMAGES, steps=9, quiet=True)
    assert resumed.checkpoint.standing.step == 9
    for name, array in whole.checkpoint.state.arrays.items():
        np.testing.assert_array_equal(array, resumed.checkpoint.state.arrays[name], err_msg=name)
    assert whole.checkpoint.state.numbers == resumed.checkpoint.state.numbers


def test_a_condition_on_the_bound_ends_a_run():
    run = minigan.train(data=IMAGES, steps=50, stop_when="elbo>-1e6", **OPTIONS)
    assert run.stopped == "stop_when"
    assert run.history["step"][-1] == 2


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_a_bound_that_is_no_number_is_named(tmp_path):
    found = (
        r"the elbo is (nan|-?inf) at step \d+: training has diverged\. It began in layer \d+ of the "
        r"(generator|encoder), .* Try a tenth of --learning-rate, or --clip-gradient-norm 1\.$"
    )
    with pytest.raises(minigan.DivergedError, match=found):
        minigan.train(data=IMAGES, steps=40, **{**OPTIONS, "learning_rate": 1e8})


def test_the_live_line_shows_the_bound(capsys, tmp_path):
    minigan.train(data=IMAGES, steps=4, **{**OPTIONS, "quiet": False})
    out = capsys.readouterr().out
    assert "ELBO -" in out
    assert "nats: reconstruction -" in out
    assert " - KL " in out
    assert "D(x)" not in out


def test_a_diagnosis_knows_no_discriminator():
    run = minigan.train(data=IMAGES, steps=4, **OPTIONS)
    symptoms = run.diagnose(data=IMAGES).symptoms
    assert np.isnan([symptoms.loss, symptoms.advantage, symptoms.best_advantage, symptoms.pull]).all()
    assert np.isfinite([symptoms.missing, symptoms.variety]).all()


def test_nothing_is_advised_that_only_a_game_has():
    found = diagnose(Symptoms(loss=np.inf, copied=0.0, variety=0.0), autoencoder=True)
    assert [each.name for each in found.findings] == list(AUTOENCODER)
    advice = str(found).split("What was seen")[0]
    for name in OF_A_GAME:
        assert "--" + name.replace("_", "-") not in advice
    assert " D " not in advice


def test_the_command_line(tmp_path, capsys, monkeypatch):
    np.savez(tmp_path / "images.npz", images=IMAGES)
    monkeypatch.chdir(tmp_path)
    options = ("--model", "vae", "--data", "images.npz", "--steps", "2", "--batch-size", "4", "--latent-dim", "2")
    assert main(["train", *options, "--out", "first", "--quiet"]) == 0
    assert main(["sample", "first", "-n", "4"]) == 0
    assert main(["models", "vae"]) == 0
    assert main(["train", *options, "--penalty", "r1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
