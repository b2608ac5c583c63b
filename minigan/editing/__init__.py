"""Editing: what a trained generator and discriminator are for. Every function takes a `minigan.Run`."""
# ruff: noqa: F401

from .fidelity import psnr, ssim
from .invert import Inversion, invert
from .operators import BlockMeans, Identity, Mask
from .restore import complete, denoise, enlarge
