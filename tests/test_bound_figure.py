"""The picture of the bound: what each axis says, and which lines it has."""

import numpy as np
import pytest

from minigan.runs.bound_figure import save_bound

HISTORY = {
    "step": np.array([50, 100, 150]),
    "elbo": np.array([-500.0, -20.0, 90.0]),
    "reconstruction": np.array([-499.0, 0.0, 120.0]),
    "kl": np.array([1.0, 20.0, 30.0]),
    "fid": np.array([np.nan, 9.0, 4.0]),
    "fid_floor": np.array([np.nan, 0.2, 0.2]),
}


@pytest.mark.parametrize("evaluated", [None, "fid"])
def test_the_axes_say_what_they_show(evaluated, tmp_path, drawn):
    save_bound(HISTORY, tmp_path / "losses.png", evaluated=evaluated)
    assert (tmp_path / "losses.png").stat().st_size > 1000
    bound, gap, *rest = drawn[0].axes
    assert len(rest) == (evaluated is not None)
    assert bound.get_ylabel() == gap.get_ylabel() == "nats per image"
    lines = {line.get_label().split(" ")[0].rstrip(":"): line.get_ydata() for line in (*bound.lines, *gap.lines)}
    for name, column in (("ELBO", "elbo"), ("reconstruction", "reconstruction"), ("KL", "kl")):
        np.testing.assert_array_equal(lines[name], HISTORY[column])
    assert (rest or [gap])[0].get_xlabel() == "training step"
    assert not any("discriminator" in text for axes in drawn[0].axes for text in axes.get_title().split())
