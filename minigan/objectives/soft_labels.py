"""Soft labels: a discriminator that is told other labels than 1 for real samples and 0 for fakes."""

import numpy as np

from .. import validation
from ..backend import Array, device_of, feed
from ..errors import InputError
from .gan import Objective
from .wrapper import ObjectiveWrapper


class SoftLabels(ObjectiveWrapper):
    """An objective whose D is told other labels than 1 for real and 0 for fake; G's loss stays as it is.

    For a sample with label t, D pays

        t real_loss(s) + (1 - t) fake_loss(s)

    With the cross-entropy losses this is exactly the loss for the target t. If only the real label is changed, to less
    than 1, this is one-sided label smoothing (Salimans et al. 2016, section 3.4). If the fake label is above 0 too, the
    smoothing is two-sided: the best D is then (real p_data + fake p_g) / (p_data + p_g), which pulls G towards its own
    samples.

    Parameters
    ----------
    objective : Objective
        The one whose losses are mixed.
    real, fake : float
        Labels of real samples and of fakes, 0 <= fake < real <= 1.
    noise : float in [0, real - fake]
        Every label moves towards the other side by a uniform draw from [0, noise].
    flip : float in [0, 1)
        Probability that a sample, real or fake, gets the label 1 - t instead of t.
    rng : numpy.random.Generator
        Draws the noise and the flips, on the host.

    Raises
    ------
    InputError
        If a number lies outside its range.
    """

    name = "soft labels"

    def __init__(
        self,
        objective: Objective,
        *,
        real: float = 1.0,
        fake: float = 0.0,
        noise: float = 0.0,
        flip: float = 0.0,
        rng: np.random.Generator,
    ) -> None:
        if not 0 <= fake < real <= 1:
            raise InputError(f"real_label, fake_label: expected 0 <= fake < real <= 1, got {real!r} and {fake!r}")
        if not 0 <= noise <= real - fake:
            raise InputError(f"label_noise: expected a number in [0, {real - fake:g}], got {noise!r}")
        super().__init__(objective)
        self.rng = rng
        self.real_label, self.fake_label, self.noise = float(real), float(fake), float(noise)
        self.flip = validation.fraction("label_flip", flip)

    def real_loss(self, s: Array) -> tuple[Array, Array]:
        return self._loss_for_label(s, self.real_label, -self.noise)

    def fake_loss(self, s: Array) -> tuple[Array, Array]:
        return self._loss_for_label(s, self.fake_label, self.noise)

    def _loss_for_label(self, s: Array, label: float, noise: float) -> tuple[Array, Array]:
        """Return the loss of every logit for its own label t, drawn around ``label``, and the derivative."""

        def draw() -> np.ndarray:
            t = label + noise * self.rng.random(s.shape)
            return np.where(self.rng.random(s.shape) < self.flip, 1 - t, t).astype(s.dtype)

        t = feed(draw, device_of(s))
        loss_real, ds_real = self.objective.real_loss(s)
        loss_fake, ds_fake = self.objective.fake_loss(s)
        return t * loss_real + (1 - t) * loss_fake, t * ds_real + (1 - t) * ds_fake
