"""Hidden features: what the layers inside a network make of images, as vectors that a linear classifier can read."""

import numpy as np

from .. import validation
from ..backend import Array, get_array_module, to_device
from ..datasets.batches import to_pixels_first
from ..errors import InputError
from ..fast.twin import Twin
from ..layers import DiscriminatorEnsemble, Layer, LeakyReLU, MinibatchStd, PackSamples, Sigmoid, Tanh
from ..layers.sequential import Sequential
from ..network import Network

ACTIVATIONS = (LeakyReLU, Tanh, Sigmoid)  # a ReLU is a LeakyReLU
GRID = 4  # to which the features of a convolution are pooled
CHUNK = 500  # images at once


def hidden_features(network: Network, images: np.ndarray, *, grid: int = GRID) -> list[Array]:
    """Return the outputs of the hidden layers for images, in eval mode, one array for each activation.

    The outputs of a convolution are pooled: the image is cut into grid x grid windows, and the largest number of each
    channel in each window is kept (Radford et al. 2016, arXiv 1511.06434, section 5.1, with a grid of
    4 x 4). The maximum says whether a stroke is anywhere in the window.

    Parameters
    ----------
    network : takes images; its layers inside end in LeakyReLU, ReLU, tanh or sigmoid. Several discriminators in one
        ensemble give their features side by side
    images : (n, H, W) or (n, H, W, C), uint8 or floating in [-1, 1]
    grid : height and width to which larger outputs are pooled

    Returns
    -------
    For each hidden layer its features (n, F), in the type and on the device of the network.

    Raises
    ------
    InputError : the network judges several images together, has no hidden layer, or takes no such images
    """
    validation.integer("grid", grid)
    check_judges_alone(network)
    chunks = []
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK].reshape(-1, *network.input_shape)
        x = to_device(to_pixels_first(part).astype(network.theta.dtype, copy=False), network.device)
        _, found = _through(network.computed, x)
        chunks.append([flatten(pool(each, grid)) for each in found])
    if not chunks[0]:
        raise InputError("network: expected a hidden layer with an activation, got none")
    xp = get_array_module(network.theta)
    return [xp.concatenate(parts) for parts in zip(*chunks, strict=True)]


def check_judges_alone(network: Network) -> None:
    """Check that, in eval mode, what a network says of an image does not depend on the other images.

    Raises
    ------
    InputError : it does, because it packs samples or compares them
    """
    for layer in network.layers:
        for each in layer.walk():
            if isinstance(each, PackSamples | MinibatchStd):
                raise InputError(
                    f"discriminator: expected one that judges each image alone, got one with {type(each).__name__}"
                )


def _through(layers: tuple[Layer, ...], x: Array) -> tuple[Array, list[Array]]:
    """Run layers in a row; return the output, and what the activations among them gave."""
    found: list[Array] = []
    for layer in layers:
        if isinstance(layer, Sequential):
            x, inside = _through(layer.children, x)
            found += inside
        elif isinstance(layer, DiscriminatorEnsemble):
            members = [_through((member,), x) for member in layer.children]
            join = get_array_module(x).concatenate
            x = join([y for y, _ in members], axis=-1)
            found += [join(each, axis=-1) for each in zip(*(inside for _, inside in members), strict=True)]
        else:
            x, _ = layer.forward(x, train=False)
            originals = layer.originals if isinstance(layer, Twin) else (layer,)
            if any(isinstance(each, ACTIVATIONS) for each in originals):
                found.append(x.copy())  # the next layer may compute in place
    return x, found


def pool(x: Array, grid: int) -> Array:
    """Keep the maximum of each of grid x grid windows, (H, W, N, C) -> (grid, grid, N, C); smaller inputs stay.

    Window i holds the rows floor(i H / grid) to ceil((i + 1) H / grid) - 1, so neighbours share a row where H is no
    multiple of the grid. Features (N, C) stay as they are.
    """
    if x.ndim == 2 or max(x.shape[:2]) <= grid:
        return x
    height, width = x.shape[:2]
    rows, columns = ([slice(i * n // grid, -(-(i + 1) * n // grid)) for i in range(grid)] for n in (height, width))
    xp = get_array_module(x)
    return xp.stack([xp.stack([x[r, c].max(axis=(0, 1)) for c in columns]) for r in rows])


def flatten(x: Array) -> Array:
    """(H, W, N, C) -> (N, H W C); features (N, C) stay as they are."""
    return x if x.ndim == 2 else x.transpose(2, 0, 1, 3).reshape(x.shape[2], -1)
