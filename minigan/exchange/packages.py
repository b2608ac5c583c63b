"""The packages that an export needs and minigan does not: asked for before any work begins."""

from importlib import import_module
from typing import Any

from ..errors import InputError


def need(package: str, extra: str) -> Any:
    """Import a package and return it.

    Parameters
    ----------
    package : the name of the package
    extra : the name under which ``pyproject.toml`` lists it

    Raises
    ------
    InputError : it is not installed
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise InputError(
            f"to: expected an installed {package}, got none ({error}); to install it, run pip install '.[{extra}]' in "
            "the folder of minigan"
        ) from None
