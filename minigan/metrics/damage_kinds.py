"""Kinds of damage to digits, each a pure function (ink, labels, amount, rng) -> ink.

``ink`` is (n, 28, 28) float32, 0 for black and 1 for white; a result may leave this range a little. ``labels`` (n,) are
the digits. ``amount`` is at least 0, and 0 changes nothing. `damages` says how much of each kind is used.
"""

import numpy as np

SIDE = 28  # pixels


# what happens to every digit by itself


def noise(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Add normal noise to every pixel; the amount is its standard deviation."""
    return ink + amount * rng.standard_normal(ink.shape, dtype=np.float32)


def salt(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Make a share of the pixels white."""
    return np.where(rng.random(ink.shape, dtype=np.float32) < amount, 1, ink)


def pepper(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Make a share of the pixels black."""
    return np.where(rng.random(ink.shape, dtype=np.float32) < amount, 0, ink)


def blur(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Take the mean of every pixel and its neighbours, with weights 1, 2, 1 in both directions, ``amount`` times."""
    for _ in range(round(amount)):
        for axis in (1, 2):
            ink = (_moved(ink, axis, 1) + 2 * ink + _moved(ink, axis, -1)) / 4
    return ink


def stripes(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Brighten every fourth row."""
    rows = np.arange(SIDE) % 4 == 0
    return ink + amount * rows[:, None].astype(np.float32)


def checkerboard(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Brighten every second pixel and darken the others, as a transposed convolution may."""
    signs = 1 - 2 * (np.indices((SIDE, SIDE)).sum(axis=0) % 2)
    return ink + amount * signs.astype(np.float32)


def background(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Make the black background grey; white stays white."""
    return amount + (1 - amount) * ink


def faint(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Take away a share of the ink of every pixel."""
    return (1 - amount) * ink


def shift(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Move every digit by ``amount`` pixels up, down, left or right."""
    ways = rng.integers(4, size=len(ink))
    moved = np.empty_like(ink)
    for way, (axis, sign) in enumerate(((1, 1), (1, -1), (2, 1), (2, -1))):
        moved[ways == way] = _moved(ink[ways == way], axis, sign * round(amount))
    return moved


def thick(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Go the share ``amount`` of the way to the brightest of every pixel and its eight neighbours."""
    return (1 - amount) * ink + amount * _around(ink, np.maximum)


def thin(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Go the share ``amount`` of the way to the darkest of every pixel and its eight neighbours."""
    return (1 - amount) * ink + amount * _around(ink, np.minimum)


def rotation(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Turn every digit by ``amount`` degrees to the left or to the right, with bilinear interpolation."""
    angle = np.deg2rad(amount) * (2 * rng.integers(2, size=len(ink)) - 1)
    cos, sin = (f(angle)[:, None, None] for f in (np.cos, np.sin))
    y, x = np.indices((SIDE, SIDE)) - (SIDE - 1) / 2
    return _read(ink, cos * y - sin * x + (SIDE - 1) / 2, sin * y + cos * x + (SIDE - 1) / 2)


def smaller(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Make every digit smaller by the share ``amount``, with bilinear interpolation."""
    y, x = (np.indices((SIDE, SIDE)) - (SIDE - 1) / 2) / (1 - amount) + (SIDE - 1) / 2
    return _read(ink, np.broadcast_to(y, ink.shape), np.broadcast_to(x, ink.shape))


def waves(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Move every row sideways by up to ``amount`` pixels, along a sine with a period of 14 rows and a random phase."""
    y, x = np.indices((SIDE, SIDE))
    phase = rng.uniform(0, 2 * np.pi, (len(ink), 1, 1))
    return _read(ink, np.broadcast_to(y, ink.shape), x + amount * np.sin(2 * np.pi * y / 14 + phase))


def ghost(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Add a second, fainter picture of the digit, 4 pixels to the right; the amount is its share of the ink."""
    return np.maximum(ink, amount * _moved(ink, 2, 4))


def hole(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Cut a black square out of the middle part of every digit; the amount is its side."""
    side = round(amount)
    top, left = (rng.integers(5, 24 - side, size=len(ink), endpoint=True)[:, None, None] for _ in range(2))
    y, x = np.indices((SIDE, SIDE))
    return np.where((y >= top) & (y < top + side) & (x >= left) & (x < left + side), 0, ink)


def blocks(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Go the share ``amount`` of the way to the means of squares of 2 x 2 pixels."""
    half = SIDE // 2
    means = ink.reshape(-1, half, 2, half, 2).mean(axis=(2, 4))
    return (1 - amount) * ink + amount * means.repeat(2, axis=1).repeat(2, axis=2)


# what mixes digits


def means(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Mix every digit with another one, whose weight is ``amount``."""
    return (1 - amount) * ink + amount * ink[rng.permutation(len(ink))]


def halves(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Put the right half of another digit on the share ``amount`` of the digits."""
    other = ink[rng.permutation(len(ink))]
    other[..., : SIDE // 2] = ink[..., : SIDE // 2]
    return _some(ink, other, amount, rng)


# what happens to the set


def mirrored(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Exchange left and right in the share ``amount`` of the digits."""
    return _some(ink, ink[..., ::-1], amount, rng)


def missing_class(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Put others in the place of the share ``amount`` of the fives."""
    others = rng.choice(np.flatnonzero(labels != 5), len(ink))
    left_out = (labels == 5) & (rng.random(len(ink)) < amount)
    return np.where(left_out[:, None, None], ink[others], ink)


def repeats(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Put one digit in the place of the share ``amount`` of the others."""
    return _some(ink, ink[rng.integers(len(ink))], amount, rng)


def noise_images(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Put uniform noise in the place of the share ``amount`` of the digits."""
    return _some(ink, rng.random(ink.shape, dtype=np.float32), amount, rng)


def black_images(ink: np.ndarray, labels: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Put black images in the place of the share ``amount`` of the digits."""
    return _some(ink, 0, amount, rng)


# tools


def _moved(ink: np.ndarray, axis: int, by: int) -> np.ndarray:
    """Return the images moved along an axis, with black pixels coming in."""
    moved = np.roll(ink, by, axis)
    edge = [slice(None)] * 3
    edge[axis] = slice(None, by) if by > 0 else slice(by or SIDE, None)
    moved[tuple(edge)] = 0
    return moved


def _around(ink: np.ndarray, extreme: np.ufunc) -> np.ndarray:
    """Return the extreme of every pixel and its eight neighbours."""
    for axis in (1, 2):
        ink = extreme(extreme(_moved(ink, axis, 1), ink), _moved(ink, axis, -1))
    return ink


def _read(ink: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the images at the points (y, x), each (n, 28, 28), with bilinear interpolation and black outside."""
    framed = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    y, x = (np.clip(each + 1, 0, SIDE + 0.999) for each in (y, x))
    top, left = y.astype(np.int64), x.astype(np.int64)
    down, right = (y - top).astype(np.float32), (x - left).astype(np.float32)
    n = np.arange(len(ink))[:, None, None]
    upper = (1 - right) * framed[n, top, left] + right * framed[n, top, left + 1]
    lower = (1 - right) * framed[n, top + 1, left] + right * framed[n, top + 1, left + 1]
    return (1 - down) * upper + down * lower


def _some(ink: np.ndarray, other: np.ndarray | float, share: float, rng: np.random.Generator) -> np.ndarray:
    """Take the share of the images from ``other``."""
    return np.where((rng.random(len(ink)) < share)[:, None, None], other, ink).astype(np.float32)
