"""Where the time of a training step goes: `minigan bench --profile` in a process of its own.

Two trainers take turns. The functions of the fast floor are replaced by booked ones (see `ledger`) while the second
trainer is made and while it steps, and only then. So the first one says what a step takes without this.
"""

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np

from ...fast import convolution, fourier, im2col, polyphase, products, taps, transform
from ...fast import threads as fast_threads
from ...fast.memory import retain_heap
from ...fast.twin import Twin
from ...layers import dropout
from ...training.trainer import Trainer
from ..speed import copy_speed, matmul_speed
from .ledger import REST, Counts, Times, add, booked, count_in, present_row, shared_block, shared_out, size_of, take
from .whole_step import make_trainer

ROWS = ("products", "transforms", "elementwise", "optimisers", "draws", REST)
INSIDE = "transforms, with the products inside"  # becomes a part of the row "transforms"
BLOCK = 5  # steps that one trainer takes before it is the turn of the other
SECONDS = 6.0  # of steps of both trainers, about
LEAST = 4  # turns
DRAWS = ("integers", "normal", "permutation", "random", "standard_normal", "uniform")

Replacement = tuple[
    MutableMapping[str, Any], str, Any, Any
]  # a namespace, a name in it, what is there, what replaces it


def profile(model: str, batch_size: int, update: str) -> dict[str, Any]:
    """Measure where the time of `Trainer.step` goes on the CPU, with the options that `minigan train` gives the model.

    All times are means over the faster half of the steps.

    Returns
    -------
    - rows, for each of `ROWS`: ms; gflop, the floating point operations in 10^9; gb, the 10^9 bytes that must be moved
      at least; and limit, the share of the time that these would take at the speeds below, or None where nothing
      is counted
    - total_ms, the sum of all rows, and undisturbed_ms, the time of a step in which nothing is booked
    - gflops and copy_gbs, the speeds of a large product and of a large copy, before or after the steps
    """
    speeds = [(matmul_speed()[0], copy_speed())]
    retain_heap()
    with fast_threads.threads():
        undisturbed = make_trainer(model, batch_size, update, "cpu")
        replacements = _replacements()
        with _replaced(replacements):
            watched = make_trainer(model, batch_size, update, "cpu")
            _watch(watched)
        seconds, times, counts = _measure(undisturbed, watched, replacements)
    speeds.append((matmul_speed()[0], copy_speed()))
    gflops, copy_gbs = map(max, zip(*speeds, strict=True))
    for each in times:
        each["transforms"] += each.pop(INSIDE, 0.0)
    counts["transforms"] += counts[INSIDE]
    return {
        "rows": {row: _row([each[row] for each in times], counts[row] / 1e9, gflops, copy_gbs) for row in ROWS},
        "total_ms": 1000 * float(np.mean([sum(each.values()) for each in times])),
        "undisturbed_ms": 1000 * float(np.mean(seconds)),
        "gflops": gflops,
        "copy_gbs": copy_gbs,
    }


def _measure(
    undisturbed: Trainer, watched: Trainer, replacements: list[Replacement]
) -> tuple[list[float], list[Times], Counts]:
    """Let both trainers take turns.

    Returns
    -------
    The seconds of the steps of the one, the times of those of the other (of both the faster half), and what a step of
    the other counts.
    """
    seconds: list[float] = []
    times: list[Times] = []
    start, turns = perf_counter(), -1  # the first turn is the warm-up
    while turns < LEAST or perf_counter() - start < SECONDS:
        for _ in range(BLOCK):
            before = perf_counter()
            undisturbed.step()
            seconds.append(perf_counter() - before)
        with _replaced(replacements):
            times += [take(watched.step) for _ in range(BLOCK)]
        turns += 1
        if turns == 0:
            start = perf_counter()
            seconds.clear()
            times.clear()
    with _replaced(replacements):
        counts = count_in(watched.step)
    half = -(-len(times) // 2)
    return sorted(seconds)[:half], sorted(times, key=lambda each: sum(each.values()))[:half], counts


def _row(seconds: list[float], counts: np.ndarray, gflops: float, copy_gbs: float) -> dict[str, float | None]:
    mean, (gflop, gb) = float(np.mean(seconds)), map(float, counts)
    least = max(gflop / gflops, gb / copy_gbs)
    return {"ms": 1000 * mean, "gflop": gflop, "gb": gb, "limit": least / mean if least and mean else None}


def _replacements() -> list[Replacement]:
    """List what has to be replaced, wherever a module of the package has it."""
    new: dict[Callable[..., Any], Callable[..., Any]] = {
        fast_threads.parallel_for: shared_out(fast_threads.parallel_for),
        fast_threads.background: shared_block(fast_threads.background),
        dropout.host_words: booked(dropout.host_words, "draws"),
    }
    for function in (
        transform.transform_images, transform.transform_back, fourier.prepare_w, im2col.prepare_x,
        polyphase.to_phases, polyphase.from_phases, polyphase.taps_to_phases, polyphase.taps_from_phases,
    ):  # fmt: skip
        new[function] = booked(function, INSIDE, _moved)
    for multiply in (im2col.conv2d, im2col.weight_grad, taps.conv2d, taps.input_grad, taps.weight_grad):
        new[multiply] = booked(multiply, "transforms")
    new[im2col.input_grad] = booked(im2col.input_grad, "transforms", _added_back)
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "minigan"]
    found: list[Replacement] = [
        (vars(module), name, value, new[value])
        for module in modules
        for name, value in list(vars(module).items())
        if callable(value) and value.__hash__ and value in new
    ]
    for name, form in convolution.FORMS.items():
        found.append((convolution.FORMS, name, form, convolution.Form(*(new.get(each, each) for each in form))))
    matmul, kernels = products.matmul, booked(products.matmul, INSIDE)
    found.append((vars(fourier), "matmul", matmul, kernels))  # the transform of a kernel gradient
    default_rng = np.random.default_rng
    found += [
        (vars(np), "matmul", np.matmul, _booked_product(np.matmul)),
        (vars(np), "concatenate", np.concatenate, booked(np.concatenate, "elementwise", _twice, inner=False)),
        (vars(np.random), "default_rng", default_rng, lambda seed: BookedGenerator(default_rng(seed).bit_generator)),
    ]
    return found


@contextmanager
def _replaced(replacements: list[Replacement]) -> Iterator[None]:
    for namespace, name, _, new in replacements:
        namespace[name] = new
    try:
        yield
    finally:
        for namespace, name, old, _ in replacements:
            namespace[name] = old


class BookedGenerator(np.random.Generator):
    """A random number generator whose draws are booked."""


for _name in DRAWS:
    setattr(BookedGenerator, _name, booked(getattr(np.random.Generator, _name), "draws"))


def _booked_product(matmul: Callable[..., Any]) -> Callable[..., Any]:
    product = booked(
        matmul, "products", lambda y, a, b, **_: (2 * y.size * a.shape[-1], a.nbytes + b.nbytes + y.nbytes)
    )

    def call(a: np.ndarray, b: np.ndarray, **options: Any) -> np.ndarray:
        if present_row() != INSIDE:
            return product(a, b, **options)
        y = matmul(a, b, **options)
        add(INSIDE, 2 * y.size * a.shape[-1], 0)
        return y

    return call


def _moved(result: Any, *operands: Any, **_: Any) -> tuple[float, float]:
    return 0, size_of(result, *operands)


def _twice(result: np.ndarray, *_: Any, **__: Any) -> tuple[float, float]:
    return 0, 2 * result.nbytes


def _added_back(dx: np.ndarray, dy: np.ndarray, w: np.ndarray, _: Any) -> tuple[float, float]:
    """Count dx, and the products of all taps that are added to it."""
    return 0, dx.nbytes + w.size // w.shape[3] * dy.nbytes // dy.shape[3]


def _watch(trainer: Trainer) -> None:
    """Book the layers, the optimisers, the average and the batches of a trainer."""
    game = trainer.game
    for network, optimizer in (
        (game.generator, game.generator_optimizer),
        (game.discriminator, game.discriminator_optimizer),
    ):
        size = network.theta.nbytes
        _book(optimizer, "step", "optimisers", lambda *_, size=size: (0, 7 * size))  # reads g, m, v, theta; writes 3
        _book(network, "zero_grad", "elementwise", lambda *_, size=size: (0, size))
        for layer in network.computed:
            weighted = isinstance(layer, Twin) and "w" in layer.params
            _book(layer, "forward", "elementwise", _bias_added(layer) if weighted else _moved)
            for half in ("backward", "input_grad", "add_param_grads", "jvp", "add_tangent_param_grads"):
                _book(layer, half, "elementwise", _gradient_added(layer, half) if weighted else _moved)
    size = trainer.generator.theta.nbytes
    _book(trainer.average, "update", "optimisers", lambda *_: (0, 2 * size))  # theta was read by Adam
    for name in ("next", "next_labelled"):
        _book(trainer.batches, name, "draws")


def _book(owner: Any, name: str, row: str, count: Any = None) -> None:
    setattr(owner, name, booked(getattr(owner, name), row, count, inner=False))


def _bias_added(twin: Any) -> Callable[..., tuple[float, float]]:
    """Count the pass over y in which a twin of a dense layer or a convolution adds the bias, and perhaps activates."""
    passes = twin.originals[0].use_bias or len(twin.originals) > 1
    return lambda result, *_, **__: (0, 2 * result[0].nbytes if passes else 0)


def _gradient_added(twin: Any, half: str) -> Callable[..., tuple[float, float]]:
    """Count the passes beside the products: through an activation, to add up db, and to add dw to what is there."""

    def count(
        _: Any, dy: np.ndarray, *__: Any, param_grads: bool = half not in ("input_grad", "jvp"), later: Any = None
    ) -> tuple[float, float]:
        activation = 3 * dy.nbytes if len(twin.originals) > 1 else 0
        return 0, activation + (dy.nbytes + 3 * twin.originals[0].dw.nbytes if param_grads else 0)

    return count
