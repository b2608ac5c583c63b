"""Codes: every class is drawn, a row depends on its place alone, and what cannot be told is refused."""

import numpy as np
import pytest

from minigan import InputError
from minigan.layers import Dense
from minigan.network import Network
from minigan.objectives.codes import count_classes, draw_codes


def equal(classes):
    return np.full(classes, 1 / classes)


@pytest.mark.parametrize("classes", [2, 3, 10, 26])
def test_every_class_is_drawn_equally_often(classes, rng):
    codes = draw_codes(rng, 1000 * classes, equal(classes))
    assert codes.dtype == np.float32
    assert set(codes.ravel()) == {0, 1}
    np.testing.assert_array_equal(codes.sum(axis=1), 1)
    counts = codes.sum(axis=0)
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000)  # five standard deviations


def test_classes_are_drawn_by_their_shares(rng):
    shares = np.array([0.5, 0.0, 0.2, 0.3, 0.0])
    counts = draw_codes(rng, 10_000, shares).sum(axis=0)
    assert counts[1] == counts[4] == 0
    assert np.abs(counts - 10_000 * shares).max() < 5 * np.sqrt(2500)


def test_the_last_class_takes_what_rounding_leaves():
    """Shares of many classes do not add up to 1 exactly; no draw may fall behind the last class."""

    class Highest:
        def random(self, shape):
            return np.full(shape, np.nextafter(1, 0))

    np.testing.assert_array_equal(draw_codes(Highest(), 2, equal(10) - 1e-9).argmax(axis=1), 9)


def test_continuous_codes_are_uniform(rng):
    codes = draw_codes(rng, 50_000, equal(10), continuous=2)
    assert codes.shape == (50_000, 12)
    numbers = codes[:, 10:]
    assert -1 <= numbers.min() < -0.999
    assert 0.999 < numbers.max() <= 1
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=0.015)
    np.testing.assert_allclose(np.cov(numbers.T), np.eye(2) / 3, atol=0.01)
    assert abs(np.corrcoef(codes[:, :10].argmax(axis=1), numbers[:, 0])[0, 1]) < 0.02


@pytest.mark.parametrize("continuous", [0, 2])
def test_a_row_depends_on_its_place_alone(continuous):
    many = draw_codes(np.random.default_rng(4), 300, equal(7), continuous=continuous)
    for n in (1, 2, 99):
        np.testing.assert_array_equal(
            draw_codes(np.random.default_rng(4), n, equal(7), continuous=continuous), many[:n]
        )
    assert (draw_codes(np.random.default_rng(5), 300, equal(7), continuous=continuous) != many).any()


def test_the_first_layer_adds_an_embedding(rng):
    """(z, c) W + b = z W_z + b + row y of W's last K rows."""
    net = Network([Dense(6)], (4 + 3,), rng=rng, dtype="float64")
    z, codes = rng.standard_normal((5, 4)), draw_codes(rng, 5, equal(3)).astype(float)
    y, _ = net.forward(np.hstack((z, codes)), train=True)
    w, embedding = net.layers[0].w[:4], net.layers[0].w[4:]
    for n, label in enumerate(codes.argmax(axis=1)):
        np.testing.assert_allclose(y[n], z[n] @ w + net.layers[0].b + embedding[label], rtol=1e-12)


def draw(**options):
    return draw_codes(np.random.default_rng(3), 6, equal(3), **{"continuous": 2, **options})


def test_choosing():
    drawn = draw()
    for label, expected in (
        (2, [2] * 6),
        (np.int64(0), [0] * 6),
        ([1], [1] * 6),
        ([0, 2], [0, 2] * 3),
        (np.array([2, 1, 0, 0, 1, 2], dtype=np.uint8), [2, 1, 0, 0, 1, 2]),
        (range(3), [0, 1, 2, 0, 1, 2]),
    ):
        chosen = draw(label=label)
        assert chosen[:, :3].argmax(axis=1).tolist() == expected
        np.testing.assert_array_equal(chosen[:, :3].sum(axis=1), 1)
        np.testing.assert_array_equal(chosen[:, 3:], drawn[:, 3:])
    rows = np.arange(12.0).reshape(6, 2)
    for codes, expected in (((-1, 0.5), np.tile([-1, 0.5], (6, 1))), (rows, rows)):
        chosen = draw(codes=codes)
        np.testing.assert_array_equal(chosen[:, 3:], expected)
        np.testing.assert_array_equal(chosen[:, :3], drawn[:, :3])
        assert chosen.dtype == np.float32


SHARES = np.array([[0.1, 0.0, 0.2], [0.0, 0.0, 0.0], [0.3, 0.4, 0.0]])  # of 3 clusters in each of 3 labels


def test_clusters_of_labels_are_drawn_by_their_shares(rng):
    np.testing.assert_allclose(draw_codes(rng, 20_000, SHARES).mean(axis=0), SHARES.ravel(), atol=0.02)
    for label in (0, 2):
        codes = draw_codes(rng, 20_000, SHARES, label=label).reshape(-1, 3, 3)
        np.testing.assert_array_equal(codes.sum(axis=2)[:, label], 1)
        np.testing.assert_allclose(codes.mean(axis=0)[label], SHARES[label] / SHARES[label].sum(), atol=0.02)


def test_a_label_without_samples_is_drawn_when_it_is_asked_for(rng):
    np.testing.assert_array_equal(draw_codes(rng, 50, SHARES, label=1)[:, 3:6].sum(axis=1), 1)
    np.testing.assert_array_equal(draw_codes(rng, 50, SHARES.sum(axis=1), label=1).argmax(axis=1), 1)


def test_a_row_depends_on_its_own_label_alone():
    one, two = (draw_codes(np.random.default_rng(1), 40, SHARES, label=label) for label in (2, [0, 2]))
    np.testing.assert_array_equal(one[1::2], two[1::2])


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (3, "label: expected 0 to 2, got 3"),
        (-1, "label: expected 0 to 2, got -1"),
        ([0, 7], "label: expected 0 to 2, got .0, 7."),
        (1.0, "label: expected an integer or a sequence of integers, got 1.0"),
        (True, "label: expected an integer or a sequence of integers, got True"),
        ("7", "label: expected an integer or a sequence"),
        ([], "label: expected an integer or a sequence"),
        ([[1, 2]], "label: expected an integer or a sequence"),
        ([0, 1, 2, 0], "label: expected one, or a number of labels that divides n = 6, got 4 of them"),
        ([0] * 12, "label: expected one, or a number of labels that divides n = 6, got 12 of them"),
    ],
)
def test_refuses_labels(label, message):
    with pytest.raises(InputError, match=f"^{message}"):
        draw(label=label)


@pytest.mark.parametrize("codes", [0.5, [1.0], [1.0, np.nan], np.zeros((5, 2)), np.zeros((6, 3)), "ab", ["a", "b"]])
def test_refuses_codes(codes):
    with pytest.raises(InputError, match=r"^codes: expected finite numbers of shape \(2,\) or \(6, 2\), got"):
        draw(codes=codes)


def test_refuses_codes_where_there_are_none():
    with pytest.raises(InputError, match=r"^codes: expected None, because G takes only classes, got"):
        draw(continuous=0, codes=[0.0, 0.0])


def test_count_classes():
    assert count_classes(np.array([3, 0, 1, 2], dtype=np.uint8), conditional="projection", data="x") == 4
    assert count_classes(np.array([0, 1, 1]), conditional="ac-gan", data="x") == 2
    with pytest.raises(
        InputError, match="conditional: expected data with labels for 'projection', got 'x', which has none"
    ):
        count_classes(None, conditional="projection", data="x")
    for labels in ([0, 0, 0], [0, 1, 3]):
        message = f"labels 0 to K - 1 with K from 2 to 3, .* got {labels[-1]} as the largest label of 'x'"
        with pytest.raises(InputError, match=message):
            count_classes(np.array(labels), conditional="ac-gan", data="x")


def test_small_integers_do_not_overflow(rng):
    """Class 9 of 10 with 100 clusters each begins at column 900."""
    shares = np.full((10, 100), 1 / 1000)
    codes = draw_codes(rng, 4, shares, label=np.array([9, 0], dtype=np.uint8))
    np.testing.assert_array_equal(codes.reshape(4, 10, 100).sum(axis=2).argmax(axis=1), [9, 0, 9, 0])


@pytest.mark.parametrize("odd", [[[1, 2], [3]], [10**5000], "12", {}, object(), [None]])
def test_what_is_no_array_is_refused(odd, rng):
    with pytest.raises(InputError, match="label: expected an integer or a sequence of integers, got"):
        draw_codes(rng, 4, equal(3), label=odd)
    with pytest.raises(InputError, match="codes: expected finite numbers of shape"):
        draw_codes(rng, 4, equal(3), continuous=2, codes=odd)
