"""The default model must draw every class of smaller images too, where the game without classes loses some of them."""

import numpy as np

import minigan
from minigan.datasets.mnist import mnist_5k
from minigan.runs.judge import to_uint8


def shrink(images):
    """Return 8 x 8 images: means over 3 x 3 pixels, without the outer two pixels, which are mostly black."""
    return images[:, 2:26, 2:26].reshape(-1, 8, 3, 8, 3).mean(axis=(2, 4)).round().astype(np.uint8)


def test_default_draws_every_digit_of_8_x_8():
    digits = mnist_5k()
    small = shrink(digits.images)
    run = minigan.train(data=small, steps=1500, seed=0, device="cpu", quiet=True)
    drawn = to_uint8(run.sample(1000)).reshape(1000, -1).astype(np.float64)
    real = small.reshape(len(small), -1).astype(np.float64)
    nearest = ((real * real).sum(axis=1) - 2 * drawn @ real.T).argmin(axis=1)
    shares = np.bincount(digits.labels[nearest], minlength=10) / 1000
    assert shares.min() > 0.05, shares
    assert (shares * np.log(10 * shares)).sum() < 0.05
