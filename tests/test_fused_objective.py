"""On the fast floor an objective has the same losses; on a GPU each of them is one kernel."""

import numpy as np
import pytest

from minigan.backend import to_device, to_host
from minigan.models import MODELS
from minigan.objectives import OBJECTIVES
from minigan.objectives.fused import FusedObjective

EVERY = {
    **OBJECTIVES,
    **{spec.published.objective.name: spec.published.objective for spec in MODELS.values() if spec.published},
}
LOGITS = [[-100.0], [-30.0], [-1.5], [-1.0], [-0.0], [0.3], [1.0], [2.5], [40.0], [100.0]]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_loss(name, dtype, device):
    objective, s = EVERY[name], to_device(np.array(LOGITS, dtype=dtype), device)
    fused = FusedObjective(objective)
    assert fused.log_odds == objective.log_odds
    for loss in ("real_loss", "fake_loss", "generator_loss"):
        for got, expected in zip(getattr(fused, loss)(s), getattr(objective, loss)(s), strict=True):
            assert (got.dtype, got.shape) == (dtype, s.shape)
            np.testing.assert_allclose(to_host(got), to_host(expected), rtol=1e-6 if dtype == "float32" else 1e-14)
    np.testing.assert_allclose(to_host(fused.output(s)), to_host(objective.output(s)), rtol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_a_logit_that_is_not_a_number_shows(name, device):
    s = to_device(np.full((3, 1), np.nan, dtype=np.float32), device)
    fused = FusedObjective(EVERY[name])
    for loss in (fused.real_loss, fused.fake_loss, fused.generator_loss):
        assert any(np.isnan(to_host(each)).all() for each in loss(s))
