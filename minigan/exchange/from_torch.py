"""Weights from PyTorch back into a network: what `to_torch` copied out, and perhaps was trained there."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backend import to_device
from ..errors import InputError
from ..network import Network
from ..validation import shown
from .to_torch import to_torch
from .torch_plan import AXES, make_plan

COUNTER = "num_batches_tracked"  # what PyTorch's batch norm counts; ours has no use for it


def from_torch(network: Network, source: Any) -> None:
    """Overwrite the weights and statistics of a network with those of its twin in PyTorch.

    The way there and back changes no bit. Nothing is written unless everything fits.

    Parameters
    ----------
    network : Network
    source : what `to_torch` made of ``network`` or of one with the same layers; or its state dict, as
        ``torch.load("generator.pt", weights_only=True)`` returns it

    Raises
    ------
    InputError : a tensor is missing, is too much, or has another shape or type
    """
    import torch

    tensors = source.state_dict() if isinstance(source, torch.nn.Module) else source
    if not isinstance(tensors, Mapping):
        raise InputError(f"source: expected a module of PyTorch or its state dict, got {shown(source)}")
    expected = {name: tensor for name, tensor in to_torch(network).state_dict().items() if COUNTER not in name}
    for name in tensors:
        if name not in expected and COUNTER not in str(name):
            raise InputError(f"source: expected the tensors of this network, got {shown(name)} besides")
    for name, own in expected.items():
        tensor = tensors.get(name)
        if not isinstance(tensor, torch.Tensor) or tensor.shape != own.shape or tensor.dtype != own.dtype:
            raise InputError(f"source: expected {_described(own)} for {name!r}, got {_described(tensor)}")
    for name, (layer, own_name) in make_plan(network).places():
        array = tensors[name].detach().cpu().numpy()
        ours = array.transpose(np.argsort(AXES[array.ndim]))
        getattr(layer, own_name)[...] = to_device(ours, network.device)
    network.version += 1


def _described(tensor: Any) -> str:
    """Return the type and the shape of a tensor as text."""
    if not hasattr(tensor, "dtype"):
        return "none" if tensor is None else shown(tensor)
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
