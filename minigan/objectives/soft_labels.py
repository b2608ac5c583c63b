"""Soft labels: a discriminator that is told other labels than 1 for real and 0 for fake."""

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device
from ..errors import InputError
from .gan import Objective, ObjectiveWrapper


class SoftLabels(ObjectiveWrapper):
    """An objective of which D is told other labels than 1 for real and 0 for fake; G's loss stays.

    With label t of a sample, D pays  t real(s) + (1 - t) fake(s): for the cross-entropy losses exactly the loss with
    target t. ``real`` below 1 alone is one-sided smoothing (Salimans et al. 2016, section 3.4), ``fake`` above 0 too
    is two-sided: the best D becomes (real p_data + fake p_g) / (p_data + p_g), which draws G to its own samples.

    Parameters
    ----------
    objective : whose losses are mixed
    real, fake : labels of real and fake samples, 0 <= fake < real <= 1
    noise : each label moves by a uniform draw from [0, noise] towards the other side; at most real - fake
    flip : probability in [0, 1) that a sample, real or fake, is given the label 1 - t
    rng : draws noise and flips, on the host
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

    def real(self, s: Array) -> tuple[Array, Array]:
        return self._mixed(s, self.real_label, -self.noise)

    def fake(self, s: Array) -> tuple[Array, Array]:
        return self._mixed(s, self.fake_label, self.noise)

    def _mixed(self, s: Array, label: float, noise: float) -> tuple[Array, Array]:
        t = label + noise * self.rng.random(s.shape)
        t = np.where(self.rng.random(s.shape) < self.flip, 1 - t, t).astype(s.dtype)
        target = to_device(t, device_of(s))
        (loss_real, ds_real), (loss_fake, ds_fake) = self.objective.real(s), self.objective.fake(s)
        return target * loss_real + (1 - target) * loss_fake, target * ds_real + (1 - target) * ds_fake
