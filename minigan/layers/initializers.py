"""Initial weights: functions (rng, shape, fan_in, fan_out) -> host array.

They draw on the host, so that one seed gives the same network on every device.
"""

from collections.abc import Callable

import numpy as np

Initializer = Callable[[np.random.Generator, tuple[int, ...], int, int], np.ndarray]


def normal(std: float) -> Initializer:
    """Return the initializer N(0, std^2) for any fans; DCGAN uses std = 0.02 (Radford et al. 2016, section 4)."""
    return lambda rng, shape, fan_in, fan_out: std * rng.standard_normal(shape)


def ones(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
    """Return ones; nothing is drawn."""
    return np.ones(shape)


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
    """Draw from U(-a, a) with a = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
    """Draw from N(0, 2 / fan_in), which keeps the variance through ReLU layers (He et al. 2015, eq. 10)."""
    return np.sqrt(2 / fan_in) * rng.standard_normal(shape)
