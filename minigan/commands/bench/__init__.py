"""``minigan bench``."""

from .bench import ABOUT, DETAILS, add_arguments, command

__all__ = ["ABOUT", "DETAILS", "add_arguments", "command"]
