"""Minibatches: every image once per epoch, in an order of the seed, with pixels in [-1, 1] and in front."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import get_array_module, to_device, to_host
from minigan.datasets.batches import Batches, from_pixels_first, to_pixels_first


def numbered(n, shape=(2, 3)):
    """Images whose every pixel is their own number."""
    return np.broadcast_to(np.arange(n, dtype=np.uint8).reshape(n, *[1] * len(shape)), (n, *shape)).copy()


def numbers(batch):
    """The numbers that a batch of `numbered` images holds, and that they are whole."""
    pixels = np.rint((to_host(batch) + 1) * 127.5).astype(int)
    assert (pixels == pixels[:1, :1]).all()
    return pixels[0, 0, :, 0].tolist()


@pytest.mark.parametrize("batch_size", [1, 3, 4, 12])
def test_each_image_once_per_epoch(batch_size, device, rng):
    batches = Batches(numbered(12), batch_size, rng=rng, device=device)
    for _ in range(3):
        epoch = [number for _ in range(12 // batch_size) for number in numbers(batches.next())]
        assert sorted(epoch) == list(range(12))


def test_a_short_rest_is_left_out(device, rng):
    """5 of 12: two batches per epoch, never an image twice in them."""
    batches = Batches(numbered(12), 5, rng=rng, device=device)
    left_out = set()
    for _ in range(20):
        epoch = numbers(batches.next()) + numbers(batches.next())
        assert len(set(epoch)) == 10
        left_out |= set(range(12)) - set(epoch)
    assert left_out == set(range(12))  # a new order each epoch: nobody is left out for ever


def test_order_by_seed(device):
    def order(seed):
        batches = Batches(numbered(12), 4, rng=np.random.default_rng(seed), device=device)
        return [numbers(batches.next()) for _ in range(6)]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1)[:3] != order(1)[3:]
    expected = np.random.default_rng(1)
    assert np.ravel(order(1)).tolist() == [*expected.permutation(12), *expected.permutation(12)]


def test_uint8_scaling_is_exact_at_the_ends(device, rng):
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    x = to_host(Batches(images, 1, rng=rng, device=device).next())[:, :, 0, 0].ravel()
    assert x.dtype == np.float32
    assert x[0] == -1
    assert x[255] == 1
    np.testing.assert_allclose(x, np.arange(256) / 127.5 - 1, atol=1e-7)
    assert (np.diff(x) > 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_are_taken_as_they_are(dtype, device, rng):
    images = rng.uniform(-1, 1, (5, 2, 3)).astype(dtype)
    images[0, 0, :2] = [-1, 1]
    x = to_host(Batches(images, 5, rng=np.random.default_rng(3), device=device).next())
    assert x.dtype == np.float32
    order = np.random.default_rng(3).permutation(5)
    np.testing.assert_array_equal(x[..., 0], images[order].astype(np.float32).transpose(1, 2, 0))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [None, 1, 3])
def test_pixels_come_first(channels, dtype, device, rng):
    shape = (7, 4, 5) if channels is None else (7, 4, 5, channels)
    images = rng.integers(0, 2, shape).astype(dtype)
    before = images.copy()
    batches = Batches(images, 6, rng=np.random.default_rng(3), device=device)
    x = batches.next()
    assert x.shape == (4, 5, 6, channels or 1)
    assert get_array_module(x) is get_array_module(batches.samples)
    picked = images[np.random.default_rng(3).permutation(7)[:6]].reshape(6, 4, 5, -1)
    expected = picked.astype(np.float32) if dtype == np.float32 else picked / np.float32(127.5) - 1
    for n in range(6):
        np.testing.assert_allclose(to_host(x)[:, :, n], expected[n], atol=1e-6)
    x *= 0
    np.testing.assert_array_equal(images, before)
    kept = before if device == "cpu" or dtype == np.float32 else before * np.float32(1 / 127.5) - 1
    np.testing.assert_array_equal(to_host(batches.samples).reshape(shape), kept)


def test_each_image_comes_with_its_label(device, rng):
    """Label n of a batch is that of image n, and over an epoch every class is there."""
    labels = rng.integers(0, 10, 40).astype(np.uint8)
    labels[:10] = np.arange(10)
    batches = Batches(numbered(40), 8, rng=rng, device=device, labels=labels)
    for _ in range(2):
        seen = []
        for _ in range(5):
            x, y = batches.next_labelled()
            assert get_array_module(y) is get_array_module(x)
            assert (y.shape, y.dtype) == ((8,), np.int64)
            assert to_host(y).tolist() == labels[numbers(x)].tolist()
            seen += to_host(y).tolist()
        assert sorted(seen) == sorted(labels.tolist())


def test_labels_change_no_order(device):
    plain = Batches(numbered(12), 4, rng=np.random.default_rng(2), device=device)
    labelled = Batches(numbered(12), 4, rng=np.random.default_rng(2), device=device, labels=np.zeros(12, int))
    for _ in range(5):
        np.testing.assert_array_equal(to_host(plain.next()), to_host(labelled.next_labelled()[0]))


def test_no_image_is_copied_up_after_the_start(device, rng):
    batches = Batches(numbered(12), 4, rng=rng, device=device)
    images = batches.samples
    batches.next()
    assert batches.samples is images


@pytest.mark.parametrize("channels", [1, 3])
def test_round_trip(channels, device, rng):
    images = rng.uniform(-1, 1, (5, 4, 3, channels)).astype(np.float32)
    back = from_pixels_first(to_pixels_first(to_device(images, device)))
    assert type(back) is np.ndarray
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, images[..., 0] if channels == 1 else images)


def test_batch_larger_than_the_data(device, rng):
    with pytest.raises(InputError, match="batch_size: expected at most 12, the number of images, got 13"):
        Batches(numbered(12), 13, rng=rng, device=device)


def test_in_order(device):
    images = np.arange(7 * 2 * 2, dtype=np.uint8).reshape(7, 2, 2)
    batches = Batches(images, 3, rng=np.random.default_rng(0), device=device)
    parts = [to_host(x) for x in batches.in_order(3)]
    assert [part.shape for part in parts] == [(2, 2, 3, 1), (2, 2, 3, 1), (2, 2, 1, 1)]
    np.testing.assert_array_equal(
        np.rint((np.concatenate(parts, axis=2)[..., 0] + 1) * 127.5), images.transpose(1, 2, 0)
    )
