"""Turns whatever a user writes for ``data=`` (a name, a path, an array) into a Dataset or Points."""

import difflib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .dataset import Dataset, read_npz
from .idx import find_idx, read_idx
from .mnist import NAMES as DIGITS
from .mnist import SPLITS, mnist, mnist_5k
from .points import NAMES as TOYS
from .points import Points, named_points

NAMES = DIGITS + TOYS


def load_dataset(
    data: Dataset | Points | NDArray[Any] | str | os.PathLike[str], split: str = "train"
) -> Dataset | Points:
    """Return the Dataset, or for a toy the Points, that ``data`` stands for.

    Parameters
    ----------
    data : one of
        - a Dataset or Points: returned as it is
        - an ndarray of images, as Dataset takes them
        - the name "mnist-5k" (5,000 digits, in the package) or "mnist" (all of it, downloaded once);
          a folder of the same name is reached as "./mnist"
        - the name "ring" or "grid": 100,000 points of PacGAN's mixtures of Gaussians; or "dirac": the point 0
        - a path: a folder with IDX files named as MNIST's are, ``.gz`` or plain, labels optional;
          or an ``.npz`` file with the arrays ``images`` and, optionally, ``labels``
    split : "train" or "test"; only "mnist" and a folder of IDX files have a test half

    Raises
    ------
    InputError : the name is unknown, the path holds no such data, there is no test half, or the arrays
        are no Dataset
    """
    if split not in SPLITS:
        raise InputError(f"split: got {split!r}, expected one of {', '.join(map(repr, SPLITS))}")
    if isinstance(data, Dataset | Points):
        return data
    if isinstance(data, np.ndarray):
        _refuse_test(split, "an array")
        return Dataset("array", data)
    if isinstance(data, str):
        if data == "mnist":
            return mnist(split)
        if data == "mnist-5k":
            _refuse_test(split, "'mnist-5k'")
            return mnist_5k()
        if data in TOYS:
            _refuse_test(split, f"{data!r}")
            return named_points(data)
    elif not isinstance(data, os.PathLike):
        raise InputError(f"data: got {type(data).__name__}, expected a name, a path, an array or a Dataset")

    path = Path(os.path.expanduser(data))
    if data != "" and os.path.isdir(path):
        return _read_folder(path, split)
    if os.path.isfile(path):
        if path.suffix != ".npz":
            raise InputError(f"{path}: expected an .npz file, or the folder that holds the IDX files")
        _refuse_test(split, f"{path}")
        return read_npz(path)
    if isinstance(data, os.PathLike) or path.name != data or path.suffix:
        raise InputError(f"data: {path}: no such file or folder")
    raise InputError(_unknown_name(data))


def _read_folder(folder: Path, split: str) -> Dataset:
    images_stem, labels_stem = SPLITS[split]
    images_path, labels_path = find_idx(folder, images_stem), find_idx(folder, labels_stem)
    if images_path is None:
        there = f"holds {labels_path.name} but no images" if labels_path else "holds no such IDX files"
        raise InputError(f"{folder}: {there}; expected {images_stem}[.gz]")
    labels = read_idx(labels_path) if labels_path else None
    try:
        return Dataset(folder.resolve().name, read_idx(images_path), labels)
    except InputError as error:
        raise InputError(f"{folder}: {error}") from None


def _refuse_test(split: str, what: str) -> None:
    if split == "test":
        raise InputError(f"split: {what} has no test half; 'mnist' and a folder of IDX files have one")


def _unknown_name(data: str) -> str:
    close = difflib.get_close_matches(data.lower(), NAMES, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    known = ", ".join(map(repr, NAMES))
    return f"data: unknown name {data!r}; known: {known}; a path or an array may be given too.{guess}"
