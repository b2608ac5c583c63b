"""The evaluator in the package: what it reads right, what it calls good, and that its command makes such a file."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from minigan import InputError
from minigan.datasets import mnist, mnist_5k
from minigan.layers import BatchNorm, Dense
from minigan.metrics import Evaluator, evaluate, load_evaluator, moments, train_evaluator
from minigan.metrics.evaluator import FILE, IMAGE, body
from minigan.network import Network

REAL = Path(os.environ.get("MINIGAN_DATA") or "no folder is named")
needs_real_mnist = pytest.mark.skipif(
    not any((folder / f"{mnist.FILES[0]}.gz").is_file() for folder in (REAL, REAL / "mnist")),
    reason="the full MNIST is not here; MINIGAN_DATA names its folder",
)
DIGITS = mnist_5k()


@pytest.fixture
def evaluator(device):
    load_evaluator.cache_clear()
    yield load_evaluator(device)
    load_evaluator.cache_clear()


def test_reads_the_built_in_digits(evaluator):
    found = evaluator.probabilities(DIGITS.images[:300])
    assert found.shape == (300, 10)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert (found.argmax(axis=1) == DIGITS.labels[:300]).mean() > 0.99


def test_features(evaluator):
    features = evaluator.features(DIGITS.images[:300])
    assert features.shape == (300, 64)
    assert features.dtype == np.float64
    assert (features >= 0).all()
    assert ((features > 0).mean(axis=0) > 0.01).all(), "a feature that never fires measures nothing"


def test_no_image_depends_on_another(evaluator):
    images = DIGITS.images[:520]  # more than are taken at once
    whole = evaluator.features(images)
    np.testing.assert_allclose(evaluator.features(images[510:]), whole[510:], rtol=0, atol=1e-5)


def test_images_in_every_form(evaluator):
    images = DIGITS.images[:5]
    before = images.copy()
    expected = evaluator.features(images)
    floating = images / 127.5 - 1
    for same in (images[..., None], floating, floating.astype(np.float32)[..., None]):
        np.testing.assert_allclose(evaluator.features(same), expected, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros((100, 32, 32)), r"expected \(n, 28, 28\) or \(n, 28, 28, 1\), as MNIST's are, got \(100, 32, 32\)"),
        (np.zeros((100, 28, 28, 3)), r"got \(100, 28, 28, 3\)"),
        (np.zeros((100, 784)), r"expected shape .*, got \(100, 784\)"),
        (np.full((100, 28, 28), 255.0), r"got float64 pixels in \[255, 255\]"),
        (np.full((100, 28, 28), np.nan), "NaN"),
        (np.zeros((64, 28, 28)), "expected more than 64"),
        ([[0.0]], "expected a NumPy array"),
    ],
)
def test_refuses_other_images(bad, words):
    with pytest.raises(InputError, match=f"images: .*{words}"):
        evaluate(bad)


def test_sanity_of_the_distance(rng):
    # measured with 10,000 images: training digits 0.06, one digit repeated 48, black 65, uniform noise 90
    n = 500
    found = {
        "digits": evaluate(DIGITS.images[:n]),
        "sevens": evaluate(DIGITS.images[DIGITS.labels == 7][:n]),
        "black": evaluate(np.full((n, 28, 28), -1.0)),
        "noise": evaluate(rng.uniform(-1, 1, (n, 28, 28))),
    }
    assert found["digits"].fid < 0.8
    assert 25 < found["sevens"].fid < 35
    assert 60 < found["black"].fid < 70
    assert 85 < found["noise"].fid < 95
    assert found["digits"].kl < 0.001
    assert found["digits"].score > 9.7
    assert found["black"].kl == pytest.approx(np.log(10))
    assert found["noise"].score < 1.01


def test_less_of_a_digit_is_further_away():
    # ever more of the digits' lower half blacked out
    images = DIGITS.images[:1000]
    fids = []
    for rows in (0, 10, 12, 14):
        damaged = images.copy()
        damaged[:, 28 - rows :] = 0
        fids.append(evaluate(damaged).fid)
    assert fids == sorted(fids)
    assert fids[1] > 2 * fids[0]


# how the file is made


def test_the_command_makes_such_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_evaluator, "mnist", lambda split: DIGITS)
    out = tmp_path / "evaluator.npz"
    train_evaluator.main(["--epochs", "1", "--out", str(out)])
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"epoch 1: \d+\.\d\d % of the test digits are read correctly", printed[0])
    with np.load(out) as made, np.load(FILE) as shipped:
        assert {k: (v.shape, v.dtype) for k, v in made.items()} == {k: (v.shape, v.dtype) for k, v in shipped.items()}
        assert made["theta"].dtype == np.float16
        assert made["stats"].dtype == np.float32
        network = Evaluator(made["theta"], made["stats"])
        found = network.probabilities(DIGITS.images)
        assert (found.argmax(axis=1) == DIGITS.labels).mean() > 0.8
        mean, covariance = moments(network.features(DIGITS.images))
        np.testing.assert_allclose(made["mean"], mean, rtol=0, atol=1e-6)
        np.testing.assert_allclose(made["covariance"], covariance, rtol=0, atol=1e-5)
    assert out.stat().st_size < 300_000


def test_normalising_changes_no_logit(rng):
    network = Network([*body(), Dense(10)], IMAGE, rng=rng)
    norm = next(layer for layer in reversed(network.layers) if isinstance(layer, BatchNorm))
    network.theta[...] += 0.1 * rng.standard_normal(network.theta.size)
    x = rng.uniform(-1, 1, (28, 28, 4, 1)).astype(np.float32)
    before = network.forward(x, train=False)[0]
    assert np.abs(norm.gamma - 1).max() > 0.05
    train_evaluator.normalise(network)
    np.testing.assert_array_equal(norm.gamma, 1)
    np.testing.assert_allclose(network.forward(x, train=False)[0], before, rtol=1e-4, atol=1e-4)


def test_the_shipped_file_is_normalised_and_small():
    evaluator = load_evaluator()
    np.testing.assert_array_equal(evaluator.body.layers[-2].gamma, 1)
    assert FILE.stat().st_size < 300_000


@needs_real_mnist
def test_full_mnist():
    test, train = mnist.mnist("test"), mnist.mnist("train")
    evaluator = load_evaluator()
    assert (evaluator.probabilities(test.images).argmax(axis=1) == test.labels).mean() > 0.993
    evaluation = evaluate(test.images)
    assert evaluation.fid < 1e-3
    assert evaluation.score > 9.8
    picked = np.random.default_rng(0).choice(60_000, 10_000, replace=False)
    assert 0.02 < evaluate(train.images[picked]).fid < 0.1
