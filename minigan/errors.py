"""The exceptions of the package, so that a wrong input can be told from a defect."""


class InputError(ValueError):
    """An argument, a file or an option is wrong; the message names it, and says what was expected and what came."""


class DeviceError(RuntimeError):
    """The requested device cannot be used; the message says what is missing."""


class StaleCacheError(RuntimeError):
    """A backward pass was called with the caches of a forward pass that used older weights."""


class UnboundLayerError(InputError, AttributeError):
    """A layer was used alone, before a `Network` gave it its arrays."""


class DivergedError(ArithmeticError):
    """Training produced a loss that is not a finite number."""


class MiniganWarning(UserWarning):
    """Something that a run can do without has failed, or a damaged file was left out; the message says what."""
