"""The objectives by name."""

import pytest

from minigan import InputError
from minigan.objectives import OBJECTIVES, get_objective


def test_get_objective():
    assert list(OBJECTIVES) == ["non-saturating", "minimax", "least-squares", "wasserstein", "hinge"]
    for name, objective in OBJECTIVES.items():
        assert get_objective(name) is objective
        assert objective.name == name


@pytest.mark.parametrize("name", ["wgan", "", None, 1, ["hinge"]])
def test_refuses_unknown_names(name):
    message = "^objective: expected one of non-saturating, minimax, least-squares, wasserstein, hinge, got "
    with pytest.raises(InputError, match=message):
        get_objective(name)
