"""The picture of the league: every dot, mark and cross is where it belongs."""

import math

import numpy as np
import pytest
from PIL import Image
from test_league_table import LEAGUE, results

from minigan import InputError
from minigan.runs.league_figure import MEDIAN, save_league


def marks(axes, marker):
    """Where the marks of one kind are: (distance, row)."""
    return sorted(tuple(xy) for line in axes.get_lines() if line.get_marker() == marker for xy in line.get_xydata())


def test_what_is_on_it(tmp_path, drawn):
    save_league(LEAGUE, tmp_path / "study.png")
    with Image.open(tmp_path / "study.png") as picture:
        assert picture.size == (984, 290)
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    hybrid, mlp = drawn[0].axes
    assert [axes.get_title(loc="left") for axes in (hybrid, mlp)] == ["hybrid", "mlp"]
    assert [text.get_text() for text in hybrid.get_yticklabels()] == ["non-saturating, r1", "minimax", "hinge"]
    low, high = hybrid.get_ylim()
    assert low > high  # the first row is the uppermost one
    assert marks(mlp, "o") == [(0.5, 0), (1.0, 2), (1.5, 0), (2.0, 2), (3.0, 1), (3.0, 2), (4.0, 0), (5.0, 1)]
    assert marks(mlp, "|") == [(1.5, 0), (2.0, 2), (5.0, 1)]
    assert marks(mlp, "x") == [(13.5, 1)]  # beyond the greatest distance, 9
    assert marks(hybrid, "o") == [(6.0, 1), (6.5, 1), (7.0, 2), (8.0, 2), (8.5, 1), (9.0, 2)]
    assert marks(hybrid, "x") == []
    assert hybrid.get_xlim() == mlp.get_xlim()
    assert 0 < mlp.get_xlim()[0] < 0.5
    assert mlp.get_xlim()[1] > 13.5
    assert {axes.get_xscale() for axes in drawn[0].axes} == {"log"}
    assert {line.get_color() for line in mlp.get_lines() if line.get_marker() == "|"} == {MEDIAN}
    assert drawn[0].get_supxlabel().startswith("Frechet distance after 60 s of training on mnist")


@pytest.mark.parametrize("value", [0.03, 1.7, 2.05, 480.0])
def test_an_axis_has_a_number(value, tmp_path, drawn):
    save_league(results("hinge", value), tmp_path / "study.png")
    (axes,) = drawn[0].axes
    low, high = axes.get_xlim()
    assert any(low < tick < high for tick in axes.get_xticks())


def test_all_runs_diverged(tmp_path, drawn):
    save_league(results("hinge", math.inf, math.inf), tmp_path / "study.png")
    assert marks(drawn[0].axes[0], "x") == [(1.5, 0), (1.5, 0)]
    assert marks(drawn[0].axes[0], "|") == [(1.5, 0)]


def test_refuses_runs_of_two_kinds(tmp_path):
    with pytest.raises(InputError, match="summary: expected runs of one data set and one time"):
        save_league([*LEAGUE, *results("hinge", 1.0, seconds=5.0)], tmp_path / "study.png")
    assert list(tmp_path.iterdir()) == []
