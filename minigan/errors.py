"""The exceptions of the package, so that a wrong input can be told from a defect."""


class InputError(ValueError):
    """A bad argument, file or option: the message names it, says what was expected, and what came."""


class DeviceError(RuntimeError):
    """The requested device cannot be used: the message says what is missing."""


class StaleCacheError(RuntimeError):
    """A backward pass was asked for through a forward pass that older weights made."""


class UnboundLayerError(InputError, AttributeError):
    """A layer was used on its own, before a `Network` gave it its arrays."""


class DivergedError(ArithmeticError):
    """Training produced a loss that is not a finite number."""
