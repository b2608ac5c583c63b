"""How good the samples of a run are, as numbers."""

from .modes import ModeCoverage, mode_coverage

__all__ = ["ModeCoverage", "mode_coverage"]
