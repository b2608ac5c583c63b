"""The page of an evaluation: digits, their nearest training digits, numbers, classes and features, in one picture."""

import os
from typing import Any

import numpy as np

from ..files import atomic_path
from ..metrics import EVALUATORS, Evaluation, load_evaluator
from ..metrics.evaluation import TEST_COUNTS
from ..metrics.measures import table_rows
from ..metrics.memorisation import flat_pixels
from .drawing import one_at_a_time
from .figures import tile

REAL, DRAWN, SECOND = "#8d99a6", "#e4572e", "#f3a78f"  # SECOND: drawn digits under the second evaluator
LEFT, RIGHT, WIDTH = 0.04, 0.53, 0.44  # both columns, in widths of the page
SIDE = 10  # digits in a row
POINTS = 1500  # real digits, and drawn ones, among the features
LEFT_OUT = ("kid_std", "precision_5", "recall_5", "density_5", "coverage_5")  # of the table


@one_at_a_time
def save_page(evaluation: Evaluation, path: str | os.PathLike[str], *, title: str) -> None:
    """Write the page as a PNG, whole or not at all.

    Parameters
    ----------
    evaluation : what `evaluate` found
    path : the file
    title : what was evaluated
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {"font.size": 9, "axes.titlesize": 10, "axes.titlelocation": "left"}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(12, 9.6), dpi=120, facecolor="white")
        figure.set_layout_engine("none")  # whatever the caller's rcParams say
        FigureCanvasAgg(figure)
        figure.text(LEFT, 0.955, title, fontsize=16, weight="bold")
        figure.text(LEFT, 0.927, subtitle(evaluation), fontsize=10, color="0.3")
        shown = to_signed(evaluation.images[: SIDE * SIDE])
        _show(figure.add_axes((LEFT, 0.335, WIDTH, 0.55)), shown, f"The first {len(shown)} digits")
        _show_neighbours(figure, evaluation)
        _show_numbers(figure, evaluation)
        _show_classes(figure.add_axes((LEFT, 0.05, WIDTH, 0.22)), evaluation)
        for left, name in zip((RIGHT, RIGHT + 0.235), evaluation.measured, strict=True):
            _show_features(figure.add_axes((left, 0.05, 0.205, 0.22)), evaluation, name)
        with atomic_path(path) as temporary:
            figure.savefig(temporary)


def subtitle(evaluation: Evaluation) -> str:
    """Return the line below the title: how many digits, and whether they look like copies."""
    found = evaluation.memorisation
    if found is None:
        return f"{evaluation.n:,} digits.  " + "  ".join(evaluation.notes)
    return (
        f"{evaluation.n:,} digits. In {100 * found.nearer:.0f} % of all pairs a drawn digit is nearer to a training "
        "digit than a test digit is (50 % for new digits, more for copies)."
    )


def to_signed(images: np.ndarray) -> np.ndarray:
    """Return images (n, H, W), uint8 or in [-1, 1], as float32 in [-1, 1]."""
    return 2 * flat_pixels(images).reshape(images.shape) - 1


def closest_of_each_class(evaluation: Evaluation) -> np.ndarray:
    """Return, for each class that was drawn, the index of the digit that is nearest to a training digit."""
    assert evaluation.distances is not None
    classes = load_evaluator().classify(evaluation.features[EVALUATORS[0]]).argmax(axis=1)
    by_distance = np.argsort(evaluation.distances, kind="stable")
    _, first = np.unique(classes[by_distance], return_index=True)
    return by_distance[first]


def _show(axes: Any, images: np.ndarray, title: str) -> None:
    axes.imshow(tile(images, columns=SIDE), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    axes.set_anchor("NW")
    axes.set_axis_off()
    axes.set_title(title)


def _show_neighbours(figure: Any, evaluation: Evaluation) -> None:
    if evaluation.neighbours is None:
        axes = figure.add_axes((RIGHT, 0.628, WIDTH, 0.257))
        axes.set_axis_off()
        axes.set_title("The training digits are not known here.")
        return
    strips = (
        (0.778, closest_of_each_class(evaluation), "The closest of each class to a training digit (below it)"),
        (0.633, np.arange(min(SIDE, evaluation.n)), "The first ten, and the nearest training digit of each"),
    )
    for bottom, chosen, title in strips:
        pairs = np.full((2, SIDE, *evaluation.images.shape[1:]), -1, dtype=np.float32)
        for row, images in zip(pairs, (evaluation.images, evaluation.neighbours), strict=True):
            row[: len(chosen)] = to_signed(images[chosen])
        _show(figure.add_axes((RIGHT, bottom, WIDTH, 0.107)), pairs.reshape(-1, *pairs.shape[2:]), title)


def _show_numbers(figure: Any, evaluation: Evaluation) -> None:
    top, height = 0.592, 0.0198
    columns = [RIGHT + 0.44 * share for share in (0.49, 0.61, 0.77, 0.89, 1.0)]
    for x, name in zip(columns[1::2], evaluation.measured, strict=True):
        figure.text(x, top, name, ha="right", weight="bold")
    for x, name in zip(columns, ("drawn", "real", "drawn", "real", "best"), strict=True):
        figure.text(x, top - height, name, ha="right", color="0.45")
    rows = [row for row in table_rows(evaluation.n) if row.field not in LEFT_OUT]
    for y, row in zip(top - height * np.arange(2, 2 + len(rows)), rows, strict=True):
        figure.text(RIGHT, y, row.name)
        for i, (x, number) in enumerate(zip(columns, [*evaluation.numbers(row), row.best], strict=True)):
            figure.text(x, y, number, ha="right", color="black" if i in (0, 2) else "0.45")


def _show_classes(axes: Any, evaluation: Evaluation) -> None:
    digits = np.arange(10)
    axes.bar(digits, 100 * np.array(TEST_COUNTS) / sum(TEST_COUNTS), 0.94, color=REAL, alpha=0.4, label="test digits")
    for place, colour, (name, found) in zip((-0.2, 0.2), (DRAWN, SECOND), evaluation.measured.items(), strict=True):
        axes.bar(digits + place, 100 * np.array(found.counts) / evaluation.n, 0.36, color=colour, label=name)
    axes.set_title("Share of each digit, %")
    axes.set(xticks=digits, xlim=(-0.6, 9.6))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.02, 0.98), ncols=3, frameon=False, fontsize=8, handlelength=0.9,
        columnspacing=1,
    )  # fmt: skip


def _show_features(axes: Any, evaluation: Evaluation, name: str) -> None:
    evaluator = load_evaluator(name)
    assert evaluator.reference is not None
    _, vectors = np.linalg.eigh(evaluator.reference.covariance)
    plane = vectors[:, :-3:-1]  # the two directions in which the features of real digits vary most
    real = evaluator.reference_features
    chosen = np.random.default_rng(0).permutation(len(real))[:POINTS]
    sets = (("real", real[chosen], REAL), ("drawn", evaluation.features[name][:POINTS], DRAWN))
    for label, features, colour in sets:
        x, y = ((features - evaluator.reference.mean) @ plane).T
        axes.scatter(x, y, s=5, lw=0, color=colour, alpha=0.55, label=label)
    axes.set_title(f"Features, {name}")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color("0.7")
    axes.legend(
        loc="upper right", bbox_to_anchor=(1.04, 0.03), ncols=2, frameon=False, fontsize=8, markerscale=3,
        handletextpad=0, columnspacing=0.6,
    )  # fmt: skip
