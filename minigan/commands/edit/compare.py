"""``minigan edit compare``: a variational autoencoder and a GAN on one page."""

import argparse

import numpy as np

from ... import validation
from ...editing.baselines import training_images
from ...editing.comparison import SHOWN, save_comparison
from ...editing.encoding import measure_bound, reconstruct
from ...editing.fidelity import psnr
from ...editing.inputs import image_shape
from ...editing.invert import RESTARTS, STEPS, invert
from ...errors import InputError
from ...metrics import quick_look
from ...objectives.elbo import bits_per_pixel
from ...runs.judge import IMAGE, to_uint8
from ...runs.load import load
from ...runs.run import Run
from ...terminal import say
from ..arguments import add_path, add_seed, path
from .pictures import add_images, add_out, out_path, read_images

ABOUT = "Compare a variational autoencoder with a GAN on one page."
DETAILS = (
    "The table has the Frechet distance of 10,000 digits of each, how well both find given images again, the bound of "
    "the autoencoder and the seconds of training; the picture shows samples and the images that were found again."
)
OUT = "compare.png"
SAMPLES = 10_000  # for the Frechet distance, as in `minigan evaluate`
SEARCHED = 64  # images that are inverted at most
NONE = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument("rival", type=path, help="The GAN, in the same form as the autoencoder.")
    add_images(parser, n=1000)
    add_seed(parser)
    add_out(parser, OUT)


def command(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    out, seed = out_path(arguments, OUT), arguments.seed
    vae, gan = load(arguments.path), load(arguments.rival)
    validation.integer("n", arguments.n, least=2)
    if not vae.config.spec.autoencodes or gan.config.spec.autoencodes:
        models = f"{vae.config.model!r} and {gan.config.model!r}"
        raise InputError(f"path, rival: expected an autoencoder and a GAN, got the models {models}")
    if image_shape(vae) != image_shape(gan):
        shapes = " and ".join(" x ".join(map(str, image_shape(run))) for run in (vae, gan))
        raise InputError(f"rival: expected a model that draws images of the same size, got {shapes}")
    images, _ = read_images(arguments.images, arguments.n, vae)

    few = images[:SEARCHED]
    found = [invert(run, few, seed=seed).images for run in (vae, gan)]
    rebuilt = reconstruct(vae, images)
    bound = measure_bound(vae, images, seed=seed)
    names = [vae.config.model, gan.config.model]
    rows = {
        "Frechet distance": [_distance(run, seed) for run in (vae, gan)],
        "PSNR of the encoder's reconstruction, dB": [_median(rebuilt, images), NONE],
        f"PSNR of inversion, {STEPS} steps, {RESTARTS} starts, dB": [_median(each, few) for each in found],
        "ELBO, nats per image": [f"{bound.elbo:.1f}", NONE],
        "  reconstruction - KL": [f"{bound.reconstruction:.1f} - {bound.kl:.1f}", NONE],
        "  bits per pixel, at most": [f"{bits_per_pixel(bound.elbo, images[0].size):.2f}", NONE],
        "active units of z": [f"{bound.active} of {bound.units}", NONE],
        "numbers that the generator takes": [str(bound.units), str(gan.generator.input_shape[0])],
        "steps of training": [f"{_last(run, 'step', ',.0f')}" for run in (vae, gan)],
        "seconds of training": [f"{_last(run, 'seconds', ',.0f')}" for run in (vae, gan)],
    }
    say(f"{len(images):,} images of {' '.join(arguments.images)}{_known(vae, images)}; inversion: {len(few)} of them\n")
    say(_table(names, rows))

    samples = [run.sample(2 * SHOWN, seed=seed) for run in (vae, gan)]
    pictures = {"images": images[:SHOWN], f"{names[0]}, encoded": rebuilt[:SHOWN]}
    pictures |= {f"{name}, inverted": each[:SHOWN] for name, each in zip(names, found, strict=True)}
    for name, drawn in zip(names, samples, strict=True):
        pictures |= {f"{name}, samples": drawn[:SHOWN], f"{name}, more samples": drawn[SHOWN:]}
    shown = min(len(row) for row in pictures.values())
    save_comparison({name: row[:shown] for name, row in pictures.items()}, out, title="The autoencoder and the GAN")
    say(f"\n  {out}")
    return 0


def _distance(run: Run, seed: int) -> str:
    """Return the Frechet distance of what a run draws to MNIST's test digits, or a dash where it draws no digits."""
    if run.generator.output_shape != IMAGE:
        return NONE
    return f"{quick_look(to_uint8(run.sample(SAMPLES, seed=seed)), device=run.generator.device).fid:.2f}"


def _median(found: np.ndarray, images: np.ndarray) -> str:
    return f"{np.median(psnr(found.reshape(images.shape), images)):.2f}"


def _last(run: Run, column: str, form: str) -> str:
    """Return the last number in a column of the records, which a model file does not have."""
    return format(run.history[column][-1], form) if len(run.history) else "not known"


def _known(run: Run, images: np.ndarray) -> str:
    """Say how many of the images the autoencoder has learned from, where it did."""
    training = training_images(run)
    seen = set() if training is None else {image.tobytes() for image in training}
    known = sum(image.tobytes() in seen for image in images)
    return f", {known:,} of which the autoencoder has learned from" if known else ""


def _table(names: list[str], rows: dict[str, list[str]]) -> str:
    width = max(map(len, rows))
    columns = [max(len(name), *(len(row[i]) for row in rows.values())) for i, name in enumerate(names)]
    lines = [("", names), *rows.items()]
    return "\n".join(
        f"{name:<{width}}" + "".join(f"  {cell:>{columns[i]}}" for i, cell in enumerate(row)) for name, row in lines
    )
