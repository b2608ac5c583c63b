"""``minigan gradcheck``: check every gradient of the package."""

import argparse

import numpy as np

from ..backend import Array
from ..gradient_check import Check, check_directional, check_game, check_layer, report
from ..layers.cases import LAYER_CASES
from ..models import MODELS, build_networks, get_model_spec
from ..network import Network
from ..objectives import OBJECTIVES, NonSaturating, Objective
from ..objectives.codes import draw_codes
from ..objectives.conditional import CATEGORIES, CONDITIONALS
from ..objectives.ensemble import COMBINE, DiscriminatorEnsembleObjective
from ..terminal import say
from ..training.autoencoder import add_bound_grads
from .arguments import add_seed

ABOUT = "Check every gradient in the package."
DETAILS = "Each one is compared with finite differences, and each layer with its own adjoint."

BATCH = 4  # samples in a game that is checked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--model",
        choices=list(MODELS),
        metavar="NAME",
        help="Check this model alone, on images of 28 x 28. Default: all layers, and all models on images of 8 x 8. "
        "Choices: %(choices)s.",
    )
    add_seed(parser)


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status, 1 when a gradient is wrong."""
    if arguments.model is None:
        checks = check_package(seed=arguments.seed)
    else:
        checks = check_model(arguments.model, seed=arguments.seed)
    say(report(checks))
    return 0 if all(check.ok for check in checks) else 1


def check_model(model: str, *, size: int = 28, seed: int = 0) -> list[Check]:
    """Check the gradients of D, and of G through D, under every objective and in every conditional game; or the bound.

    Parameters
    ----------
    model : the name of a model
    size : height and width of the images; points have dimension 2
    seed : of inputs, weights and directions
    """
    shape = get_model_spec(model).example_shape(size)
    if get_model_spec(model).autoencodes:
        return check_bound(model, size=size, seed=seed)
    shift = 2 if len(shape) == 3 else 0
    networks = build_networks(model, shape, rng=np.random.default_rng(seed), augment_shift=shift)
    games: list[tuple[tuple[Network, Network], Objective]] = [(networks, each) for each in OBJECTIVES.values()]
    for kind in CONDITIONALS.values():
        rng = np.random.default_rng(seed)
        codes = draw_codes(rng, BATCH, np.full(CATEGORIES, 1 / CATEGORIES), continuous=kind.continuous)
        networks = build_networks(model, shape, rng=rng, augment_shift=shift, codes=codes.shape[1])
        games.append((networks, kind(NonSaturating(), codes)))
    return [
        check._replace(name=f"{model}, {objective.name}, {check.name}")
        for networks, objective in games
        for check in check_game(*networks, objective, batch=BATCH, seed=seed)
    ]


def check_bound(model: str, *, size: int = 28, seed: int = 0) -> list[Check]:
    """Check the gradients of the ELBO in both networks of an autoencoder, with the noise fixed."""
    rng = np.random.default_rng(seed)
    generator, encoder = build_networks(model, get_model_spec(model).example_shape(size), rng=rng, dtype="float64")
    for network in (generator, encoder):  # zero biases and unit gains would hide mistakes
        network.theta += 0.1 * rng.standard_normal(network.theta.shape)
    x, noise = rng.uniform(-1, 1, (size, size, BATCH, 1)), rng.standard_normal((BATCH, *generator.input_shape))
    add_bound_grads(generator, encoder, x, noise)

    def check(name: str, network: Network) -> Check:
        def loss(theta: Array) -> float:
            saved = network.theta.copy()
            network.theta[...] = theta
            network.version += 1
            bound, *_ = add_bound_grads(generator.copy(), encoder.copy(), x, noise)
            network.theta[...] = saved
            return -float(bound.elbo)

        return check_directional(name, loss, network.theta.copy(), network.dtheta.copy(), rng=rng)

    return [
        check(f"{model}, elbo, {name}: dtheta", each) for name, each in (("generator", generator), ("encoder", encoder))
    ]


def check_ensemble(*, seed: int = 0) -> list[Check]:
    """Check the game against three discriminators under every objective; G pays the mean or the maximum."""
    networks = build_networks("mlp", (8, 8, 1), rng=np.random.default_rng(seed), discriminators=3)
    return [
        check._replace(name=f"three discriminators, {combine}, {objective.name}, {check.name}")
        for combine in COMBINE
        for objective in OBJECTIVES.values()
        for check in check_game(*networks, DiscriminatorEnsembleObjective(objective, combine=combine), seed=seed)
    ]


def check_package(*, seed: int = 0) -> list[Check]:
    """Check every layer in train and eval mode, every model on 8 x 8 images, and the game of three discriminators."""
    checks = []
    for train in (True, False):
        for name, make, shape in LAYER_CASES:
            mode = "train" if train else "eval"
            found = check_layer(make()[0], shape, train=train, seed=seed)
            checks += [check._replace(name=f"{check.name}, {name}, {mode}") for check in found]
    for model in MODELS:
        checks += check_model(model, size=8, seed=seed)
    return checks + check_ensemble(seed=seed)
