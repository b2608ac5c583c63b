"""The same three functions as `convolution`, in the form that is fastest for the shape at hand.

The form is chosen by the shape alone, never by the user. Each one is tested equal to `convolution`.
"""

from types import ModuleType

from ...backend import Array
from .. import convolution
from ..convolution import Geometry
from . import stacked_taps

THIN_CHANNELS = 4  # up to here stacking the taps wins; with 8 channels the two forms tie


def _form(channels: int) -> ModuleType:
    return stacked_taps if channels <= THIN_CHANNELS else convolution


def conv2d(x: Array, w: Array, g: Geometry) -> Array:
    """x (H, W, N, C), w (KH, KW, C, F) -> y (OH, OW, N, F)."""
    return _form(w.shape[2]).conv2d(x, w, g)


def conv2d_input_grad(dy: Array, w: Array, g: Geometry) -> Array:
    """dy (OH, OW, N, F), w (KH, KW, C, F) -> dx (H, W, N, C)."""
    return _form(w.shape[2]).conv2d_input_grad(dy, w, g)


def conv2d_weight_grad(x: Array, dy: Array, g: Geometry) -> Array:
    """x (H, W, N, C), dy (OH, OW, N, F) -> dw (KH, KW, C, F)."""
    return _form(x.shape[3]).conv2d_weight_grad(x, dy, g)
