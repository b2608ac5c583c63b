"""The reader: it reads real digits, and refuses what it cannot read."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.datasets import mnist_5k
from minigan.editing.reader import find_reader, probabilities, read

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def run():
    return minigan.load("mnist-labels")


def test_real_digits_are_read(run):
    data = mnist_5k()
    images, labels = data.images[:200], data.labels[:200]
    assert (read(run, images) == labels).mean() > 0.97
    found = probabilities(run, images)
    assert found.shape == (200, 10)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(found.argmax(axis=1), read(run, images))
    np.testing.assert_array_equal(found, find_reader(run).probabilities(images))


def test_what_cannot_be_read():
    small = minigan.train(model="mlp", data=IMAGES, steps=1, batch_size=4, quiet=True, device="cpu")
    with pytest.raises(InputError, match=r"run: expected a model that draws images of 28 x 28 x 1, .* of 8 x 8 x 1"):
        find_reader(small)
    with pytest.raises(InputError, match="run: expected a model that draws images, got one that draws points"):
        read(minigan.train(data="ring", steps=1, quiet=True, device="cpu"), IMAGES)
