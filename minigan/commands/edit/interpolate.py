"""``minigan edit interpolate``: lead digits over into each other, in a picture or in a film."""

import argparse
from pathlib import Path

import numpy as np

from ... import validation
from ...backend import to_host
from ...editing.inputs import code_length, image_shape
from ...editing.interpolate import METHODS, Midpoints, measure_midpoints, path_through
from ...editing.labelled_grid import save_film, save_labelled_grid
from ...editing.latents import draw
from ...errors import InputError
from ...metrics.evaluator import IMAGE
from ...runs.load import load
from ...runs.run import Run
from ...terminal import say
from ..arguments import add_choice, add_label, add_path, file, folder_of, seed
from .start import starting_latents

ABOUT = "Lead digits over into each other."
DETAILS = "The paths are straight, or arcs on a sphere, on which the noise keeps its length."
ROWS = 6
MOST = 10_000  # images of a film
MOST_COLUMNS, MOST_ROWS = 30, 100  # of a picture
SEEDS = [0, 1]
PAIRS = 1000  # whose midpoints are measured


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    add_choice(parser, "method", METHODS, "How the noise moves.")
    parser.add_argument(
        "--seeds",
        type=seed,
        nargs="+",
        metavar="INT",
        help="Seeds of the digits that are visited in turn, at least two. Default: 0 1.",
    )
    add_label(parser)
    parser.add_argument(
        "--images",
        nargs="+",
        metavar="NAME",
        help="Lead from each of these real digits to the next one, in the place of drawn ones; they are inverted "
        "first. PNG files, white on black; or an .npz file, a folder of IDX files, or the name of a data set.",
    )
    parser.add_argument(
        "-n", type=int, default=ROWS, metavar="INT", help=f"Number of paths, or of real digits. Default: {ROWS}."
    )
    parser.add_argument(
        "--frames", type=int, default=10, metavar="INT", help="Steps from one digit to the next one. Default: 10."
    )
    parser.add_argument("--loop", action="store_true", help="Lead on from the last digit to the first one.")
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help="A .png file for a picture, in which each row leads from one digit to the next one, or a .gif file for a "
        "film. Default: interpolate.png beside the model, or in the current folder if the model is part of minigan.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out: Path = arguments.out or folder_of(arguments.path) / "interpolate.png"
    if out.suffix not in (".png", ".gif"):
        raise InputError(f"out: expected a name that ends in .png or .gif, got {str(out)!r}")
    validation.integer("frames", arguments.frames, most=MOST)
    validation.integer("n", arguments.n, most=MOST)
    run = load(arguments.path)
    stations = find_stations(run, arguments)
    if (count := stations.shape[0] * stations.shape[1] * arguments.frames) > MOST:
        raise InputError(f"n, seeds, frames: expected at most {MOST:,} images in all, got {count:,}")
    parts = (len(stations) - (not arguments.loop)) * stations.shape[1]
    if out.suffix == ".png" and (arguments.frames >= MOST_COLUMNS or parts > MOST_ROWS):
        raise InputError(
            f"n, seeds, frames: expected at most {MOST_ROWS} rows of {MOST_COLUMNS} images for a picture, "
            f"got {parts:,} rows of {arguments.frames + 1:,}; a .gif file takes more"
        )
    path = path_through(
        stations, arguments.frames, codes=code_length(run), method=arguments.method, loop=arguments.loop
    )
    images = draw(run, path.reshape(-1, path.shape[2]))
    images = images.reshape(*path.shape[:2], *images.shape[1:])  # (F, N, H, W)
    if out.suffix == ".gif":
        save_film(images, out)
    else:
        save_labelled_grid(
            in_rows(images, arguments.frames, loop=arguments.loop),
            out,
            title=f"From each digit to the next one, {arguments.method}",
            columns=[f"{i / arguments.frames:.2g}" for i in range(arguments.frames + 1)],
            below="0 and 1 are the digits themselves; the numbers are the share of the way.",
        )
    if image_shape(run) == IMAGE:
        say(table(measure_midpoints(run, n=PAIRS)))
    say(f"{len(images)} frames of {images.shape[1]} {'path' if images.shape[1] == 1 else 'paths'} in {out}")
    return 0


def find_stations(run: Run, arguments: argparse.Namespace) -> np.ndarray:
    """Return the latents that are visited, (S, N, Z + K): one for each seed in N paths, or real digits in one path."""
    if arguments.images is not None:
        if arguments.seeds is not None:
            raise InputError("seeds: expected None with images, which are visited in turn, got both")
        latents, _ = starting_latents(run, arguments.images, arguments.n, seed=0, label=arguments.label)
        if len(latents) < 2:
            raise InputError(f"images: expected at least 2, between which a path can lead, got {len(latents)}")
        return latents[:, None]
    seeds = arguments.seeds or SEEDS
    if len(seeds) < 2:
        raise InputError(f"seeds: expected at least 2, between which a path can lead, got {len(seeds)}")
    image_shape(run)
    return np.stack([to_host(run.latent(arguments.n, seed=each, label=arguments.label)) for each in seeds])


def in_rows(images: np.ndarray, frames: int, *, loop: bool) -> np.ndarray:
    """Return a row for each path and each of its parts, with both ends: (F, N, H, W) -> (R, frames + 1, H, W)."""
    if loop:
        images = np.concatenate([images, images[:1]])
    parts = [images[i : i + frames + 1] for i in range(0, len(images) - 1, frames)]
    return np.stack([part[:, n] for n in range(images.shape[1]) for part in parts])


def table(rows: list[Midpoints]) -> str:
    """Return what was measured half-way between two samples, as text."""
    lines = [
        f"Half-way between {PAIRS:,} pairs of samples, and the samples:",
        f"{'':<26} {'length of z':>12} {'Frechet distance':>17} {'certainty':>10}",
    ]
    several = not all(row.same_class for row in rows)
    for row in rows:
        samples = row.method == "samples"
        between = "" if samples or not several else ", same class" if row.same_class else ", any classes"
        lines.append(f"{row.method + between:<26} {row.length:>12.2f} {row.fid:>17.2f} {row.certainty:>10.3f}")
    return "\n".join([*lines, "length: 1 is sqrt(Z), which drawn noise has; certainty: of the evaluator, at most 1"])
