"""The axes of a plot of points, which are the same in every picture of one data set."""

import numpy as np

from ..datasets import MODES


def centres_of(data: str) -> np.ndarray | None:
    """Return the centres of the modes of a data set, (M, C), or None where they are not known."""
    return MODES[data].centres if data in MODES else None


def reach_of(points: np.ndarray, centres: np.ndarray | None) -> float:
    """Return the largest coordinate that a plot shows; it depends on the centres alone where these are known."""
    return 1.25 * max(1.0, float(np.abs(points if centres is None else centres).max()))
