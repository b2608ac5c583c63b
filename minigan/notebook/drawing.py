"""Drawings of what a chapter speaks of: boxes, circles, arrows and images, with numbers forward and gradients back."""

from typing import Any, NamedTuple

import numpy as np

from .style import COLOURS

BACK = COLOURS["G"]  # gradients, and the arrows that lead back
INK = "#222222"
PAPER = "#f4f4f4"


class Shape(NamedTuple):
    """A box or a circle of a sketch: its centre, and half of its width and height."""

    x: float
    y: float
    half_width: float
    half_height: float

    def edge(self, towards: "Shape") -> tuple[float, float]:
        """Return the point of its edge that lies on the line to another shape."""
        dx, dy = towards.x - self.x, towards.y - self.y
        reach = min(
            self.half_width / abs(dx) if dx else np.inf,
            self.half_height / abs(dy) if dy else np.inf,
        )
        return self.x + dx * reach, self.y + dy * reach


class Sketch:
    """A figure without axes, measured in inches from its lower left corner.

    Parameters
    ----------
    width, height : float
        The size, in inches; text has the size of the page's text if the width is at most 7.

    >>> sketch = Sketch(4, 1)                                                             # doctest: +SKIP
    >>> x, y = sketch.box(0.6, 0.5, "x"), sketch.box(3.2, 0.5, "Dense")                   # doctest: +SKIP
    >>> sketch.arrow(x, y, "forward", shift=0.12), sketch.arrow(y, x, "back", back=True, shift=0.12)  # doctest: +SKIP
    """

    def __init__(self, width: float, height: float) -> None:
        import matplotlib.pyplot as plt

        self.figure = plt.figure(figsize=(width, height))
        self.figure.set_layout_engine("none")  # the axes fill the figure
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")

    def box(
        self, x: float, y: float, text: str, *, width: float = 1.0, height: float = 0.5, colour: str = PAPER
    ) -> Shape:
        """Draw a box around a text; return it."""
        from matplotlib.patches import FancyBboxPatch

        corner = (x - width / 2 + 0.05, y - height / 2 + 0.05)
        look: dict[str, Any] = {"boxstyle": "round,pad=0.05", "facecolor": colour, "edgecolor": INK}
        self.axes.add_patch(FancyBboxPatch(corner, width - 0.1, height - 0.1, **look))
        self.note(x, y, text, colour=_ink_on(colour))
        return Shape(x, y, width / 2, height / 2)

    def circle(self, x: float, y: float, text: str = "", *, radius: float = 0.22, colour: str = PAPER) -> Shape:
        """Draw a circle around a text; return it."""
        from matplotlib.patches import Circle

        self.axes.add_patch(Circle((x, y), radius, facecolor=colour, edgecolor=INK, zorder=2))
        self.note(x, y, text, colour=_ink_on(colour))
        return Shape(x, y, radius, radius)

    def image(
        self, x: float, y: float, pixels: np.ndarray, *, size: float = 1.0, grid: bool = False, cmap: str = "gray"
    ) -> Shape:
        """Draw an image (H, W) or (H, W, 3), `size` inches wide; return the shape that it fills."""
        height = size * pixels.shape[0] / pixels.shape[1]
        extent = (x - size / 2, x + size / 2, y - height / 2, y + height / 2)
        self.axes.imshow(pixels, extent=extent, aspect="auto", cmap=cmap, zorder=1)
        if grid:
            left, right, low, high = extent
            columns, rows = np.linspace(left, right, pixels.shape[1] + 1), np.linspace(low, high, pixels.shape[0] + 1)
            self.axes.vlines(columns, low, high, color=INK, lw=0.6, zorder=2)
            self.axes.hlines(rows, left, right, color=INK, lw=0.6, zorder=2)
        return Shape(x, y, size / 2, height / 2)

    def arrow(
        self,
        start: Shape | tuple[float, float],
        end: Shape | tuple[float, float],
        text: str = "",
        *,
        back: bool = False,
        shift: float = 0.0,
        bend: float = 0.0,
        colour: str | None = None,
    ) -> None:
        """Draw an arrow between two shapes or points.

        Parameters
        ----------
        start, end : Shape, or (x, y) in inches
        text : str
            Stands beside the middle of the arrow.
        back : bool
            Whether it leads back: a gradient. Such an arrow is dashed and has a colour of its own.
        shift : float
            How far it lies to the left of the straight line, in inches, so that two arrows can lie side by side.
        bend : float
            How much it is bent to the left, as a share of its length.
        """
        a, b = (s if isinstance(s, Shape) else Shape(*s, 0, 0) for s in (start, end))
        from_, to = np.array(a.edge(b)), np.array(b.edge(a))
        along = (to - from_) / max(np.linalg.norm(to - from_), 1e-9)
        left = np.array([-along[1], along[0]])
        from_, to = from_ + shift * left + 0.03 * along, to + shift * left - 0.03 * along
        colour = colour or (BACK if back else INK)
        self.axes.annotate(
            "",
            to,
            from_,
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "linestyle": "--" if back else "-",
                "connectionstyle": f"arc3,rad={-bend}",
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": 11,
            },
        )
        if text:
            side = left if shift >= 0 else -left
            middle = (from_ + to) / 2 + bend * np.linalg.norm(to - from_) / 2 * left + 0.13 * side
            self.note(middle[0], middle[1], text, colour=colour, size=9)

    def note(self, x: float, y: float, text: str, *, colour: str = INK, size: float = 10, **look: Any) -> None:
        """Write a text around a point."""
        look = {"ha": "center", "va": "center"} | look
        self.axes.text(x, y, text, color=colour, size=size, zorder=3, **look)

    def values(self, at: Shape, forward: str = "", gradient: str = "") -> None:
        """Write the number of the forward pass above a shape, and the gradient below it."""
        self.note(at.x, at.y + at.half_height + 0.13, forward, size=9)
        self.note(at.x, at.y - at.half_height - 0.13, gradient, colour=BACK, size=9)


def _ink_on(colour: str) -> str:
    """Return white or black, whichever is easier to read on a colour."""
    from matplotlib.colors import to_rgb

    return "white" if np.dot(to_rgb(colour), (0.299, 0.587, 0.114)) < 0.5 else INK
