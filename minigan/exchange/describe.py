"""What a network of a run takes and returns, in words, for whoever finds it in another program."""

from typing import NamedTuple

from ..models import kind_of
from ..objectives import ELBO
from ..objectives.conditional import Conditional, Projection, get_conditional
from ..runs.run import Run

NETWORKS = ("generator", "discriminator")


class Description(NamedTuple):
    """The names of the input and the output of a network, and a few sentences about both."""

    names: tuple[str, str]
    text: str


def describe(run: Run, network: str) -> Description:
    """Return what "generator" or "discriminator" of a run takes and returns, with the batch first.

    In an autoencoder the discriminator is the encoder.
    """
    *_, channels = shape = run.generator.output_shape
    kind = kind_of(shape)
    if kind == "images":
        samples = f"images (N, {channels}, {shape[0]}, {shape[1]}) with pixels in [-1, 1]"
    else:
        samples = f"points (N, {channels}) in the units of the data"
    called = network if network == "generator" else run.config.spec.second
    about = f"The {called} of a minigan run, model {run.config.model}:"
    if network == "generator":
        length = run.generator.input_shape[0]
        text = f"{about} latent (N, {length}) -> {samples}. {_latent(run, length)}"
        return Description(("latent", kind), text)
    width = run.discriminator.output_shape[0]
    packs = "N" if run.config.packing in (None, 1) else f"N / {run.config.packing}"
    text = f"{about} {samples} -> outputs ({packs}, {width}). {_outputs(run, width)}"
    return Description((kind, "outputs"), text)


def _latent(run: Run, length: int) -> str:
    """Say what the numbers in front of the generator are."""
    game, codes = get_conditional(run.config.conditional), run.discriminator.output_shape[0] - 1
    if game is None:
        return f"A latent vector is {length} numbers of standard normal noise."
    groups = "clusters" if _in_clusters(run, game) else "classes"
    text = f"A latent vector is {length - codes} numbers of standard normal noise, then 1 for one of "
    text += f"{codes - game.continuous} {groups} and 0 for the others"
    if run.shares.ndim == 2:
        text += f", where {run.shares.shape[1]} in a row belong to one label"
    if game.continuous:
        text += f", then {game.continuous} numbers in [-1, 1]"
    return text + "."


def _outputs(run: Run, width: int) -> str:
    """Say what the numbers behind the discriminator, or the encoder of an autoencoder, are."""
    objective = run.config.base_objective
    if isinstance(objective, ELBO):
        return f"The first {width // 2} outputs are means of latent numbers, the others logarithms of their variances."
    game = get_conditional(run.config.conditional)
    score = "logit of being real" if objective.log_odds else "score, higher for what looks real"
    if game is None:
        text = f"The output is a {score}." if width == 1 else f"Each discriminator has one output, a {score}."
        packed = run.config.packing
        return text if packed in (None, 1) else f"{text} {packed} neighbours in a batch share one."
    if issubclass(game, Projection):
        group = "cluster" if _in_clusters(run, game) else "class"
        return f"Output 0, plus output 1 + y for the {group} y of the sample, is a {score}."
    numbers = f", and the last {game.continuous} are numbers of the code" if game.continuous else ""
    return f"Output 0 is a {score}. The others are logits of the classes{numbers}."


def _in_clusters(run: Run, game: type[Conditional]) -> bool:
    """Return whether a code tells a cluster, and not a class."""
    return game.classes_of == "clusters" or run.shares.ndim == 2
