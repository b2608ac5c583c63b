"""The updates by name: the ways in which the two players may take turns."""

from .simultaneous import simultaneous_step
from .steps import alternating_step

UPDATES = {"alternating": alternating_step, "simultaneous": simultaneous_step}
