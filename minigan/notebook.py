"""Tools for the chapters: one style for all figures, source code, sliders, and checks of answers.

matplotlib, IPython and ipywidgets are imported inside the functions that need them.
"""

import inspect
import os
import textwrap
from collections.abc import Callable
from typing import Any

FAST = os.environ.get("MINIGAN_FAST") == "1"  # the tests run every chapter with fewer steps
COLOURS = {"real": "tab:green", "fake": "tab:red", "D": "tab:blue", "G": "tab:orange"}


def use_style() -> None:
    """Give all figures of a chapter one style: sizes that fit the page, light grids, small files."""
    import matplotlib

    matplotlib.rcParams.update(
        {
            "figure.figsize": (7, 3.2),
            "figure.dpi": 90,
            "figure.constrained_layout.use": True,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "legend.frameon": False,
        }
    )


def show_source(*things: Any) -> None:
    """Show the source code of functions, methods or classes of the installed package."""
    from IPython.display import Markdown, display

    for thing in things:
        code = textwrap.dedent(inspect.getsource(thing)).rstrip()
        display(Markdown(f"`{thing.__module__}.{thing.__qualname__}`\n```python\n{code}\n```"))


def interactive_plot(draw: Callable[..., None], **sliders: tuple[float, float, float]) -> None:
    """Draw a figure again whenever a slider moves.

    Without ipywidgets, or with MINIGAN_STATIC=1 in the environment, the figure is drawn once, with the first values.

    Parameters
    ----------
    draw : function
        Takes the values of the sliders by name, and makes one figure.
    sliders : tuple of three floats
        The least, the greatest and the first value of each slider.

    >>> interactive_plot(lambda a: print(f"a = {a}"), a=(0, 2, 0.5))                 # doctest: +SKIP
    a = 0.5
    """
    try:
        if os.environ.get("MINIGAN_STATIC") == "1":
            raise ImportError("static figures are asked for")
        from ipywidgets import FloatSlider, interact
    except ImportError:
        draw(**{name: first for name, (_, _, first) in sliders.items()})
        return
    controls = {
        name: FloatSlider(value=first, min=least, max=greatest, step=(greatest - least) / 50, continuous_update=False)
        for name, (least, greatest, first) in sliders.items()
    }
    interact(lambda **values: draw(**values), **controls)  # without the lambda, every default of draw gets a slider


def _with_asserts(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return a check with its asserts; where Python leaves them out (``python -O``), it is compiled again with them."""
    if __debug__:
        return check
    code = compile(textwrap.dedent(inspect.getsource(check)), "<check>", "exec", dont_inherit=True, optimize=0)
    found: dict[str, Any] = {}
    exec(code, check.__globals__, found)
    return found[check.__name__]


def check_answer(check: Callable[[Any], None], answer: Any) -> bool:
    """Check the answer to an exercise, and print the verdict.

    Parameters
    ----------
    check : function
        Takes the answer and asserts what is true of a right one; the message of each assert is a hint.
    answer : value or function
        ``...``, or a function that returns ``...``, means that there is no answer yet.

    Returns
    -------
    bool
        Whether the answer is right.

    >>> def check_1(answer):
    ...     assert answer != -1, "look at the sign: which way is downhill?"
    ...     assert answer == 1, "not yet"
    >>> check_answer(check_1, ...), check_answer(check_1, -1), check_answer(check_1, 1)
    open: put your answer in the place of the dots
    not yet: look at the sign: which way is downhill?
    right
    (False, False, True)
    """
    seen: list[Any] = []

    def watched(*args: Any, **kwargs: Any) -> Any:
        seen.append(answer(*args, **kwargs))
        return seen[-1]

    verdict = "right"
    try:
        _with_asserts(check)(watched if callable(answer) and not isinstance(answer, type) else answer)
    except AssertionError as error:
        verdict = f"not yet: {str(error).splitlines()[0]}" if str(error) else "not yet"
    except Exception as error:
        verdict = f"not yet: it raises {type(error).__name__}: {error}"
    if answer is ... or any(value is ... for value in seen):
        verdict = "open: put your answer in the place of the dots"
    print(verdict)
    return verdict == "right"
