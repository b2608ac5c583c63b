"""What is seen of a game: exact numbers from records and from samples that are known."""

import math

import numpy as np
import pytest

from minigan import History, InputError, TrainConfig
from minigan.datasets import Dataset, Points, load_dataset
from minigan.metrics import distances
from minigan.runs import symptoms
from minigan.runs.symptoms import RealSamples, copied, flat, of_history

MNIST = load_dataset("mnist-5k")
MIXED = np.random.default_rng(7).permutation(5000)  # the set itself repeats 0, 1, ..., 9
DIGITS = Dataset("mixed", MNIST.images[MIXED], MNIST.labels[MIXED])
RING = load_dataset("ring")
IMAGE = (28, 28, 1)


def config(**options):
    return TrainConfig(model="mlp", data="mnist-5k", **options).resolve(dataset="mnist-5k", device="cpu")


def history(d_real, d_fake, *, d_loss=1.0, g_loss=0.5):
    rows = zip(*np.broadcast_arrays(d_real, d_fake, d_loss, g_loss), strict=True)
    return History([dict(zip(("d_real", "d_fake", "d_loss", "g_loss"), map(float, row), strict=True)) for row in rows])


# records


def test_recent_means_the_last_fifth():
    d_real = np.array([0.5, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.6])
    seen = of_history(history(d_real, [0.5, *[0.1] * 7, 0.2, 0.4], g_loss=[99.0] * 8 + [3.0, -7.0]), config())
    assert seen == pytest.approx({"loss": 7.0, "advantage": 0.4, "best_advantage": 0.8, "pull": 2 * (1 - 0.3)})


@pytest.mark.parametrize(
    ("options", "gap"),
    [
        ({}, 1),
        ({"objective": "least-squares"}, 1),
        ({"objective": "hinge"}, 4),
        ({"real_label": 0.9}, 0.9),
        ({"real_label": 0.9, "fake_label": 0.1, "label_noise": 0.1}, 0.8),
        ({"objective": "wasserstein"}, None),
    ],
)
def test_the_advantage_is_1_for_a_discriminator_that_is_always_right(options, gap):
    seen = of_history(history([0.0] * 4 + [gap or 1.0], [0.0] * 5), config(**options))
    if gap is None:
        assert "advantage" not in seen
        assert "best_advantage" not in seen
    else:
        assert seen["advantage"] == seen["best_advantage"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("objective", "pull"), [("minimax", 2 * 0.01), ("non-saturating", 2 * 0.99), ("hinge", None), ("wasserstein", None)]
)
def test_the_pull_of_the_loss_of_the_generator(objective, pull):
    seen = of_history(history([0.9], [0.01]), config(objective=objective))
    assert seen.get("pull") == (pull and pytest.approx(pull, rel=1e-6))


@pytest.mark.parametrize("d_fake", [0.0, 1.0])
def test_the_pull_is_finite_where_the_sigmoid_is_0_or_1(d_fake):
    seen = of_history(history([0.9], [d_fake]), config(objective="minimax"))
    assert seen["pull"] == pytest.approx(2 * d_fake, abs=1e-9)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite(value):
    assert of_history(history([0.5] * 9, [0.5] * 9, d_loss=[1.0] * 8 + [value]), config())["loss"] == math.inf


def test_no_records():
    assert of_history(History(), config()) == {}


# samples


@pytest.fixture(scope="module")
def half():
    """Half of the digits: the other half is new."""
    return RealSamples(Dataset("half", DIGITS.images[::2]), IMAGE)


def test_other_real_digits(half):
    seen = half.symptoms(DIGITS.images[1::2][:500])
    assert seen["missing"] < 0.12
    assert seen["variety"] == pytest.approx(1, abs=0.1)
    assert seen["copied"] == pytest.approx(1, abs=0.1)
    assert seen["stray"] == 0
    floats = DIGITS.images[1::2][:500].astype(np.float32) / 127.5 - 1
    assert half.symptoms(floats) == pytest.approx(seen, abs=1e-3)


def test_training_digits_are_copies(half):
    noise = np.random.default_rng(0).normal(0, 0.02, (500, 28, 28)).astype(np.float32)
    assert half.symptoms(DIGITS.images[::2][:500])["copied"] == 0
    assert half.symptoms(DIGITS.images[::2][:500].astype(np.float32) / 127.5 - 1 + noise)["copied"] < 0.15


def test_lost_kinds_of_digits_are_missing(half):
    new, labels = DIGITS.images[1::2], DIGITS.labels[1::2]
    missing = [half.symptoms(new[np.isin(labels, range(kept))])["missing"] for kept in (10, 7, 4, 1)]
    assert missing == sorted(missing)
    assert missing[0] < 0.12
    assert missing[-1] > 0.75
    noise = np.random.default_rng(0).uniform(-1, 1, (500, 28, 28))
    assert half.symptoms(noise)["missing"] > 0.75
    assert half.symptoms(20 * noise)["stray"] == 1


def test_the_same_digit_again_and_again(half):
    seen = half.symptoms(np.broadcast_to(DIGITS.images[1], (500, 28, 28)))
    assert seen["variety"] == 0
    assert seen["missing"] > 0.9


def test_lost_modes_of_a_ring():
    real = RealSamples(RING, (2,))
    seen = real.symptoms(RING.points[5000:5500])
    assert seen.keys() == {"missing", "stray"}
    assert seen["missing"] < 0.08
    assert seen["stray"] == 0
    assert real.symptoms(RING.points[5000:7500][RING.points[5000:7500, 1] > 0.5])["missing"] == pytest.approx(
        5 / 8, abs=0.03
    )


def test_points_far_from_the_modes():
    seen = RealSamples(RING, (2,)).symptoms(0.8 * RING.points[5000:5500])
    assert seen["stray"] == 1
    assert seen["missing"] < 0.08


def test_points_without_known_modes(rng):
    points = rng.normal(0, 0.1, (900, 2)) + rng.choice([-1, 1], (900, 1))
    real = RealSamples(Points("two blobs", points[:500]), (2,))
    assert real.symptoms(points[500:])["missing"] < 0.2
    assert real.symptoms(points[500:][points[500:, 0] > 0])["missing"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_finite(value, half):
    images = np.zeros((500, 28, 28), np.float32)
    images[3, 4, 5] = value
    assert half.symptoms(images) == {"loss": math.inf}


@pytest.mark.parametrize("count", [4, 5, 39, 40, 41])
def test_few_images(count, rng):
    images = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    real = RealSamples(Dataset("few", images), (8, 8, 3))
    assert real.count == count
    seen = real.symptoms(images)
    assert seen["missing"] == pytest.approx(0, abs=1e-12)
    assert seen["copied"] == 0


def test_equal_images():
    real = RealSamples(Dataset("equal", np.full((50, 8, 8), 7, np.uint8)), (8, 8, 1))
    seen = real.symptoms(np.zeros((50, 8, 8), np.float32))
    assert (seen["missing"], seen["variety"]) == (0, 0)
    assert 1e9 < seen["copied"] < math.inf


def test_copies_are_not_looked_for_among_many(monkeypatch):
    monkeypatch.setattr(symptoms, "SEARCHED", 99)
    real = RealSamples(Dataset("many", DIGITS.images[:100]), IMAGE)
    assert real.symptoms(DIGITS.images[:100]).keys() == {"missing", "stray", "variety"}


@pytest.mark.parametrize("dataset", [Dataset("few", DIGITS.images[:3]), Dataset("small", DIGITS.images[:9, :8]), RING])
def test_data_that_do_not_fit(dataset):
    with pytest.raises(
        InputError, match=r"^data: expected at least 4 samples of shape \(28, 28, 1\), got [\d,]+ of \("
    ):
        RealSamples(dataset, IMAGE)


# distances


def test_copied_exactly():
    training = np.array([[0.0], [2.0], [10.0]])
    assert copied(np.array([[0.5]]), training) == 0.25
    assert copied(np.array([[11.0]]), training) == 1 / 8
    assert copied(np.array([[2.0], [2.5], [5.0]]), training) == 0.25
    assert copied(np.array([[1.0]]), np.zeros((2, 1))) > 1e9  # equal training samples


def test_copied_in_blocks(rng, monkeypatch):
    x, training = rng.normal(size=(23, 5)), rng.normal(size=(17, 5))
    expected = copied(x, training)
    monkeypatch.setattr(distances, "BLOCK", 17 * 4)
    assert copied(x, training) == pytest.approx(expected)


def test_flat():
    assert flat(np.array([[[0, 255]]], np.uint8)).tolist() == [[-1, 1]]
    assert flat(np.zeros((3, 2, 2, 3), np.float32)).shape == (3, 12)
    assert flat(np.zeros((3, 2), np.float32)).dtype == np.float64
