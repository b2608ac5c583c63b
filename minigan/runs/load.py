"""Loads a run from its folder or from its model file, or a model that is part of the package."""

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
from .model_file import read_model
from .pretrained import PRETRAINED, file_of
from .run import Run

RENAMED_OBJECTIVES = {"squared fool": "squared error", "swapped squared fool": "swapped squared error"}


def load(path: str | os.PathLike[str]) -> Run:
    """Load a run from its folder, from a file that `Run.save` wrote, or one of the models that the package has.

    Parameters
    ----------
    path : a run folder, a model .npz file, or one of the names "mnist" and "mnist-labels"; a folder of the same name
        is reached as "./mnist"

    Returns
    -------
    The run; its history is empty unless a folder was given. The networks are on the CPU.

    Raises
    ------
    InputError : there is no such run, or the file is damaged or not a minigan model

    >>> minigan.load("runs/first").sample(64)                                       # doctest: +SKIP
    >>> minigan.load("mnist-labels").sample(64, label=7)                            # doctest: +SKIP
    """
    path = file_of(path) if isinstance(path, str) and path in PRETRAINED else Path(path)
    file = path / "model.npz" if path.is_dir() else path
    if not file.is_file():
        raise InputError(
            f"path: expected a run folder, a model .npz file, or one of the names {', '.join(PRETRAINED)}, "
            f"got no file at {str(file)!r}"
        )
    wrong = f"path: expected a minigan model, got {str(file)!r}, which is damaged or something else"
    if not zipfile.is_zipfile(file):
        raise InputError(f"{wrong} (not an .npz file)")
    try:
        saved = read_model(file)
        config = read_config(saved.config)
        generator, discriminator = build_networks(
            config.model,
            saved.image_shape,
            rng=np.random.default_rng(0),
            **config.network_options,
            codes=saved.codes,
        )
        generator.load(*saved.generator)
        discriminator.load(*saved.discriminator)
        shares = read_shares(saved.shares, config, codes=saved.codes)
    except (OSError, EOFError, ValueError, TypeError, LookupError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"{wrong} ({error})") from None
    metrics = file.parent / "metrics.jsonl"
    history = History.read(metrics) if path.is_dir() and metrics.is_file() else History()
    return Run(config, generator, discriminator, history, path if path.is_dir() else None, shares)


def read_shares(saved: np.ndarray | None, config: ResolvedConfig, *, codes: int) -> np.ndarray:
    """Return how frequent each class is; files of older versions do not say it, because all were equally frequent.

    Raises
    ------
    ValueError : the shares are no distribution over the classes of the model, or over the clusters in its labels
    """
    conditional = get_conditional(config.conditional)
    classes = codes - conditional.continuous if conditional else 0
    if saved is None:
        return np.full(classes, 1 / max(classes, 1))
    divided = conditional is not None and conditional.classes_of == "labels" and config.clusters
    shape = (classes // divided, divided) if divided else (classes,)
    fits = saved.shape == shape and saved.dtype == np.float64 and (saved >= 0).all()
    if not fits or (classes and abs(saved.sum() - 1) > 1e-6):
        raise ValueError(f"class_shares: expected a distribution of shape {shape}")
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
