"""Editing: what a trained generator and discriminator are for. Every function takes a `minigan.Run`."""
# ruff: noqa: F401

from .attributes import ATTRIBUTES, measure_attributes, size, slant, thickness
from .change_class import (
    DigitClasses,
    StyleKept,
    draw_each_digit,
    find_digit_classes,
    measure_style_kept,
    with_class,
)
from .directions import Direction, attribute_directions, find_direction, principal_directions
from .fidelity import psnr, ssim
from .interpolate import Midpoints, interpolate, measure_midpoints, path_through
from .invert import Inversion, invert
from .latents import draw
from .operators import BlockMeans, Identity, Mask
from .restore import complete, denoise, enlarge
from .style import Effect, measure_effects, move, move_randomly
from .truncate import Truncated, measure_truncation
