"""ObjectiveWrapper: without a change it is the objective that it wraps."""

import numpy as np
import pytest

from minigan.backend import to_host
from minigan.objectives import OBJECTIVES, ObjectiveWrapper


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
def test_the_losses_are_those_of_the_wrapped_objective(objective, device, normal):
    wrapper, real, fake = ObjectiveWrapper(objective), normal(4, 1), normal(6, 1)
    assert wrapper.objective is objective
    assert wrapper.log_odds is objective.log_odds
    pairs = [(wrapper.discriminator(real, fake), objective.discriminator(real, fake))]
    pairs += [(wrapper.generator(fake), objective.generator(fake))]
    for loss in ("real_loss", "fake_loss", "generator_loss"):
        pairs.append((getattr(wrapper, loss)(fake), getattr(objective, loss)(fake)))
    for got, expected in pairs:
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_array_equal(to_host(a), to_host(b))
