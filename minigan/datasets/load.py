"""Turns whatever a user writes for ``data=`` (a name, a path, an array) into a Dataset or Points."""

import difflib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import validation
from ..errors import InputError
from .dataset import Dataset, read_npz
from .idx import find_idx, read_idx
from .mnist import SPLITS
from .points import Points
from .registry import DATASETS


def load_dataset(
    data: Dataset | Points | NDArray[Any] | str | os.PathLike[str], split: str = "train"
) -> Dataset | Points:
    """Return the data set that ``data`` stands for.

    Parameters
    ----------
    data : one of

        - a Dataset or Points, which is returned as it is
        - an array of images, as Dataset takes it
        - a name in `minigan.datasets.DATASETS`, such as "mnist-5k" or "ring"; a folder of the same name is reached
          as "./mnist"
        - the path of a folder with IDX files that are named like those of MNIST, ``.gz`` or plain, with labels or
          without
        - the path of an ``.npz`` file with the array ``images`` and, if there are labels, the array ``labels``
    split : "train" or "test"; only "mnist" and a folder of IDX files have a test half

    Returns
    -------
    Images as a Dataset, points as Points.

    Raises
    ------
    InputError : the name is unknown, the path holds no such data, there is no test half, or the arrays do not fit
    """
    validation.one_of("split", split, SPLITS)
    if isinstance(data, Dataset | Points):
        return data
    if isinstance(data, np.ndarray):
        if split == "test":
            raise _no_test_half("an array")
        return Dataset("array", data)
    if not isinstance(data, str | os.PathLike):
        raise InputError(f"data: expected a name, a path, an array or a Dataset, got {type(data).__name__}")
    if isinstance(data, str) and data in DATASETS:
        return _load_named(data, split)

    text = validation.name_or_path("data", data)
    path = Path(text)
    if os.path.isdir(path):
        return _read_folder(path, split)
    if os.path.isfile(path):
        if path.suffix != ".npz":
            raise InputError(f"data: expected an .npz file, or the folder that holds the IDX files, got {str(path)!r}")
        if split == "test":
            raise _no_test_half(repr(str(path)))
        return read_npz(path)
    if isinstance(data, os.PathLike) or path.name != text or path.suffix:
        raise InputError(f"data: expected a file or a folder, got {str(path)!r}, which does not exist")
    raise InputError(_unknown_name(text))


def _load_named(name: str, split: str) -> Dataset | Points:
    entry = DATASETS[name]
    load = entry.load if split == "train" else entry.load_test
    if load is None:
        raise _no_test_half(repr(name))
    return load()


def _read_folder(folder: Path, split: str) -> Dataset:
    images_stem, labels_stem = SPLITS[split]
    images_path, labels_path = find_idx(folder, images_stem), find_idx(folder, labels_stem)
    if images_path is None:
        found = f"only {labels_path.name}" if labels_path else "no such file"
        raise InputError(f"{folder}: expected {images_stem}[.gz], got {found}")
    labels = read_idx(labels_path) if labels_path else None
    try:
        return Dataset(folder.resolve().name, read_idx(images_path), labels)
    except InputError as error:
        raise InputError(f"{folder}: {error}") from None


def _no_test_half(what: str) -> InputError:
    return InputError(f"split: expected 'train', because {what} has no test half, got 'test'")


def _unknown_name(data: str) -> str:
    close = difflib.get_close_matches(data.lower(), DATASETS, n=1)
    guess = f"; did you mean {close[0]!r}?" if close else ""
    return f"data: expected a path, an array, or one of the names {', '.join(DATASETS)}, got {data!r}{guess}"
