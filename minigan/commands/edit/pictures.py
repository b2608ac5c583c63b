"""The images that an action of ``minigan edit`` is given, and where its picture goes."""

import argparse
from pathlib import Path

import numpy as np

from ... import validation
from ...datasets import load_dataset
from ...datasets.dataset import Dataset
from ...editing.inputs import as_images
from ...errors import InputError
from ...runs.run import Run
from ..arguments import file, folder_of


def add_images(parser: argparse.ArgumentParser, *, n: int) -> None:
    """Add ``--images`` and ``-n``."""
    parser.add_argument(
        "--images",
        nargs="+",
        default=["mnist-5k"],
        metavar="NAME",
        help="One or more .png files, white on black; or an .npz file with the array 'images', a folder of IDX files, "
        "or the name of a data set, of which the test half is taken if there is one. Default: mnist-5k.",
    )
    parser.add_argument("-n", type=int, default=n, metavar="INT", help=f"Number of images at most. Default: {n}.")


def read_images(
    names: list[str], n: int, run: Run, *, small: tuple[int, int, int] | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the first n images, (n, H, W, C) float32 in [-1, 1], and their labels, (n,), if there are any.

    Parameters
    ----------
    names, n
        What ``--images`` and ``-n`` say.
    run : Run
    small : (H, W, C), optional
        Another size that the images may have instead of the one that the run draws.

    Raises
    ------
    InputError
        If a name is unknown, a file is no image, or the images have another size or different sizes.
    """
    validation.integer("n", n)
    if all(Path(name).suffix.lower() == ".png" for name in names):
        pictures = [read_png(Path(name), run.generator.output_shape[-1]) for name in names]
        sizes = sorted({picture.shape[:2] for picture in pictures})
        if len(sizes) > 1:
            first, second = (f"{height} x {width}" for height, width in sizes[:2])
            raise InputError(f"images: expected pictures of one size, got {first} and {second} pixels")
        data = Dataset("images", np.stack(pictures))
    elif len(names) > 1:
        raise InputError(f"images: expected .png files, or one other name, got {' '.join(names)!r}")
    else:
        data = _read_data(names[0])
    labels = None if data.labels is None else data.labels[:n]
    return as_images(data.images[:n], run, shape=small if data.image_shape == small else None), labels


def _read_data(name: str) -> Dataset:
    try:
        data = load_dataset(name, "test")
    except InputError as error:
        if not str(error).startswith("split: "):
            raise InputError(f"images: {str(error).removeprefix('data: ')}") from None
        data = load_dataset(name)
    if not isinstance(data, Dataset):
        raise InputError(f"images: expected images, got the points of {name!r}")
    return data


def read_png(path: Path, channels: int, *, name: str = "images") -> np.ndarray:
    """Return the pixels of a picture, (H, W, C) uint8, in one channel or in three.

    Raises
    ------
    InputError
        If the file is no picture; ``name`` is what the error calls it.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    except FileNotFoundError:
        raise InputError(f"{name}: expected a picture, got {str(path)!r}, which does not exist") from None
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{name}: expected a picture in {str(path)!r}, got none ({error})") from None
    return pixels.reshape(*pixels.shape[:2], -1)


def add_out(parser: argparse.ArgumentParser, default: str, *, suffix: str = ".png") -> None:
    """Add ``--out``, the name of the picture."""
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help=f"The picture, a {suffix} file. Default: {default} beside the model, or in the current folder if the "
        "model is part of minigan.",
    )


def out_path(arguments: argparse.Namespace, default: str) -> Path:
    """Return where the picture goes.

    Raises
    ------
    InputError
        If its name has another ending than the default one.
    """
    out: Path = arguments.out or folder_of(arguments.path) / default
    suffix = Path(default).suffix
    if out.suffix != suffix:
        raise InputError(f"out: expected a name that ends in {suffix}, got {str(out)!r}")
    return out
