"""The model file: both networks of a run and its configuration, in one ``.npz``."""

import dataclasses
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import validation
from ..archive import Archive, read_verified, write_archive
from ..backend import Array, to_host
from ..errors import InputError
from ..network import Network
from ..training.config import ResolvedConfig
from . import checkpoint

KIND = "model"
FORMAT = 1
DTYPES = ("float32", "float16")  # of the weights
NOT_SAVED = (  # options that say nothing about the model
    "out", "overwrite", "quiet", "checkpoint_every", "keep_checkpoints", "distributed", "synchronised_batch_norm",
    "graph",
)  # fmt: skip


class ModelFile(NamedTuple):
    """What a model file holds.

    config : the options by name
    image_shape : (H, W, C) or (C,) of what the generator draws
    codes : the number of codes that the generator takes besides the noise; 0 in old files
    generator, discriminator : theta and stats of each network
    shares : how frequent each class is, (K,), or each cluster in each class, (K, M); None in old files
    """

    config: dict[str, Any]
    image_shape: tuple[int, ...]
    codes: int
    generator: tuple[np.ndarray, np.ndarray]
    discriminator: tuple[np.ndarray, np.ndarray]
    shares: np.ndarray | None


def write_model(
    path: str | os.PathLike[str],
    config: ResolvedConfig,
    generator: Network,
    discriminator: Network,
    shares: np.ndarray,
    *,
    dtype: str = "float32",
) -> Path:
    """Write a model file, whole or not at all; `Run.save` describes the parameters that have the same names there.

    Parameters
    ----------
    config, generator, discriminator, shares : those of the run

    Returns
    -------
    The path.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(f"path: expected a name that ends in .npz, got {str(path)!r}")
    validation.one_of("dtype", dtype, DTYPES)
    options = dataclasses.asdict(config)
    description = {
        "kind": KIND,
        "format": FORMAT,
        "image_shape": generator.output_shape,
        "codes": discriminator.output_shape[0] - 1 if len(shares) else 0,
        "config": {name: value for name, value in options.items() if name not in NOT_SAVED},
    }
    arrays = {
        "generator_theta": _rounded(generator.theta, dtype),
        "generator_stats": to_host(generator.stats),
        "discriminator_theta": _rounded(discriminator.theta, dtype),
        "discriminator_stats": to_host(discriminator.stats),
        "class_shares": shares,
    }
    try:
        write_archive(path, description, arrays, compress=dtype != "float32")
    except OSError as error:
        raise InputError(f"path: expected a file that can be written, got {str(path)!r} ({error.strerror})") from None
    return path


def _rounded(theta: Array, dtype: str) -> np.ndarray:
    """Return weights on the host in one of the two types; rounding must not make them infinite."""
    weights = to_host(theta)
    greatest = float(np.abs(weights).max(initial=0))
    if dtype == "float16" and greatest > float(np.finfo(dtype).max):
        raise InputError(f"dtype: expected 'float32', because a weight is as large as {greatest:.3g}, got {dtype!r}")
    return weights.astype(dtype, copy=False)


def read_model(file: Path) -> ModelFile:
    """Read a model file, or the model in a checkpoint, whose generator is the average.

    Raises
    ------
    InputError : the file is damaged or something else
    """
    with Archive(file) as archive:
        found = archive.description()
        kind, version = found.get("kind", KIND), found.get("format")
        if kind not in (KIND, checkpoint.KIND):
            raise InputError(f"kind: expected {KIND!r} or {checkpoint.KIND!r}, got {validation.shown(kind)}")
        if version != (FORMAT if kind == KIND else checkpoint.FORMAT):
            raise InputError(f"format: expected {FORMAT}, got {validation.shown(version)}")
        shape, codes = found.get("image_shape", found.get("sample_shape")), found.get("codes", 0)
        if not isinstance(shape, list) or not all(map(_is_size, shape)) or not (codes == 0 or _is_size(codes)):
            raise InputError(
                f"image_shape, codes: expected sizes, got {validation.shown(shape)} and {validation.shown(codes)}"
            )
        if not isinstance(found.get("config"), dict):
            raise InputError(f"config: expected the options by name, got {validation.shown(found.get('config'))}")
        arrays = read_verified(archive, found) if "arrays" in found else _read_old(archive)
    generator, shares = ("average", "shares") if kind == checkpoint.KIND else ("generator", "class_shares")
    try:
        return ModelFile(
            found["config"],
            tuple(shape),
            codes,
            (arrays[f"{generator}_theta"], arrays[f"{generator}_stats"]),
            (arrays["discriminator_theta"], arrays["discriminator_stats"]),
            arrays.get(shares),
        )
    except KeyError as error:
        raise InputError(f"arrays: expected an array {error}, got none") from None


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 < value < 1 << 31


def _read_old(archive: Archive) -> dict[str, np.ndarray]:
    """Read the arrays of an older file, which has no checksums."""
    types = {"theta": DTYPES, "stats": ("float32",), "shares": ("float64",)}
    names = [name for name in archive.names if name.split("_")[-1] in types]
    return {name: archive.read(name, types[name.split("_")[-1]]) for name in names}
