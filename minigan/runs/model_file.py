"""The model file: both networks of a run and its configuration, in one ``.npz``."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, to_host
from ..errors import InputError
from ..files import atomic_path
from ..network import Network
from ..training.config import ResolvedConfig

FORMAT = 1
DTYPES = ("float32", "float16")  # of the weights
NOT_SAVED = ("out", "quiet")  # options that say nothing about the model


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
        "format": FORMAT,
        "image_shape": generator.output_shape,
        "codes": discriminator.output_shape[0] - 1 if len(shares) else 0,
        "config": {name: value for name, value in options.items() if name not in NOT_SAVED},
    }
    arrays: dict[str, Any] = {
        "description": np.array(json.dumps(description)),
        "generator_theta": _rounded(generator.theta, dtype),
        "generator_stats": to_host(generator.stats),
        "discriminator_theta": _rounded(discriminator.theta, dtype),
        "discriminator_stats": to_host(discriminator.stats),
        "class_shares": shares,
    }
    write = np.savez if dtype == "float32" else np.savez_compressed
    try:
        with atomic_path(path) as temporary:
            write(temporary, **arrays)
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
    """Read a model file.

    Raises
    ------
    OSError, EOFError, ValueError, TypeError, LookupError, zlib.error, zipfile.BadZipFile : the file is damaged or
        something else
    """
    with np.load(file, allow_pickle=False) as archive:
        description = json.loads(str(archive["description"]))
        if description["format"] != FORMAT:
            raise InputError(f"format: expected {FORMAT}, got {description['format']!r}")
        return ModelFile(
            config=description["config"],
            image_shape=tuple(description["image_shape"]),
            codes=description.get("codes", 0),
            generator=(_weights(archive["generator_theta"]), archive["generator_stats"]),
            discriminator=(_weights(archive["discriminator_theta"]), archive["discriminator_stats"]),
            shares=archive.get("class_shares"),
        )


def _weights(theta: np.ndarray) -> np.ndarray:
    if theta.dtype not in DTYPES:
        raise ValueError(f"theta: expected {' or '.join(DTYPES)}, got {theta.dtype}")
    return theta
