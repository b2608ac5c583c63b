"""What other programs can use: networks for ONNX and PyTorch, weights from PyTorch, and runs for TensorBoard."""

from .from_torch import from_torch
from .to_onnx import save_onnx, to_onnx
from .to_tensorboard import to_tensorboard
from .to_torch import to_torch
from .torch_file import save_torch

__all__ = ["from_torch", "save_onnx", "save_torch", "to_onnx", "to_tensorboard", "to_torch"]
