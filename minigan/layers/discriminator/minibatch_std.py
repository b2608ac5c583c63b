"""Minibatch standard deviation: it shows a discriminator how much the samples of a batch differ."""

from typing import NamedTuple

import numpy as np

from ... import validation
from ...backend import Array, get_array_module
from ...errors import InputError
from ..base import Layer, Shape


class MinibatchStdCache(NamedTuple):
    """ds/dx, with the shape of x, and G, the number of samples in a group."""

    slope: Array
    group: int


class MinibatchStd(Layer):
    """Append to every sample the mean standard deviation s of its group (Karras et al. 2018, section 3).

    (N, C) -> (N, C + 1), and (H, W, N, C) -> (H, W, N, C + 1) with s as a constant map. A group consists of G samples
    that are neighbours in the batch. If a generator always makes the same image, a small s shows it.

    Forward   std[h, w, c] = sqrt(1/G sum_n (x[h, w, n, c] - mean[h, w, c])^2 + eps)     n and mean over the group
              s = 1/(H W C) sum_{h, w, c} std[h, w, c],     y = (x, s)
    Backward  dx = dy_x + a ds,      ds = sum of dy_s over the group and its pixels
    Tangent   y_dot = (x_dot, s_dot),      s_dot = sum of a x_dot over the group, its pixels and channels
              with a = ds/dx = (x - mean) / (G H W C std)

    The formula of a has three steps. The variance changes by 2/G sum (x - mean) (x_dot - mean_dot), where the term with
    mean_dot is 0 because x - mean sums to 0. The std changes by 1 / (2 std) times that. s changes by the mean over
    pixels and channels. eps keeps a finite where all samples are equal.

    The layer computes the same in train and in eval, so in both modes D's answer to a sample depends on its group.

    Parameters
    ----------
    group_size : int >= 1
        G; a batch with fewer samples is one group.
    eps : float in (0, 0.01)
        Added to the variance.

    Raises
    ------
    InputError
        In ``forward``, if G = min(group_size, N) does not divide N.
    """

    couples_samples = True

    def __init__(self, *, group_size: int = 4, eps: float = 1e-8) -> None:
        self.group_size = validation.integer("group_size", group_size)
        self.eps = validation.epsilon("eps", eps)

    def build(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], input_shape[-1] + 1)

    def forward(
        self, x: Array, *, train: bool, rng: np.random.Generator | None = None
    ) -> tuple[Array, MinibatchStdCache]:
        n, c = x.shape[-2:]
        group = min(self.group_size, n)
        if n % group:
            raise InputError(f"x: expected a batch of a multiple of group_size={group} samples, got {n}")
        pixels = x.reshape(-1, n // group, group, c)  # (H W, N / G, G, C)
        centred = pixels - pixels.mean(axis=2, keepdims=True)
        std = get_array_module(x).sqrt((centred * centred).mean(axis=2, keepdims=True) + self.eps)
        y = _append(x, std.mean(axis=(0, 2, 3)), group)
        centred /= std * (len(pixels) * group * c)
        return y, MinibatchStdCache(centred.reshape(x.shape), group)

    def input_grad(self, dy: Array, cache: MinibatchStdCache) -> Array:
        ds = _sum_over_groups(dy[..., -1:], cache.group)
        return dy[..., :-1] + cache.slope * get_array_module(dy).repeat(ds, cache.group)[:, None]

    def jvp(self, x_dot: Array, cache: MinibatchStdCache) -> Array:
        return _append(x_dot, _sum_over_groups(cache.slope * x_dot, cache.group), cache.group)

    def __repr__(self) -> str:
        return f"MinibatchStd(group_size={self.group_size}, eps={self.eps:g})"


def _append(x: Array, s: Array, group: int) -> Array:
    """Append to every sample the s of its group: x (..., N, C), s (N / G,) -> (..., N, C + 1)."""
    xp = get_array_module(x)
    y = xp.empty((*x.shape[:-1], x.shape[-1] + 1), dtype=x.dtype)
    y[..., :-1] = x
    y[..., -1] = xp.repeat(s, group)
    return y


def _sum_over_groups(x: Array, group: int) -> Array:
    """Sum over each group, its pixels and its channels: (..., N, C) -> (N / G,)."""
    n, c = x.shape[-2:]
    return x.reshape(-1, n // group, group * c).sum(axis=(0, 2))
