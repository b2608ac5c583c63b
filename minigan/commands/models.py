"""``minigan models``: list the models, or show the layers of one."""

import argparse

import numpy as np

from ..models import MODELS, ModelSpec, build_networks, get_model_spec
from ..network import Network
from ..terminal import say

ABOUT = "List the models, or show the layers of one."
DETAILS = "Numbers of parameters are those for images of 28 x 28, or for points of dimension 2."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", choices=list(MODELS), metavar="NAME", help="A model. Choices: %(choices)s.")


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    say(table() if arguments.name is None else details(get_model_spec(arguments.name)))
    return 0


def table() -> str:
    """Return one line for each model: its name, its numbers of parameters, its source."""
    lines = [f"{'model':<10} {'parameters of G':>15} {'of D':>10}  source"]
    for spec in MODELS.values():
        generator, discriminator = _networks(spec)
        lines.append(f"{spec.name:<10} {generator.theta.size:>15,} {discriminator.theta.size:>10,}  {spec.source}")
    return "\n".join(lines)


def details(spec: ModelSpec) -> str:
    """Return the source of one model, and the layers of both networks."""
    generator, discriminator = _networks(spec)
    text = f"{spec.name}: {spec.source}\n\ngenerator\n{generator.summary()}\n\n{spec.second}\n{discriminator.summary()}"
    if spec.published:
        text += f"\n\nas published (--as-published): {spec.published.flaw}"
    return text


def _networks(spec: ModelSpec) -> tuple[Network, Network]:
    return build_networks(spec.name, spec.example_shape(), rng=np.random.default_rng(0))
