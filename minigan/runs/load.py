"""Loads a run from its folder or from its model file, or a model that is part of the package."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .. import validation
from ..errors import InputError, MiniganWarning
from ..models import build_networks
from ..objectives.conditional import get_conditional
from ..training.config import ResolvedConfig, TrainConfig
from .history import History
from .model_file import ModelFile, read_model
from .pretrained import PRETRAINED, file_of
from .run import Run
from .run_folder import checkpoint_steps, read_newest

RENAMED_OBJECTIVES = {"squared fool": "squared error", "swapped squared fool": "swapped squared error"}


def load(path: str | os.PathLike[str]) -> Run:
    """Load a run from its folder, from a file that `Run.save` wrote, or one of the models that the package has.

    Parameters
    ----------
    path : a run folder, a model .npz file, a checkpoint, or one of the names "mnist" and "mnist-labels"; a folder of
        the same name is reached as "./mnist". If a run was killed, its folder has no model yet, and the newest
        checkpoint is loaded

    Returns
    -------
    The run; its history is empty unless a folder was given. The networks are on the CPU.

    Raises
    ------
    InputError : there is no such run, or the file is damaged or not a minigan model

    >>> minigan.load("runs/first").sample(64)                                       # doctest: +SKIP
    >>> minigan.load("mnist-labels").sample(64, label=7)                            # doctest: +SKIP
    """
    name = validation.name_or_path("path", path)
    place = file_of(name) if isinstance(path, str) and name in PRETRAINED else Path(name)
    if not place.is_dir():
        return _load_file(place)
    if (place / "model.npz").is_file() or not checkpoint_steps(place):
        run = _load_file(place / "model.npz")
    else:
        run = _load_newest(place)
    metrics = place / "metrics.jsonl"
    run.folder, run.history = place, History.read(metrics) if metrics.is_file() else History()
    return run


def _load_newest(folder: Path) -> Run:
    """Load the newest checkpoint of a folder that is whole, and warn of that."""
    newest = read_newest(folder, _load_file)
    if newest is None:
        raise InputError(f"path: expected a run folder with a model or a whole checkpoint, got {str(folder)!r}")
    step, run = newest
    text = f"{folder} holds no model.npz, because the run did not end; its checkpoint of step {step:,} is loaded"
    warnings.warn(text, MiniganWarning, stacklevel=3)
    return run


def _load_file(file: Path) -> Run:
    if not file.is_file():
        raise InputError(
            f"path: expected a run folder, a model .npz file, or one of the names {', '.join(PRETRAINED)}, "
            f"got no file at {str(file)!r}"
        )
    try:
        return _build(read_model(file))
    except Exception as error:  # a file from elsewhere can be wrong in any way
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"path: expected a minigan model, got {str(file)!r}, which is damaged or something else ({reason})"
        ) from None


def _build(saved: ModelFile) -> Run:
    """Make the networks of a model file."""
    config = read_config(saved.config)
    generator, discriminator = build_networks(
        config.model,
        saved.image_shape,
        rng=np.random.default_rng(0),
        **config.network_options,
        codes=saved.codes,
        parameters=(saved.generator[0].size, saved.discriminator[0].size),
    )
    generator.load(*saved.generator)
    discriminator.load(*saved.discriminator)
    shares = read_shares(saved.shares, config, codes=saved.codes)
    return Run(config, generator, discriminator, History(), shares=shares)


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
        the losses of some recipes, and they lack newer options, which take their defaults
    """
    options = dict(saved)
    if "corrected" in options:
        options["as_published"] = not options.pop("corrected")
    options["conditional"] = options.get("conditional") or "none"
    options["objective"] = RENAMED_OBJECTIVES.get(options["objective"], options["objective"])
    config = TrainConfig(**options)
    return config.resolve(dataset=config.data, device=options["device"])
