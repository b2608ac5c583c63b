"""One style for all figures of the course, with colours that colour-blind readers can tell apart."""

import io
import os
from typing import Any

import numpy as np

FAST = os.environ.get("MINIGAN_FAST") == "1"  # the tests run every chapter with fewer steps
STATIC = os.environ.get("MINIGAN_STATIC") == "1"  # the page will be read without a kernel

# One colour for each role, in every chapter.
COLOURS = {"real": "#0072b2", "fake": "#e66100", "D": "#000000", "G": "#882255"}
MARKERS = {"real": "o", "fake": "^"}  # so that a print in grey can be read, too
# D's opinion of a place: orange where D says fake (0), white where it does not know (1/2), blue where it says real (1).
OPINION = ("#f9bf8f", "#ffffff", "#8fc3e4")
LINES = ("#000000", "#e66100", "#0072b2", "#882255", "#56b4e9")  # for curves that have no role


def use_style() -> None:
    """Give all figures of a chapter one style: sizes that fit the page, light grids, lines instead of pixels."""
    import matplotlib
    from cycler import cycler
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    matplotlib.rcParams.update(
        {
            "axes.grid": True,
            "axes.prop_cycle": cycler(color=LINES, linestyle=("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 11,
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "figure.figsize": (7, 3.2),
            "grid.alpha": 0.25,
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "svg.fonttype": "none",  # text stays text: it can be searched and read aloud, and the file is small
            "svg.hashsalt": "minigan",  # the same figure gives the same file
        }
    )
    set_matplotlib_formats(*os.environ.get("MINIGAN_FIGURES", "svg").split(","))


def show_pixels() -> None:
    """Show the present figure as pixels; for figures that hold images or many thousands of points."""
    import matplotlib.pyplot as plt
    from IPython.display import Image, display

    file = io.BytesIO()
    plt.gcf().savefig(file, format="png")
    plt.close()
    display(Image(file.getvalue()))


def opinion_map() -> Any:
    """Return the colour map of D's opinion, for values in [0, 1]; it is white at 1/2.

    >>> opinion_map()(0.5)[:3] == (1.0, 1.0, 1.0)
    True
    """
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("opinion", OPINION, N=255)  # odd, so that one colour is the middle


def simulate(colour: str, matrix: np.ndarray) -> np.ndarray:
    """Return how a colour "#rrggbb" looks to an eye, as CIE L*a*b*.

    Parameters
    ----------
    colour : str
    matrix : array of shape (3, 3)
        How the eye mixes linear red, green and blue (Machado, Oliveira & Fernandes 2009, table 1); the identity for
        an eye that sees all colours.
    """
    code = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ np.clip(matrix @ linear, 0, 1) / (0.9505, 1.0, 1.089)
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])
