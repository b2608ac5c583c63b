"""Penalties on the slope of D: double backpropagation by hand.

A penalty is P = mean_n p(g_n) with g_n the gradient of D's logit at a sample x_n, in its pixels. D's gradient needs
dP/dtheta, a derivative of a derivative. Let v = dP/dg, which a formula below gives. Then, v held fixed,

    dP/dtheta = sum_n <v_n, dg_n/dtheta> = d/dtheta sum_n <v_n, g_n> = d/dtheta <1, J v>        J = ds/dx

because <v_n, g_n> is the derivative of the logit s_n along v_n: the tangent map `Network.jvp`. So v is pushed forward,
ones are sent back, and every layer takes its ordinary weight gradient from the two (`Network.add_tangent_grads`). Of a
D with more outputs than one, ds/doutputs (`Objective.logit`) is sent back in the place of the ones. All that
holds where J does not depend on theta through x as well: for a piecewise linear D of dense layers, convolutions and
LeakyReLUs. Tanh or batch norm are refused.

A D of several logits, of which each has a slope of its own, pays for one after the other: ones in the column of one
logit, 0 in the rest, take the place of the ones above.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from .. import validation
from ..backend import Array, device_of, get_array_module, to_device
from ..errors import InputError
from ..network import Network
from . import Objective


class Penalty(ABC):
    """What D pays for its slope.

    Parameters
    ----------
    weight : > 0, gamma or lambda in the formula
    every : k >= 1: D pays in one step of k, k times as much (lazy regularisation, Karras et al. 2020, arXiv
        1912.04958, appendix B)
    """

    name: ClassVar[str]
    weight: float = 1.0

    def __init__(self, *, weight: float | None = None, every: int = 1) -> None:
        if weight is not None:
            self.weight = validation.positive("penalty weight", weight)
        self.every = validation.integer("penalty every", every)

    @abstractmethod
    def points(self, x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
        """Return the samples at which the slope counts."""

    @abstractmethod
    def of_norm(self, norm: Array) -> tuple[Array, Array]:
        """Return p(g) / weight for slopes of these norms (N,), and its derivative in the norm over the norm."""

    def add_gradient(
        self,
        discriminator: Network,
        x_real: Array,
        x_fake: Array,
        *,
        rng: np.random.Generator | None,
        objective: Objective | None = None,
    ) -> Array:
        """Add dP/dtheta, times ``every``, to D's ``dtheta``; return P (0-d), not multiplied: a sum over D's logits.

        x_real, x_fake : (H, W, N, C) or (N, C)
        objective : tells D's logit from its outputs, where these are not one and the same

        Raises ``InputError`` for a D with layers that are not piecewise linear.
        """
        check_penalised(discriminator)
        x = self.points(x_real, x_fake, rng)
        outputs, caches = discriminator.forward(x, train=True, rng=rng)
        xp, n = get_array_module(x), x.shape[-2]
        axes = tuple(i for i in range(x.ndim) if i != x.ndim - 2)
        logits, slopes = objective.logit(outputs) if objective else (outputs, xp.ones_like(outputs))
        count = logits.shape[-1]
        total = xp.zeros((), dtype=x.dtype)
        for upstream in [slopes] if count == 1 else [slopes * column for column in xp.eye(count, dtype=x.dtype)]:
            g = discriminator.backward(upstream, caches, param_grads=False)
            assert g is not None
            p, slope = self.of_norm(xp.sqrt((g * g).sum(axis=axes)))
            v = g * (self.weight / n * self.every * slope)[:, None]
            discriminator.add_tangent_grads(v, upstream, caches)
            total += self.weight * p.mean()
        return total


def check_penalised(discriminator: Network) -> None:
    """Raise ``InputError`` when a penalty's gradient cannot be taken through D."""
    for i, layer in enumerate(discriminator.layers):
        if not layer.piecewise_linear:
            raise InputError(
                f"penalty: needs a discriminator of piecewise linear layers, but its layer {i} is {layer!r}: "
                "its slope changes with x, which the hand-derived second derivative leaves out"
            )


class R1(Penalty):
    """gamma / 2 mean |grad D|^2 on real samples (Mescheder et al. 2018, arXiv 1801.04406, eq. 9): v = g gamma / N."""

    name = "r1"

    def points(self, x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
        return x_real

    def of_norm(self, norm: Array) -> tuple[Array, Array]:
        return norm * norm / 2, norm * 0 + 1


class R2(R1):
    """gamma / 2 mean |grad D(x)|^2 on fakes (Mescheder et al. 2018, eq. 10)."""

    name = "r2"

    def points(self, x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
        return x_fake


class ZeroCentred(R1):
    """gamma / 2 mean |grad D(x)|^2 between a real sample and a fake (Thanh-Tung et al. 2019, arXiv 1902.03984)."""

    name = "zero-centred"

    def points(self, x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
        return interpolate(x_real, x_fake, rng)


class WGANGP(Penalty):
    """lambda mean (|grad D| - 1)^2 between a real sample and a fake (Gulrajani et al. 2017, arXiv 1704.00028, eq. 3).

    v = 2 lambda / N (|g| - 1) g / |g|, and 0 where g is 0.
    """

    name = "wgan-gp"
    weight = 10.0

    def points(self, x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
        return interpolate(x_real, x_fake, rng)

    def excess(self, norm: Array) -> Array:
        """What is squared: |g| - 1."""
        return norm - 1

    def of_norm(self, norm: Array) -> tuple[Array, Array]:
        excess = self.excess(norm)
        steep = (norm > 0).astype(norm.dtype)
        return excess * excess, 2 * excess * steep / (norm + (1 - steep))


class OneSidedWGANGP(WGANGP):
    """lambda mean max(0, |grad D(x)| - 1)^2: a slope below 1 is free (Petzka et al. 2018, arXiv 1709.08894, eq. 8)."""

    name = "wgan-gp-one-sided"

    def excess(self, norm: Array) -> Array:
        return get_array_module(norm).maximum(norm - 1, 0)


PENALTIES: dict[str, type[Penalty]] = {each.name: each for each in (R1, R2, ZeroCentred, WGANGP, OneSidedWGANGP)}


def interpolate(x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
    """x = e x_real + (1 - e) x_fake, e uniform in [0, 1) for each sample, drawn on the host."""
    if rng is None:
        raise InputError("rng: points between real samples and fakes are drawn; expected a Generator, got None")
    n = x_real.shape[-2]
    e = to_device(rng.random((n, 1)).astype(x_real.dtype), device_of(x_real))
    return x_fake + e * (x_real - x_fake)


def get_penalty(text: str) -> Penalty:
    """Make a penalty from its name and options: ``"r1"``, ``"r1:weight=10,every=4"``.

    The weight may be called gamma or lambda, too, as in the formulas.

    Raises ``InputError`` with the known names and options for anything else.
    """
    name, _, rest = text.partition(":") if isinstance(text, str) else (text, "", "")
    if name not in PENALTIES:
        raise InputError(f"penalty: expected one of {', '.join(PENALTIES)}, got {text!r}")
    options: dict[str, float] = {}
    for each in rest.split(",") if rest else []:
        key, _, value = each.partition("=")
        key = "weight" if key in ("gamma", "lambda") else key
        try:
            options[key] = {"weight": float, "every": int}[key](value)
        except (KeyError, ValueError):
            raise InputError(f"penalty: expected weight=NUMBER or every=INTEGER after {name!r}, got {each!r}") from None
    return PENALTIES[name](**options)  # type: ignore[arg-type]
