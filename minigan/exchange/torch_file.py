"""A network as two files for PyTorch: its weights, and a Python program that builds it and needs nothing of minigan."""

import inspect
import json
import os
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..files import atomic_path
from ..network import Network
from .packages import need
from .to_torch import to_torch
from .torch_plan import Part, make_plan

SIGN = "Written by minigan export."  # tells a file that may be written anew from another program of this name
PROGRAM = '''"""{about}

{sign} It needs PyTorch alone.
"""

from pathlib import Path

import torch
from torch import nn

{classes}
def build() -> nn.Module:
    """Return the network with random weights."""
    return {network}{type}


def load() -> nn.Module:
    """Return the network with its weights, which lie beside this file, in eval mode."""
    network = build()
    network.load_state_dict(torch.load(Path(__file__).with_name({weights}), weights_only=True))
    return network.eval()
'''


def save_torch(network: Network, out: str | os.PathLike[str], *, about: str = "A network.") -> tuple[Path, Path]:
    """Write a network for PyTorch.

    ``<name>.pt`` holds a state dict, for ``torch.load(..., weights_only=True)``. ``<name>.py`` holds the modules:
    its ``load()`` returns the network in eval mode.

    Parameters
    ----------
    network : Network
    out : ``<name>.pt``
    about : one or more sentences for whoever reads the program

    Returns
    -------
    Both paths.

    Raises
    ------
    InputError : the name has another ending, PyTorch is missing, a layer has no counterpart there, or ``<name>.py``
        is a program that this function did not write
    """
    weights = Path(out)
    program = weights.with_suffix(".py")
    if weights.suffix != ".pt":
        raise InputError(f"out: expected a name that ends in .pt, got {str(out)!r}")
    if program.exists() and SIGN.encode() not in program.read_bytes():
        raise InputError(
            f"out: expected a name for which {program.name} can be written too, got {str(out)!r}; another program has "
            "that name"
        )
    torch: Any = need("torch", "parity")
    text, tensors = program_of(network, weights.name, about=about), to_torch(network).state_dict()
    with atomic_path(weights) as temporary, open(temporary, "wb") as file:  # of a file alone, PyTorch keeps no name
        torch.save(tensors, file)
    with atomic_path(program) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return weights, program


def program_of(network: Network, weights: str, *, about: str) -> str:
    """Return a Python program that builds a network in PyTorch and loads its weights from a file of this name."""
    from . import torch_modules

    plan = make_plan(network)
    classes = (inspect.getsource(each) for name, each in vars(torch_modules).items() if name in _names(plan))
    return PROGRAM.format(
        about=textwrap.fill(about, 100).replace("\\", "\\\\").replace('"', '\\"'),
        sign=SIGN,
        classes="".join(f"\n{each}\n" for each in classes),
        network=_text(plan, "    "),
        type=".double()" if network.theta.dtype == np.float64 else "",
        weights=json.dumps(weights, ensure_ascii=False),
    )


def _names(part: Part) -> set[str]:
    """Return the names of all modules in a part."""
    return {part.module}.union(*(_names(each) for each in part.arguments if isinstance(each, Part)))


def _text(part: Part, indent: str) -> str:
    """Return the call that makes a module; in a stack of modules each has a line of its own."""
    from . import torch_modules

    name = part.module if hasattr(torch_modules, part.module) else f"nn.{part.module}"
    stack = part.module in ("Sequential", "Ensemble")
    inner = indent + "    " if stack else indent
    words = [_text(each, inner) if isinstance(each, Part) else repr(each) for each in part.arguments]
    words += [f"{key}={value!r}" for key, value in part.options.items()]
    if stack:
        return f"{name}(\n" + "".join(f"{inner}{each},\n" for each in words) + f"{indent})"
    return f"{name}({', '.join(words)})"
