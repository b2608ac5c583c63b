"""The evaluators in the package: what they read right, and which images they call good."""

import os
from pathlib import Path

import numpy as np
import pytest

from minigan import InputError
from minigan.datasets import mnist, mnist_5k
from minigan.datasets.batches import to_pixels_first
from minigan.exchange.to_torch import to_nchw, to_torch
from minigan.metrics import classifier_score, evaluate, frechet_distance, load_evaluator, moments
from minigan.metrics.evaluator import EVALUATORS, Evaluator, body, file_of

REAL = Path(os.environ.get("MINIGAN_DATA") or "no folder is named")
needs_real_mnist = pytest.mark.skipif(
    not any((folder / f"{mnist.FILES[0]}.gz").is_file() for folder in (REAL, REAL / "mnist")),
    reason="the full MNIST is not here; MINIGAN_DATA names its folder",
)
DIGITS = mnist_5k()


@pytest.fixture(params=EVALUATORS)
def evaluator(request, device):
    load_evaluator.cache_clear()
    yield load_evaluator(request.param, device)
    load_evaluator.cache_clear()


def test_there_are_two():
    assert len(EVALUATORS) == len({repr(body(name)) for name in EVALUATORS}) == 2
    assert load_evaluator().name == EVALUATORS[0]
    with pytest.raises(InputError, match="name: expected one of three-convolutions, two-convolutions, got 'inception'"):
        load_evaluator("inception")
    with pytest.raises(InputError, match="name: expected one of"):
        body("inception")


@pytest.mark.parametrize("name", EVALUATORS)
def test_the_shipped_file(name):
    evaluator = load_evaluator(name)
    np.testing.assert_array_equal(evaluator.body.layers[-2].gamma, 1)
    assert evaluator.image_shape == (28, 28, 1)
    assert evaluator.reference_features.shape == (10_000, 64)
    assert evaluator.reference_features.dtype == np.float64
    for found, expected in zip(evaluator.reference, moments(evaluator.reference_features), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert file_of(name).stat().st_size < 1_500_000
    with np.load(file_of(name)) as file:
        assert {key: file[key].dtype for key in file} == {"theta": "float16", "stats": "float32", "real": "float16"}


def test_without_reference():
    shipped = load_evaluator()
    theta = np.concatenate([shipped.body.theta, shipped.head.theta])
    alone = Evaluator(EVALUATORS[0], theta, shipped.body.stats, np.empty((0, 64)))
    assert alone.reference is None
    np.testing.assert_array_equal(alone.features(DIGITS.images[:3]), shipped.features(DIGITS.images[:3]))


@pytest.mark.parity
@pytest.mark.parametrize("name", EVALUATORS)
def test_features_of_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    evaluator = load_evaluator(name)
    twin, head = to_torch(evaluator.body).eval(), to_torch(evaluator.head).eval()
    images = DIGITS.images[:200]
    with torch.no_grad():
        expected = twin(to_nchw(to_pixels_first(images[..., None])))
        probabilities = torch.softmax(head(expected), dim=1).numpy()
    features = evaluator.features(images)
    np.testing.assert_allclose(features, expected.numpy(), rtol=0, atol=1e-4)
    np.testing.assert_allclose(evaluator.classify(features), probabilities, rtol=0, atol=1e-4)


def test_reads_the_built_in_digits(evaluator):
    found = evaluator.probabilities(DIGITS.images[:1000])
    assert found.shape == (1000, 10)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert (found.argmax(axis=1) == DIGITS.labels[:1000]).mean() > 0.985


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


@pytest.mark.parametrize("name", EVALUATORS)
def test_order_of_the_distance(name, rng):
    # measured with 10,000 images: training digits 0.039 and 0.045, sevens 32 and 32, black 43 and 42, noise 56 and 79
    n = 500
    evaluator = load_evaluator(name)

    def distance(images):
        return frechet_distance(moments(evaluator.features(images)), evaluator.reference)

    assert distance(DIGITS.images[:n]) < 0.6
    assert 27 < distance(DIGITS.images[DIGITS.labels == 7][:n]) < 37
    assert 40 < distance(np.full((n, 28, 28), -1.0)) < 46
    assert 50 < distance(rng.uniform(-1, 1, (n, 28, 28))) < 85


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


@needs_real_mnist
@pytest.mark.parametrize("name", EVALUATORS)
def test_full_mnist(name):
    test, train = mnist.mnist("test"), mnist.mnist("train")
    evaluator = load_evaluator(name)
    features = evaluator.features(test.images)
    np.testing.assert_allclose(features, evaluator.reference_features, rtol=1e-3, atol=1e-4)
    assert (evaluator.classify(features).argmax(axis=1) == test.labels).mean() > 0.993
    assert classifier_score(evaluator.classify(features)) > 9.6
    assert frechet_distance(moments(features), evaluator.reference) < 1e-3
    picked = np.random.default_rng(0).choice(60_000, 10_000, replace=False)
    assert 0.02 < frechet_distance(moments(evaluator.features(train.images[picked])), evaluator.reference) < 0.1
