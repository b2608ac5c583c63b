"""The state of a trainer: everything that a step changes, taken out as plain arrays and numbers, and put back.

A trainer that is made anew from the same configuration and data, and gets this state, goes on to the bit as the first
one would have.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import validation
from ..backend import Array, device_of, to_device, to_host
from ..errors import InputError
from ..fast.adam import FastAdam
from ..optimizers import Adam, Optimizer
from .rank_states import join, part

if TYPE_CHECKING:
    from .base_trainer import BaseTrainer


class State(NamedTuple):
    """What a step changes.

    arrays : on the host, by name: theta and stats of G, of D and of the average; both moments of both Adams; the order
        of the data, and the class of each sample with the shares of the classes
    numbers : by name, as JSON can hold them: how often each of these took a step, the position in the data, and the
        state of every random stream
    """

    arrays: dict[str, np.ndarray]
    numbers: dict[str, Any]


def take(trainer: "BaseTrainer") -> State:
    """Return a copy of the state of a trainer.

    In a distributed run all ranks must call this at the same step, and each gets the states of all (see `rank_states`).
    """
    arrays = {name: np.array(to_host(array)) for name, array in _fixed(trainer).items()}
    arrays["order"] = np.array(to_host(trainer.batches.order))
    arrays["labels"] = _labels(trainer)
    numbers: dict[str, Any] = {
        "generator_t": adam_of(trainer.generator_optimizer).t,
        "discriminator_t": adam_of(trainer.discriminator_optimizer).t,
        "average_t": trainer.average.t,
        "discriminator_steps": trainer.discriminator_steps,
        "reclustered": trainer.reclustered,
        "position": trainer.batches.position,
        "streams": {name: rng.bit_generator.state for name, rng in trainer.streams.items()},
    }
    return State(*join(trainer.communicator, arrays, numbers))


def put(trainer: "BaseTrainer", state: State) -> None:
    """Give a trainer a state that `take` returned; everything is checked before anything is changed.

    Raises
    ------
    InputError : the state does not fit the trainer
    """
    state = State(*part(trainer.communicator, *state))
    _check(trainer, state)
    arrays, numbers = state
    for name, own in _fixed(trainer).items():
        own[...] = to_device(arrays[name], device_of(own))  # the shares are on the host
    for network in (trainer.generator, trainer.discriminator, trainer.average.network):
        network.version += 1
    trainer.batches.order = to_device(arrays["order"].copy(), trainer.device)
    trainer.batches.position = numbers["position"]
    if trainer.classes.labels is not None:
        labels = arrays["labels"].copy()
        trainer.classes = trainer.classes._replace(labels=labels, shares=arrays["shares"].copy())
        trainer.label_batches()
    adam_of(trainer.generator_optimizer).t = numbers["generator_t"]
    adam_of(trainer.discriminator_optimizer).t = numbers["discriminator_t"]
    trainer.average.t = numbers["average_t"]
    trainer.discriminator_steps = numbers["discriminator_steps"]
    trainer.reclustered = numbers["reclustered"]
    for name, rng in trainer.streams.items():
        rng.bit_generator.state = numbers["streams"][name]


def _fixed(trainer: "BaseTrainer") -> dict[str, Array]:
    """Return the arrays of a trainer whose shapes never change."""
    networks = {
        "generator": trainer.generator,
        "discriminator": trainer.discriminator,
        "average": trainer.average.network,
    }
    found: dict[str, Array] = {"shares": trainer.shares}
    for name, network in networks.items():
        found |= {f"{name}_theta": network.theta, f"{name}_stats": network.stats}
    optimizers = {"generator": trainer.generator_optimizer, "discriminator": trainer.discriminator_optimizer}
    for name, optimizer in optimizers.items():
        adam = adam_of(optimizer)
        found |= {f"{name}_m": adam.m, f"{name}_v": adam.v}
    return found


def adam_of(optimizer: Optimizer) -> Adam:
    """Return the Adam inside the wrappers of an optimiser."""
    inner: Any = optimizer
    while not isinstance(inner, Adam):
        inner = inner.adam if isinstance(inner, FastAdam) else inner.optimizer
    return inner


def _labels(trainer: "BaseTrainer") -> np.ndarray:
    """Return a copy of the class of each sample, (N,) int64; without classes it is empty."""
    labels = trainer.classes.labels
    return np.empty(0, dtype=np.int64) if labels is None else labels.astype(np.int64)


def _check(trainer: "BaseTrainer", state: State) -> None:
    arrays, numbers = state
    wanted = {name: (own.shape, str(own.dtype)) for name, own in _fixed(trainer).items()}
    wanted["labels"] = (_labels(trainer).shape, "int64")
    samples = len(trainer.batches.samples)
    order = arrays.get("order")
    wanted["order"] = ((samples if order is not None and order.size else 0,), "int64")
    for name, (shape, dtype) in wanted.items():
        array = arrays.get(name)
        if array is None or (array.shape, str(array.dtype)) != (shape, dtype):
            came = "none" if array is None else f"{array.dtype} of shape {array.shape}"
            raise InputError(f"{name}: expected {dtype} of shape {shape}, got {came}")
    for name, limit in (("order", samples), ("labels", trainer.shares.size)):
        if arrays[name].size and not 0 <= arrays[name].min() <= arrays[name].max() < limit:
            raise InputError(f"{name}: expected integers from 0 to {limit - 1}, got others")
    if (arrays["shares"] < 0).any() or (arrays["shares"].size and abs(arrays["shares"].sum() - 1) > 1e-6):
        raise InputError("shares: expected the probabilities of the classes, got numbers whose sum is not 1")
    counts = ("generator_t", "discriminator_t", "average_t", "discriminator_steps", "reclustered", "position")
    for name in counts:
        if type(numbers.get(name)) is not int or not 0 <= numbers[name] < 1 << 62:
            raise InputError(f"{name}: expected an integer of at least 0, got {validation.shown(numbers.get(name))}")
    streams = numbers.get("streams")
    for name in trainer.streams:
        try:
            np.random.default_rng(0).bit_generator.state = streams[name]  # type: ignore[index]
        except Exception:
            raise InputError(f"streams: expected the state of the random stream {name!r}, got another") from None
