"""The picture of an attack: images, what was added to them, and the results, with what the network says of both."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ..files import atomic_path
from ..runs.drawing import one_at_a_time
from .attack_table import Attack, Part

if TYPE_CHECKING:
    from matplotlib.figure import SubFigure

SHOWN = 8  # images of each part
FOOLED = "#c1121f"
STYLE: dict[Any, Any] = {"font.size": 10}


@one_at_a_time
def save_attack(attack: Attack, path: str | os.PathLike[str]) -> None:
    """Write the first images of each part as a PNG, whole or not at all.

    The middle row shows what was added: grey is nothing, white is + epsilon, black is - epsilon. What the judge says
    stands below the images, in red where it is fooled.

    Parameters
    ----------
    attack : what was found
    path : the file
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        columns = min(SHOWN, len(attack.parts[0].before))
        figure = Figure(
            figsize=(1.6 + 1.15 * max(columns, 5), 0.5 + 4.4 * len(attack.parts)),
            dpi=110, facecolor="white", layout="constrained",
        )  # fmt: skip
        FigureCanvasAgg(figure)
        figure.suptitle(f"{attack.title}, $\\epsilon$ = {attack.epsilon:g} of [-1, 1]", weight="bold", fontsize=12)
        blocks = figure.subfigures(len(attack.parts), 1, squeeze=False)[:, 0]
        for block, part in zip(blocks, attack.parts, strict=True):
            _show(block, part, columns, attack.epsilon)
        with atomic_path(path) as temporary:
            figure.savefig(temporary)


def _show(block: "SubFigure", part: Part, columns: int, epsilon: float) -> None:
    block.suptitle(f"{part.name}; below each: {part.judge}, red where it is fooled", fontsize=11)
    change = (part.after - part.before) / np.float32(epsilon)
    rows = (
        ("before", part.before, part.said[0], part.fooled[0]),
        (f"added, x {1 / epsilon:.3g}", change, None, None),
        ("after", part.after, part.said[1], part.fooled[1]),
    )
    panels = block.subplots(3, columns, squeeze=False)
    for line, (name, images, said, fooled) in zip(panels, rows, strict=True):
        for i, axes in enumerate(line):
            axes.imshow((np.clip(images[i], -1, 1) + 1) / 2, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if said is not None and fooled is not None:
                axes.set_xlabel(said[i], labelpad=2, color=FOOLED if fooled[i] else "black")
        line[0].set_ylabel(name)
