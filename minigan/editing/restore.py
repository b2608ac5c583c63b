"""Restoring: fill a hole in an image, enlarge it, or take noise away, with what the generator can draw.

What is known of an image x is y = A x, for an operator A of `operators`. Many images agree with it. The best guess
under the squared error is their mean, in which each counts by its probability. `search` ends at R latent vectors, which
started in different classes, with losses L_r. In the place of all images we take the R images G_r that G draws there:

    g = sum_r w_r G_r        w_r = exp(-L_r / T) / sum_s exp(-L_s / T)

If y has no noise, what g gets wrong in the known values is then put right by `agree`:

    x = A^+ y + (g - A^+ A g)

Of all images that agree with y, this x is the nearest one to g. The true image agrees as well, so by Pythagoras x is
never further from it than g. Cutting the pixels to [-1, 1] does not lead away from it either.

The prior's weight and T were chosen with MNIST's first 200 test digits, among a few values; see the page of the folder.
"""

from typing import Any

import numpy as np

from ..backend import to_device
from ..errors import InputError
from ..runs.run import Run
from ..runs.sampling import generate
from .inputs import as_images, image_shape
from .invert import known_shape, search
from .operators import BlockMeans, Identity, Mask, Operator, agree, measure

STEPS, RESTARTS = 50, 8
PRIOR = 0.03  # larger than for an inversion, because less is known
TEMPERATURE = 0.005  # T, in units of the loss


def complete(
    run: Run, images: Any, known: np.ndarray, *, steps: int = STEPS, restarts: int = RESTARTS, seed: int = 0
) -> np.ndarray:
    """Fill the hole in images; the known pixels stay as they are.

    Parameters
    ----------
    images : array (N, H, W) or (N, H, W, C), uint8, or floating in [-1, 1]
        What stands in the hole does not count.
    known : array of bool, (H, W)
        False in the hole.
    steps, restarts, seed : int
        As for `search`.

    Returns
    -------
    (N, H, W) or (N, H, W, C), float32 in [-1, 1]

    Raises
    ------
    InputError
        If images or mask have another size than what the run draws, or the mask knows every pixel or none.
    """
    height, width, _ = image_shape(run)
    operator = Mask(known)
    if known.shape != (height, width):
        got = " x ".join(map(str, known.shape))
        raise InputError(f"known: expected a mask of {height} x {width}, as the model draws, got {got}")
    y = measure(operator, as_images(images, run))
    return _as_drawn(agree(operator, _mean_of_ends(run, y, operator, steps, restarts, seed), y))


def enlarge(
    run: Run, images: Any, factor: int, *, steps: int = STEPS, restarts: int = RESTARTS, seed: int = 0
) -> np.ndarray:
    """Enlarge small images; the means of blocks of pixels are the small images again, but for what is cut to [-1, 1].

    Parameters
    ----------
    images : array (N, h, w) or (N, h, w, C), uint8, or floating in [-1, 1]
    factor : int
        f, at least 2; the run draws images of f h x f w pixels.
    steps, restarts, seed : int
        As for `search`.

    Returns
    -------
    (N, f h, f w) or (N, f h, f w, C), float32 in [-1, 1]

    Raises
    ------
    InputError
        If the factor does not divide what the run draws, or the images have another size.
    """
    operator = BlockMeans(factor)
    y = as_images(images, run, shape=known_shape(run, operator))
    return _as_drawn(agree(operator, _mean_of_ends(run, y, operator, steps, restarts, seed), y))


def denoise(run: Run, images: Any, *, steps: int = STEPS, restarts: int = RESTARTS, seed: int = 0) -> np.ndarray:
    """Return what the generator can draw in the place of noisy images.

    Parameters and errors are those of `complete`, without a mask.
    """
    return _as_drawn(_mean_of_ends(run, as_images(images, run), Identity(), steps, restarts, seed))


def _mean_of_ends(run: Run, y: np.ndarray, operator: Operator, steps: int, restarts: int, seed: int) -> np.ndarray:
    """Return g for each image, (N, H, W, C)."""
    ends = search(run, y, operator, steps=steps, restarts=restarts, seed=seed, prior=PRIOR)
    weights = np.exp((ends.losses.min(axis=1, keepdims=True) - ends.losses) / TEMPERATURE)
    weights /= weights.sum(axis=1, keepdims=True)
    latents = to_device(ends.latents.reshape(-1, ends.latents.shape[-1]), run.generator.device)
    drawn = generate(run.generator, latents).reshape(*weights.shape, *image_shape(run))
    return np.einsum("nr,nrhwc->nhwc", weights, drawn)


def _as_drawn(images: np.ndarray) -> np.ndarray:
    """Return images in the range and shape of `Run.sample`: in [-1, 1], and (N, H, W) if they have one channel."""
    images = np.clip(images, -1, 1)
    return images[..., 0] if images.shape[-1] == 1 else images
