"""Where a divergence began: the step is taken again from the last good checkpoint, layer by layer."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..backend import Array, get_array_module
from ..datasets import Dataset, Points
from ..fast.twin import Twin
from ..layers import Layer
from ..network import Network
from ..training.config import ResolvedConfig
from ..training.state import State, put


class _Found(Exception):
    """Carries the sentence out of the step."""


def find_origin(
    config: ResolvedConfig, dataset: Dataset | Points, state: State | None, shares: Sequence[float]
) -> str | None:
    """Return a sentence that says in which layer the first number appears that is not finite.

    Parameters
    ----------
    config, dataset : of the run
    state : the last good one of its trainer; None for the start of the run
    shares : what each step since then was told of the budget; the last of these steps is the one that diverged

    Returns
    -------
    The sentence, or None if the steps do not diverge again, which can only happen on a GPU.
    """
    from ..training.trainers import make_trainer

    trainer = make_trainer(config, dataset)
    if state:
        put(trainer, state)
    with np.errstate(all="ignore"):
        for share in shares[:-1]:
            trainer.step(share)
        places: dict[str, list[Array]] = {}
        for player, network in (("generator", trainer.generator), (config.spec.second, trainer.discriminator)):
            places |= _watch(network, player)
        try:
            trainer.step(shares[-1])
        except _Found as found:
            return str(found)
    bad = next((where for where, weights in places.items() if not all(map(_is_finite, weights))), None)
    return bad and f"It began with the weights {bad}, which this step left without finite values."


def _watch(network: Network, player: str) -> dict[str, list[Array]]:
    """Let every layer of a network look at its weights and at what it computes, forwards and backwards.

    Returns
    -------
    The weights of each layer by its place.
    """
    places = {}
    first = 0  # of the plain layers that this one computes
    for layer in network.computed:
        where = f"in layer {first} of the {player}, {layer!r}"
        weights = places[where] = [getattr(owner, name) for owner in _plain(layer) for name in owner.params]
        for name, way in (("forward", "forward"), ("input_grad", "back"), ("backward", "back")):
            setattr(layer, name, _watched(getattr(layer, name), where, way, weights))
        first += len(layer.originals) if isinstance(layer, Twin) else 1
    return places


def _plain(layer: Layer) -> Iterator[Layer]:
    """Yield the plain layers that a layer consists of, with those inside it."""
    for each in layer.walk():
        yield from each.originals if isinstance(each, Twin) else (each,)


def _watched(compute: Callable[..., Any], where: str, way: str, weights: list[Array]) -> Callable[..., Any]:
    def watched(*arguments: Any, **options: Any) -> Any:
        if not all(map(_is_finite, weights)):
            raise _Found(f"It began with the weights {where}, which the step before left without finite values.")
        result = compute(*arguments, **options)
        if not _is_finite(result[0] if isinstance(result, tuple) else result):
            greatest = max((float(abs(each).max()) for each in weights), default=0.0)
            size = f", whose weights reach {greatest:.2g}" if weights else ""
            raise _Found(f"It began {where}{size}, on the way {way}.")
        return result

    return watched


def _is_finite(x: Array) -> bool:
    return bool(get_array_module(x).isfinite(x).all())
