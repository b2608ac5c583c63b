"""Trains the two evaluators on all of MNIST, and writes the files that ship with the package.

    python -m minigan.metrics.train_evaluator

This takes about three minutes on one core. ``minigan data`` shows where the digits are looked for. Another BLAS rounds
in another way and so gives other weights, and distances that were measured with other weights cannot be compared.

A classifier that only learns to read becomes blind to whatever does not matter for reading: grey paper, pale ink, thick
strokes. So half of the digits are damaged, and besides the digit the network tells the kind and the amount of the
damage. Two kinds are learned by both evaluators, eleven by one of them, and eleven kinds of `damages` by neither.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .. import validation
from ..backend import Array, get_array_module
from ..datasets.batches import to_pixels_first
from ..datasets.mnist import mnist
from ..files import atomic_path
from ..layers import BatchNorm, Dense, Dropout, RandomShift
from ..network import Network
from ..objectives.cross_entropy import one_hot, softmax_cross_entropy
from ..optimizers import Adam
from ..optimizers.averaging import RunningAverage
from .damages import DAMAGES, damaged
from .evaluator import CLASSES, EVALUATORS, IMAGE, Evaluator, body, file_of

BOTH = ("noise", "background")  # each moves all pixels; a network that never met it may charge anything
LEARNED = {  # the kinds of damage that each evaluator learns to tell
    EVALUATORS[0]: (*BOTH, "stripes", "thick", "rotation", "hole"),
    EVALUATORS[1]: (*BOTH, "salt", "pepper", "blur", "thin", "smaller", "waves", "blocks"),
}
EPOCHS = 8
BATCH = 100
GROUP = 250  # digits that get the same damage
REACH = 2  # pixels by which every digit is shifted
DROPOUT = 0.25  # of the features, so that no single one carries a class
RATE = 2e-3  # of Adam at its start; it falls to 0 along half a cosine


def damage_half(
    images: np.ndarray, labels: np.ndarray, kinds: Sequence[str], *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Damage the second half of a set of digits.

    Each 250 neighbours get a random kind. The amount is uniform from 0 to the greatest amount of the kind, and at
    least 1 where only whole amounts exist.

    Parameters
    ----------
    images : (n, 28, 28) uint8, in random order
    labels : (n,) integers from 0 to 9
    kinds : K names of kinds

    Returns
    -------
    The images, and the amounts (n, K) float32 as shares of the greatest; 0 where a kind was not used.
    """
    images, amounts = images.copy(), np.zeros((len(images), len(kinds)), np.float32)
    for start in range(len(images) // 2, len(images), GROUP):
        group, k = slice(start, start + GROUP), int(rng.integers(len(kinds)))
        greatest, whole = DAMAGES[kinds[k]].amounts[-1], DAMAGES[kinds[k]].whole
        amount = int(rng.integers(1, int(greatest), endpoint=True)) if whole else rng.uniform(0, greatest)
        images[group] = damaged(images[group], labels[group], kinds[k], amount, rng=rng)
        amounts[group, k] = amount / greatest
    return images, amounts


def reading_and_damage_loss(outputs: Array, target: Array, amounts: Array) -> tuple[Array, Array]:
    """Return the loss of every sample and its derivative.

    Forward   loss = -sum_k t_k log softmax(s)_k + 1/2 sum_j (v_j - a_j)^2          outputs = (s, v)
    Backward  ds = softmax(s) - t,  dv = v - a

    Parameters
    ----------
    outputs : (N, 10 + K), the logits s of the ten digits, and the estimates v of the amounts of K kinds of damage
    target : t (N, 10), one row for each label
    amounts : a (N, K)

    Returns
    -------
    loss (N, 1), and the derivative (N, 10 + K)
    """
    reading, ds = softmax_cross_entropy(outputs[:, :CLASSES], target)
    dv = outputs[:, CLASSES:] - amounts
    return reading + (dv**2).sum(axis=1, keepdims=True) / 2, get_array_module(outputs).concatenate([ds, dv], axis=1)


def train_evaluator(
    name: str,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int = EPOCHS,
    seed: int = 0,
    report: Callable[[int, Network], None] = lambda epoch, network: None,
) -> Network:
    """Train ``[RandomShift, *body(name), Dropout, Dense(10 + K)]`` on digits; K kinds of damage are learned.

    Adam minimises `reading_and_damage_loss`, in batches of 100.

    Parameters
    ----------
    name : in `EVALUATORS`
    images : (n, 28, 28) uint8, n at least 100
    labels : (n,) integers from 0 to 9
    epochs : passes over the digits
    seed : of initial weights, order, damage, shifts and dropout
    report : called at the end of every epoch with its number and the average so far

    Returns
    -------
    The running average of the network.
    """
    validation.integer("epochs", epochs)
    init, order, draws = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3))
    kinds = LEARNED[name]
    layers = [RandomShift(REACH), *body(name), Dropout(rate=DROPOUT), Dense(CLASSES + len(kinds))]
    network = Network(layers, IMAGE, rng=init)
    adam = Adam(network, learning_rate=RATE, beta1=0.9)
    average = RunningAverage(network, decay=0.998)
    steps = len(images) // BATCH
    for epoch in range(epochs):
        picked = order.permutation(len(images))
        seen, amounts = damage_half(images[picked], labels[picked], kinds, rng=order)
        target = one_hot(labels[picked], CLASSES)
        for step, batch in enumerate(order.permutation(len(images))[: steps * BATCH].reshape(steps, BATCH)):
            share = (epoch * steps + step) / (epochs * steps)
            adam.learning_rate = RATE * (1 + float(np.cos(np.pi * share))) / 2
            x = to_pixels_first(seen[batch][..., None])
            outputs, caches = network.forward(x, train=True, rng=draws)
            _, dy = reading_and_damage_loss(outputs, target[batch], amounts[batch])
            network.zero_grad()
            network.add_param_grads(dy / BATCH, caches)
            adam.step()
            network.update_stats(caches)
            average.update()
        report(epoch + 1, average.network)
    return average.network


def normalise(network: Network) -> None:
    """Set gamma = 1 in the last batch norm, and move its scale to the last layer; the outputs do not change.

    relu(gamma x_hat + beta) = gamma relu(x_hat + beta / gamma) for gamma > 0. The scale of a feature does not matter
    to the network, but it matters to a distance between features. Now each has variance 1 before its ReLU, over real
    and damaged digits together, so that no feature weighs more than the others.
    """
    norm, last = network.layers[-4], network.layers[-1]
    assert isinstance(norm, BatchNorm)
    assert isinstance(last, Dense)
    assert (norm.gamma > 0).all()
    last.w *= norm.gamma[:, None]
    norm.beta /= norm.gamma
    norm.gamma[...] = 1
    network.version += 1


def reader(name: str, network: Network) -> Evaluator:
    """Return the evaluator with weights in float16, without the estimates of damage and without a reference."""
    last = network.layers[-1]
    assert isinstance(last, Dense)
    features = network.theta[: -(last.w.size + last.b.size)]
    theta = np.concatenate([features, last.w[:, :CLASSES].ravel(), last.b[:CLASSES]]).astype(np.float16)
    return Evaluator(name, theta, network.stats, np.empty((0, last.w.shape[0])))


def write(evaluator: Evaluator, real: np.ndarray, path: Path) -> None:
    """Write the weights as float16, the statistics, and the features of real digits as float16 to one file."""
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            theta=np.concatenate([evaluator.body.theta, evaluator.head.theta]).astype(np.float16),
            stats=evaluator.body.stats,
            real=evaluator.features(real).astype(np.float16),
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Train, write the files, and print how many of the test digits are read correctly."""
    parser = argparse.ArgumentParser(prog="python -m minigan.metrics.train_evaluator", description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"Passes over the 60,000 digits. Default: {EPOCHS}.")
    parser.add_argument(
        "--seed", type=int, default=0, help="Random seed; the same seed gives the same result. Default: 0."
    )
    parser.add_argument("--out", type=Path, help="Folder for the files. Default: the folder of the package.")
    arguments = parser.parse_args(argv)
    train, test = mnist("train"), mnist("test")
    assert train.labels is not None
    assert test.labels is not None

    for number, name in enumerate(EVALUATORS):

        def report(epoch: int, network: Network, name: str = name) -> None:
            found = reader(name, network).probabilities(test.images).argmax(axis=1)
            share = 100 * (found == test.labels).mean()
            print(f"{name}, epoch {epoch}: {share:.2f} % of the test digits are read correctly", flush=True)

        seed = 2 * arguments.seed + number  # the two share no seed
        network = train_evaluator(name, train.images, train.labels, epochs=arguments.epochs, seed=seed, report=report)
        normalise(network)
        path = file_of(name) if arguments.out is None else arguments.out / file_of(name).name
        write(reader(name, network), test.images, path)
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
