"""Loads a run from its folder or from its model file."""

import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..models import build_networks
from ..objectives.conditional import get_conditional
from ..training.config import ResolvedConfig, TrainConfig
from .history import History
from .run import FORMAT, Run

RENAMED_OBJECTIVES = {"squared fool": "squared error", "swapped squared fool": "swapped squared error"}
VECTORS = ("generator_theta", "generator_stats", "discriminator_theta", "discriminator_stats")


def load(path: str | os.PathLike[str]) -> Run:
    """Load a run from its folder, or from a file that `Run.save` wrote.

    Parameters
    ----------
    path : a run folder, or a model .npz file

    Returns
    -------
    The run; its history is empty when a file was given. The networks are on the CPU.

    Raises
    ------
    InputError : there is no such run, or the file is damaged or not a minigan model

    >>> minigan.load("runs/first").sample(64)                                       # doctest: +SKIP
    """
    path = Path(path)
    file = path / "model.npz" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"path: expected a run folder or a model .npz file, got no file at {str(file)!r}")
    wrong = f"path: expected a minigan model, got {str(file)!r}, which is damaged or something else"
    if not zipfile.is_zipfile(file):
        raise InputError(f"{wrong} (not an .npz file)")
    try:
        with np.load(file, allow_pickle=False) as archive:
            description = json.loads(str(archive["description"]))
            vectors = [archive[name] for name in VECTORS]
            shares = archive.get("class_shares")
        if description["format"] != FORMAT:
            raise InputError(f"format: expected {FORMAT}, got {description['format']!r}")
        config = read_config(description["config"])
        generator, discriminator = build_networks(
            config.model,
            tuple(description["image_shape"]),
            rng=np.random.default_rng(0),
            **config.network_options,
            codes=description.get("codes", 0),
        )
        generator.load(*vectors[:2])
        discriminator.load(*vectors[2:])
        shares = read_shares(shares, config, codes=description.get("codes", 0))
    except (OSError, EOFError, ValueError, TypeError, LookupError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"{wrong} ({error})") from None
    metrics = file.parent / "metrics.jsonl"
    history = History.read(metrics) if path.is_dir() and metrics.is_file() else History()
    return Run(config, generator, discriminator, history, path if path.is_dir() else None, shares)


def read_shares(saved: np.ndarray | None, config: ResolvedConfig, *, codes: int) -> np.ndarray:
    """Return how frequent each class is; files of older versions do not say it, because all were equally frequent.

    Raises
    ------
    ValueError : the shares are no distribution over the classes of the model
    """
    conditional = get_conditional(config.conditional)
    classes = codes - conditional.continuous if conditional else 0
    if saved is None:
        return np.full(classes, 1 / max(classes, 1))
    fits = saved.ndim in (1, 2) and saved.size == classes and saved.dtype == np.float64 and (saved >= 0).all()
    if not fits or (classes and abs(saved.sum() - 1) > 1e-6):
        raise ValueError(f"class_shares: expected a distribution over {classes} classes")
    return saved


def read_config(saved: dict[str, Any]) -> ResolvedConfig:
    """Turn the options in a model file into a configuration; files of older versions are converted.

    Parameters
    ----------
    saved : the options by name. Older files have ``corrected`` in the place of ``as_published`` and other names for
        the losses of some articles, and they lack newer options, which take their defaults
    """
    options = dict(saved)
    if "corrected" in options:
        options["as_published"] = not options.pop("corrected")
    options["conditional"] = options.get("conditional") or "none"
    options["objective"] = RENAMED_OBJECTIVES.get(options["objective"], options["objective"])
    config = TrainConfig(**options)
    return config.resolve(dataset=config.data, device=options["device"])
