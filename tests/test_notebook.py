"""What the chapters ask of a notebook: verdicts tell right from wrong, sliders do without ipywidgets."""

import doctest
import inspect
import subprocess
import sys
import types

import pytest

from minigan import notebook
from minigan.layers import Dense
from minigan.notebook import check_answer, interactive_plot, show_source, use_style


def check_double(f):
    assert f(0) == 0, "0 doubled is 0"
    assert f(2) == 4, "2 doubled is 4, and so is 2 squared: look at 3"
    assert f(3) == 6, "that is the square"


@pytest.mark.parametrize(
    ("answer", "right", "says"),
    [
        (lambda x: 2 * x, True, "right"),
        (lambda x: x * x, False, "not yet: that is the square"),
        (lambda x: ..., False, "open: put your answer in the place of the dots"),
        (lambda x: 1 / x, False, "not yet: it raises ZeroDivisionError: division by zero"),
        (..., False, "open: put your answer in the place of the dots"),
    ],
)
def test_verdicts(answer, right, says, capsys):
    assert check_answer(check_double, answer) is right
    assert capsys.readouterr().out == says + "\n"


def test_a_check_without_a_message(capsys):
    def check(answer):
        if answer != 1:
            raise AssertionError

    assert not check_answer(check, 2)
    assert capsys.readouterr().out == "not yet\n"


def test_examples_of_the_docstrings():
    assert doctest.testmod(notebook).failed == 0


def test_a_plot_draws_once_without_ipywidgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    drawn = []
    interactive_plot(lambda a, b: drawn.append((a, b)), a=(0, 2, 0.5), b=(1, 3, 2))
    assert drawn == [(0.5, 2)]


def test_a_plot_draws_once_when_static(monkeypatch):
    monkeypatch.setenv("MINIGAN_STATIC", "1")
    drawn = []
    interactive_plot(lambda a: drawn.append(a), a=(0, 2, 0.5))
    assert drawn == [0.5]


def test_a_plot_makes_sliders(monkeypatch):
    monkeypatch.delenv("MINIGAN_STATIC", raising=False)
    calls = []
    widgets = types.ModuleType("ipywidgets")
    widgets.FloatSlider = lambda **options: options
    widgets.interact = lambda draw, **controls: calls.append(controls)
    monkeypatch.setitem(sys.modules, "ipywidgets", widgets)
    interactive_plot(lambda a: None, a=(0, 2, 0.5))
    assert calls == [{"a": {"value": 0.5, "min": 0, "max": 2, "step": 0.04, "continuous_update": False}}]


def test_a_plot_makes_no_slider_for_a_default(monkeypatch):
    """ipywidgets makes a widget of every parameter that has a name and a default."""
    monkeypatch.delenv("MINIGAN_STATIC", raising=False)
    given, drawn = [], []
    widgets = types.ModuleType("ipywidgets")
    widgets.FloatSlider = lambda **options: options
    widgets.interact = lambda draw, **controls: given.append(draw)
    monkeypatch.setitem(sys.modules, "ipywidgets", widgets)
    interactive_plot(lambda a, n=14: drawn.append((a, n)), a=(0, 2, 0.5))
    assert [parameter.kind.name for parameter in inspect.signature(given[0]).parameters.values()] == ["VAR_KEYWORD"]
    given[0](a=1)
    assert drawn == [(1, 14)]


def test_source_is_that_of_the_package(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda markdown: shown.append(markdown.data))
    show_source(Dense.forward, Dense.jvp)
    assert shown[0].startswith("`minigan.layers.dense.Dense.forward`\n```python\ndef forward(self, x")
    assert shown[1].endswith("return x_dot @ self.w\n```")


def test_style_is_known_to_matplotlib():
    import matplotlib

    with matplotlib.rc_context():
        use_style()
        assert matplotlib.rcParams["figure.constrained_layout.use"]


def test_asserts_count_under_python_o(tmp_path):
    """``python -O`` leaves asserts out, and a check without them would call every answer right."""
    script = tmp_path / "cells.py"
    source = inspect.getsource(check_double)
    script.write_text(
        f"from minigan.notebook import check_answer\nassert False\n{source}\n"
        "print(check_answer(check_double, lambda x: 2 * x), check_answer(check_double, lambda x: x * x))\n"
    )
    done = subprocess.run([sys.executable, "-O", script], capture_output=True, text=True, check=True)
    assert done.stdout == "right\nnot yet: that is the square\nTrue False\n"
