"""Penalties on the slope of D, whose gradient needs a second backward pass, derived by hand.

A penalty is P = mean_n p(g_n), where g_n is the gradient of D's logit at a sample x_n with respect to the pixels of
x_n. D's update needs dP/dtheta, a derivative of a derivative. Let v = dP/dg; every class below gives its formula. With
v held fixed,

    dP/dtheta = sum_n <v_n, dg_n/dtheta> = d/dtheta sum_n <v_n, g_n> = d/dtheta <1, J v>        J = ds/dx

because <v_n, g_n> is the derivative of the logit s_n in the direction v_n: the tangent map `Network.jvp`. So v is
pushed forward, ones are sent back, and every layer computes its ordinary weight gradient from the two
(`Network.add_tangent_grads`). If D has more outputs than the logit, ds/doutputs (`Objective.logit`) is sent back in
place of the ones.

This holds only where J does not also depend on theta through x, that is, for a piecewise linear D: dense layers,
convolutions and LeakyReLUs. Layers such as tanh or batch norm are refused.

A D with several logits has a slope for each of them, and pays for them one after the other: a column of ones for one
logit, with 0 for the others, takes the place of the ones above.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

import numpy as np

from .. import validation
from ..backend import Array, device_of, feed, get_array_module
from ..errors import InputError
from ..network import Caches, Network
from .gan import Objective


class Penalty(ABC):
    """What D pays for its slope.

    Parameters
    ----------
    weight : float > 0, optional
        The factor gamma or lambda in the formula; each penalty has its own default.
    every : int >= 1
        With k, D pays only in every k-th step, but k times as much (lazy regularisation, Karras et al. 2020, arXiv
        1912.04958, appendix B).
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
        """Return p / weight for gradients of these norms (N,), and its derivative in the norm, divided by the norm."""

    def add_gradient(
        self,
        discriminator: Network,
        x_real: Array,
        x_fake: Array,
        *,
        rng: np.random.Generator | None,
        objective: Objective | None = None,
    ) -> Array:
        """Add dP/dtheta, times ``every``, to D's ``dtheta``, and return P.

        Parameters
        ----------
        discriminator : Network
            D; every layer must be piecewise linear.
        x_real, x_fake : arrays of shape (H, W, N, C) or (N, C)
        rng : numpy.random.Generator or None
            Draws points between samples, and what the layers of D draw.
        objective : Objective, optional
            Finds the logit in D's outputs. Without it, every output is a logit.

        Returns
        -------
        P : array of shape ()
            Not multiplied by ``every``; the sum over the logits if D has several.

        Raises
        ------
        InputError
            If D has a layer that is not piecewise linear.
        """
        check_penalised(discriminator)
        x = self.points(x_real, x_fake, rng)
        outputs, caches = discriminator.forward(x, train=True, rng=rng)
        xp, n = get_array_module(x), x.shape[-2]
        axes = tuple(i for i in range(x.ndim) if i != x.ndim - 2)  # all but the samples
        logits, slopes = objective.logit(outputs) if objective else (outputs, xp.ones_like(outputs))
        count = logits.shape[-1]
        total = xp.zeros((), dtype=x.dtype)
        for upstream in [slopes] if count == 1 else [slopes * column for column in xp.eye(count, dtype=x.dtype)]:
            g = discriminator.backward(upstream, caches, param_grads=False)
            p, slope = self.of_norm(xp.sqrt((g * g).sum(axis=axes)))
            v = g * (self.weight / n * self.every * slope)[:, None]
            discriminator.add_tangent_grads(v, upstream, caches)
            total += self.weight * p.mean()
        return total


class GeneratorPenalty(Protocol):
    """What G pays besides its loss; `minigan.models.articles.losses.Reconstruction` is one."""

    def add_gradient(self, generator: Network, x_real: Array | None, x_fake: Array, caches_fake: Caches) -> Array:
        """Add dP/dtheta to G's ``dtheta``, and return P (0-d); x_fake and caches_fake are from one forward pass."""
        ...


def check_penalised(discriminator: Network) -> None:
    """Check that the gradient of a penalty can be computed through this D.

    Raises
    ------
    InputError
        If a layer is not piecewise linear.
    """
    for i, layer in enumerate(discriminator.layers):
        if not layer.piecewise_linear:
            raise InputError(
                f"penalty: expected a discriminator of piecewise linear layers, got {layer!r} as its layer {i}, whose "
                "slope changes with x; the hand-derived second derivative leaves that out"
            )


class R1(Penalty):
    """gamma / 2 mean |grad D|^2 at real samples (Mescheder et al. 2018, arXiv 1801.04406, eq. 9): v = g gamma / N."""

    name = "r1"

    def points(self, x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
        return x_real

    def of_norm(self, norm: Array) -> tuple[Array, Array]:
        return norm * norm / 2, norm * 0 + 1


class R2(R1):
    """gamma / 2 mean |grad D|^2 at fakes (Mescheder et al. 2018, eq. 10)."""

    name = "r2"

    def points(self, x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
        return x_fake


class ZeroCentred(R1):
    """gamma / 2 mean |grad D|^2 between a real sample and a fake (Thanh-Tung et al. 2019, arXiv 1902.03984)."""

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
        """Return what the formula squares, here |g| - 1."""
        return norm - 1

    def of_norm(self, norm: Array) -> tuple[Array, Array]:
        excess = self.excess(norm)
        steep = (norm > 0).astype(norm.dtype)
        return excess * excess, 2 * excess * steep / (norm + (1 - steep))


class OneSidedWGANGP(WGANGP):
    """lambda mean max(0, |grad D| - 1)^2: slopes below 1 cost nothing (Petzka et al. 2018, arXiv 1709.08894)."""

    name = "wgan-gp-one-sided"

    def excess(self, norm: Array) -> Array:
        return get_array_module(norm).maximum(norm - 1, 0)


PENALTIES: dict[str, type[Penalty]] = {each.name: each for each in (R1, R2, ZeroCentred, WGANGP, OneSidedWGANGP)}


def interpolate(x_real: Array, x_fake: Array, rng: np.random.Generator | None) -> Array:
    """Return e x_real + (1 - e) x_fake, with e uniform in [0, 1) for each sample, drawn on the host."""
    if rng is None:
        raise InputError("rng: expected a Generator, which draws points between real samples and fakes, got None")
    n = x_real.shape[-2]
    e = feed(lambda: rng.random((n, 1)).astype(x_real.dtype), device_of(x_real))
    return x_fake + e * (x_real - x_fake)


def get_penalty(text: str) -> Penalty:
    """Make a penalty from its name and options, for example ``"r1"`` or ``"r1:weight=10,every=4"``.

    The weight may also be called gamma or lambda, as in the formulas.

    Raises
    ------
    InputError
        If the name or an option is unknown; the message lists the known ones.
    """
    name, _, rest = text.partition(":") if isinstance(text, str) else ("", "", "")
    if name not in PENALTIES:
        raise InputError(f"penalty: expected one of {', '.join(PENALTIES)}, got {validation.shown(text)}")
    options: dict[str, Any] = {}
    for each in rest.split(",") if rest else []:
        key, _, value = each.partition("=")
        key = "weight" if key in ("gamma", "lambda") else key
        try:
            options[key] = {"weight": float, "every": int}[key](value)
        except (KeyError, ValueError):
            raise InputError(
                f"penalty: expected weight=NUMBER or every=INTEGER after {name!r}, got {validation.shown(each)}"
            ) from None
    return PENALTIES[name](**options)
