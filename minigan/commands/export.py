"""``minigan export``: write a trained network for ONNX or PyTorch, or the records of a run for TensorBoard."""

import argparse
from pathlib import Path

from ..errors import InputError
from ..exchange import save_onnx, save_torch, to_tensorboard
from ..exchange.describe import NETWORKS, Description, describe
from ..network import Network
from ..runs.load import load
from ..terminal import say
from .arguments import add_path, file, folder_of

ABOUT = "Write a trained network for other programs."
DETAILS = (
    "ONNX is the format of most runtimes. For PyTorch there are two files, the weights and a program that builds the "
    "network. For TensorBoard, the records and pictures of a run folder are written."
)
TARGETS = {"onnx": ".onnx", "torch": ".pt", "tensorboard": ""}  # and how the name of a file ends by default


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_path(parser)
    parser.add_argument(
        "--to", required=True, choices=tuple(TARGETS), metavar="NAME", help="For what. Choices: %(choices)s."
    )
    parser.add_argument(
        "--network",
        choices=NETWORKS,
        metavar="NAME",
        help=f"Which network, for onnx and torch. Default: {NETWORKS[0]}. Choices: %(choices)s.",
    )
    parser.add_argument(
        "--out",
        type=file,
        metavar="NAME",
        help="A file that ends in .onnx or .pt; for tensorboard, a folder. Default: NETWORK.onnx, NETWORK.pt or "
        "tensorboard, beside the model, or in the current folder if the model is part of minigan.",
    )


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    if arguments.to == "tensorboard":
        if arguments.network:
            raise InputError(f"network: expected none with tensorboard, got {arguments.network!r}")
        export_records(Path(arguments.path), arguments.out)
        return 0
    name = arguments.network or NETWORKS[0]
    out = arguments.out or folder_of(arguments.path) / (name + TARGETS[arguments.to])
    run = load(arguments.path)
    export = export_onnx if arguments.to == "onnx" else export_torch
    export(getattr(run, name), out, describe(run, name))
    return 0


def export_onnx(network: Network, out: Path, description: Description) -> None:
    """Write a network as an ONNX graph, and say what is in it."""
    save_onnx(network, out, names=description.names, about=description.text)
    say(description.text)
    say(f"\n  {out}  the network and its {network.theta.size:,} parameters, {out.stat().st_size / 1e6:.1f} MB")


def export_torch(network: Network, out: Path, description: Description) -> None:
    """Write a network for PyTorch, and say what is in both files."""
    weights, program = save_torch(network, out, about=description.text)
    say(description.text)
    say(f"\n  {weights}  its {network.theta.size:,} parameters, {weights.stat().st_size / 1e6:.1f} MB")
    say(f"  {program}  the network in PyTorch; load() there returns it with these weights")


def export_records(run: Path, out: Path | None) -> None:
    """Write the records of a run for TensorBoard, and say how they are looked at."""
    written = to_tensorboard(run, out)
    say(f"{written.records} records and {written.pictures} pictures in {written.path}")
    say(f"To look at them: tensorboard --logdir {written.path.parent}")
