"""The updates by name: the ways in which the two players may take turns."""

from collections.abc import Callable

from .simultaneous import simultaneous_step
from .steps import StepResult, alternating_step

UPDATES: dict[str, Callable[..., StepResult]] = {"alternating": alternating_step, "simultaneous": simultaneous_step}
