"""The GAN in one file: it is short, it needs NumPy alone, and it takes the same steps as the package's plain floor."""

import ast
import itertools
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from minigan import TrainConfig
from minigan.datasets import load_dataset
from minigan.datasets.batches import Batches
from minigan.models import get_model_spec
from minigan.training.trainer import Trainer

FILE = Path(__file__).parents[1] / "chapters" / "gan_in_one_file.py"
SOURCE = FILE.read_text(encoding="utf-8")
TREE = ast.parse(SOURCE)
RTOL = 1e-5

# What is right in the file, and a mistake in its place, which must show in the first losses.
STEPS, STEPS_GAMMA = 3, 10  # a mistake about gamma takes longer to show, because gamma starts at 1 and moves slowly
MISTAKES = {
    "batch norm: dx has a wrong sign": ("- x_hat * (x_hat * dx_hat).mean(0)", "+ x_hat * (x_hat * dx_hat).mean(0)"),
    "batch norm: dx forgets the mean": ("(dx_hat - dx_hat.mean(0) - ", "(dx_hat - "),
    "batch norm: dx forgets gamma": ('dx_hat = net["gamma", i] * dy', "dx_hat = dy"),
    "batch norm: dx forgets the std": ("(x_hat * dx_hat).mean(0)) * inv_std", "(x_hat * dx_hat).mean(0))"),
    "batch norm: dgamma without x_hat": ("(x_hat * dy).sum(0), dy.sum(0)", "dy.sum(0), dy.sum(0)"),
    "batch norm: dbeta is a mean": ("(x_hat * dy).sum(0), dy.sum(0)", "(x_hat * dy).sum(0), 0 * dy.sum(0)"),
    "batch norm: another eps": ("var + 1e-5", "var + 1e-3"),
    "leaky relu: another slope": ("np.maximum(x, 0.2 * x)", "np.maximum(x, 0.1 * x)"),
    "leaky relu: another slope backward": ("np.where(y > 0, dy, 0.2 * dy)", "np.where(y > 0, dy, 0 * dy)"),
    "tanh: a wrong derivative": ("dx * (1 - x**2)", "dx * (1 - x)"),
    "G: no bias gradient": ('("b", 4): dy.sum(0)', '("b", 4): 0 * dy.sum(0)'),
    "G: dw of the last layer has a wrong sign": ("h[3].T @ dy", "-h[3].T @ dy"),
    "G: dw of a hidden layer has a wrong sign": ("h[i - 1].T @ dy", "-h[i - 1].T @ dy"),
    "D: black is not 0": ("h0 = x + 1", "h0 = x"),
    "D: dw of layer 1 has a wrong sign": ("h0.T @ dy", "-h0.T @ dy"),
    "D: dw of layer 2 has a wrong sign": ("h1.T @ dy", "-h1.T @ dy"),
    "D: dw of layer 3 has a wrong sign": ("h2.T @ ds", "-h2.T @ ds"),
    "D: no bias gradient in layer 1": ("h0.T @ dy, dy.sum(0)", "h0.T @ dy, 0 * dy.sum(0)"),
    "D: no bias gradient in layer 2": ("h1.T @ dy, dy.sum(0)", "h1.T @ dy, 0 * dy.sum(0)"),
    "D: no bias gradient in layer 3": ('("b", 3): ds.sum(0)', '("b", 3): 0 * ds.sum(0)'),
    "D: dx has a wrong sign": ('return dD, dy @ D["w", 1].T', 'return dD, -dy @ D["w", 1].T'),
    "loss: it ignores the label": ("softplus - label * s", "softplus"),
    "loss: ds has a wrong sign": ("(d - label) / len(s)", "(label - d) / len(s)"),
    "loss: G saturates": ("loss_G, ds = sigmoid_cross_entropy(s, 1)", "loss_G, ds = sigmoid_cross_entropy(s, 0)"),
    "Adam: m is not corrected": ("m[name] / (1 - BETA1**t)", "m[name]"),
    "Adam: v is not corrected": ("v[name] / (1 - BETA2**t)", "v[name]"),
    "Adam: no momentum": ("m[name] += (1 - BETA1)", "m[name] += 1"),
    "Adam: v from g": ("(g**2 - v[name])", "(np.abs(g) - v[name])"),
    "Adam: no root": ("np.sqrt(v_hat)", "v_hat"),
    "Adam: another rate": ("BETA2 = 5e-4,", "BETA2 = 5e-3,"),
    "Adam: another beta1": ("5e-4, 0.5, 0.99", "5e-4, 0.9, 0.99"),
    "Adam: another beta2": ("5e-4, 0.5, 0.99", "5e-4, 0.5, 0.999"),
    "weights: larger at first": ("0.02 * rng", "0.05 * rng"),
}


def load(source=SOURCE):
    """The file as a module, of its own source or of a spoiled one."""
    module = types.ModuleType("gan_in_one_file")
    module.__file__ = str(FILE)
    exec(compile(source, str(FILE), "exec"), vars(module))
    return module


gan = load()


@pytest.fixture(scope="module")
def images():
    return gan.load_digits()


def plain_trainer(seed):
    """The package's trainer of the same game, its networks computed by the plain layers."""
    config = TrainConfig(model="mlp", data="mnist-5k", augment_shift=0, seed=seed, plain=True)
    return Trainer(config.resolve(dataset="mnist-5k", device="cpu"), load_dataset("mnist-5k"))


def package_losses(trainer, steps):
    metrics = [trainer.step() for _ in range(steps)]
    return np.array([(m.d_loss, m.g_loss) for m in metrics])


@pytest.fixture(scope="module")
def expected():
    return package_losses(plain_trainer(seed=0), STEPS_GAMMA)


@pytest.mark.parametrize("seed", [0, 1])
def test_ten_steps_are_those_of_the_package(seed, images):
    trainer = plain_trainer(seed)
    average, losses = gan.train(images, 10, seed)
    np.testing.assert_allclose(losses, package_losses(trainer, 10), rtol=RTOL)
    z = np.random.default_rng(7).standard_normal((20, gan.LATENT), dtype=np.float32)
    samples, _ = gan.generator(average, z, train=False)
    in_package, _ = trainer.average.network.forward(z, train=False)
    np.testing.assert_allclose(samples, in_package.transpose(2, 0, 1, 3).reshape(20, -1), atol=1e-5)
    assert samples.std() > 0.01


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_shows_in_the_losses(mistake, images, expected):
    right, wrong = MISTAKES[mistake]
    assert SOURCE.count(right) == 1
    steps = STEPS_GAMMA if "gamma" in mistake else STEPS
    _, losses = load(SOURCE.replace(right, wrong)).train(images, steps, 0)
    assert np.abs(np.array(losses) / expected[:steps] - 1).max() > 5 * RTOL


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("0.1 * (mean - ", "0.2 * (mean - "),
        ("0.1 * (var - ", "0.2 * (var - "),
        ("t / (t + 9)", "t / (t + 10)"),
    ],
)
def test_a_mistake_shows_in_the_samples(right, wrong, images):
    assert SOURCE.count(right) == 1
    samples = []
    for module in (gan, load(SOURCE.replace(right, wrong))):
        average, _ = module.train(images, STEPS, 0)
        samples.append(module.generator(average, np.ones((1, gan.LATENT), np.float32), train=False)[0])
    assert np.abs(samples[0] - samples[1]).max() > 1e-4


def test_the_average_slows_down_as_in_the_package():
    """Ten steps do not reach the decay of the running average, so the number itself is compared."""
    assert f"min({get_model_spec('mlp').average_decay}, t / (t + 9))" in SOURCE


def test_minibatches_are_those_of_the_package(images):
    """Over more than two epochs, so that new orders and the rest that is left out are seen."""
    ours = gan.minibatches(images, np.random.default_rng(3))
    theirs = Batches(load_dataset("mnist-5k").images, gan.N, rng=np.random.default_rng(3), device="cpu")
    for batch in itertools.islice(ours, 160):
        np.testing.assert_allclose(batch, theirs.next().transpose(2, 0, 1, 3).reshape(gan.N, -1), atol=1e-6)


def test_everything_is_float32(images):
    average, losses = gan.train(images, 2, 0)
    assert {array.dtype for array in average.values()} == {np.dtype("float32")}
    assert {loss.dtype for pair in losses for loss in pair} == {np.dtype("float32")}


@pytest.mark.parametrize("s", [-1000.0, -100.0, 0.0, 100.0, 1000.0])
@pytest.mark.parametrize("label", [0, 1])
def test_the_loss_is_exact_for_any_logit(s, label):
    loss, ds = gan.sigmoid_cross_entropy(np.full((4, 1), s, np.float32), label)
    right = (-1) ** label * s  # the loss is log(1 + e^right)
    assert loss == pytest.approx(max(right, 0) + np.log1p(np.exp(-abs(right))))
    np.testing.assert_allclose(ds, (np.exp(-np.logaddexp(0, -s)) - label) / 4, atol=1e-7)


def test_a_line_tells_the_losses_now_and_then(images, capsys):
    _, losses = load(SOURCE.replace("500", "2")).train(images, 3, 0)
    d, g = np.mean(losses[:2], axis=0)
    assert capsys.readouterr().out.startswith(f"step 2: loss of D {d:.3f}, of G {g:.3f}, ")


def test_a_png_is_read_back_as_it_was(tmp_path, rng):
    picture = rng.integers(0, 256, (5, 8), dtype=np.uint8)
    gan.save_png(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(np.rint(255 * imread(tmp_path / "a.png")), picture)


def test_the_command_draws_a_hundred_digits(tmp_path):
    command = [sys.executable, "-W", "error", str(FILE), "--steps", "2", "--seed", "3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "100 new digits: gan_in_one_file.png\n"
    picture = imread(tmp_path / "gan_in_one_file.png")
    assert picture.shape == (840, 840)
    average, _ = gan.train(gan.load_digits(), 2, 3)
    z = np.random.default_rng(3).standard_normal((100, gan.LATENT), dtype=np.float32)
    x, _ = gan.generator(average, z, train=False)
    digit = x[12].reshape(28, 28)  # the third of the second row
    np.testing.assert_allclose(2 * picture[84:168:3, 168:252:3] - 1, digit, atol=0.01)


def test_a_wrong_path_is_told_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", [FILE.name, "--out", str(tmp_path / "missing" / "a.png")])
    monkeypatch.setattr(gan, "train", lambda *args: pytest.fail("it trained"))
    with pytest.raises(FileNotFoundError):
        gan.main()


def test_the_help_says_what_it_does(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [FILE.name, "--help"])
    with pytest.raises(SystemExit, match="0"):
        gan.main()
    text = capsys.readouterr().out
    for word in ("Train a GAN", "--steps", "--seed", "--out", "gan_in_one_file.png"):
        assert word in text


def test_it_has_at_most_200_lines():
    lines = SOURCE.splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 110  # it is printed on paper


def test_it_needs_numpy_and_the_standard_library_alone():
    imported = {alias.name for node in ast.walk(TREE) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} - sys.stdlib_module_names == {"numpy"}


def test_it_has_no_classes():
    assert not [node for node in ast.walk(TREE) if isinstance(node, ast.ClassDef)]
