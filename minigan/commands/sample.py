"""``minigan sample``: draw images or points with a trained model, into a picture or a file of arrays."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files import atomic_path
from ..models import kind_of
from ..runs.load import load
from ..runs.pictures import save_samples
from ..terminal import say
from .arguments import add_label, add_path, add_seed, file, folder_of

ABOUT = "Draw images or points with a trained model."
DETAILS = "The result is a picture, or a file of arrays."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument("-n", type=int, default=64, metavar="INT", help="Number of samples. Default: 64.")
    add_seed(parser)
    add_label(parser)
    parser.add_argument(
        "--codes",
        type=float,
        nargs=2,
        metavar="NUMBER",
        help="For an infogan model: its two continuous codes, from -1 to 1.",
    )
    parser.add_argument(
        "--truncation",
        type=float,
        metavar="NUMBER",
        help="Draw noise from -NUMBER to NUMBER only, at least 0.1. Small limits give cleaner samples that differ less "
        "from each other. Default: no limits.",
    )
    parser.add_argument(
        "--reject",
        type=float,
        metavar="NUMBER",
        help="Share of all samples, from 0 to below 1, that the discriminator believes least; samples like these are "
        "drawn again. Default: every sample is kept.",
    )
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help="A .png file for a picture, or an .npz file for the array 'images' or 'points'. "
        "Default: sample-SEED.png beside the model, or in the current folder if the model is part of minigan.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    out = arguments.out or default_out(arguments.path, arguments.seed, arguments.label)
    if out.suffix not in (".png", ".npz"):
        raise InputError(f"out: expected a name that ends in .png or .npz, got {str(out)!r}")
    run = load(arguments.path)
    samples = run.sample(
        arguments.n,
        seed=arguments.seed,
        label=arguments.label,
        codes=arguments.codes,
        truncation=arguments.truncation,
        reject=arguments.reject,
    )
    kind = kind_of(run.generator.output_shape)
    if out.suffix == ".png":
        save_samples(samples, out, data=run.config.data)
    else:
        arrays: dict[str, Any] = {kind: samples}
        with atomic_path(out) as temporary:
            np.savez(temporary, **arrays)
    say(f"{len(samples)} {kind} in {out}")
    return 0


def default_out(path: str, seed: int, label: list[int] | None) -> Path:
    """Return ``sample-<seed>[-label-<labels>].png`` in the folder that belongs to the model."""
    parts = ["sample", str(seed)]
    if label:
        parts += ["label", *map(str, label)]
    return folder_of(path) / ("-".join(parts) + ".png")
