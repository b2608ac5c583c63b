"""Trains the evaluator on all of MNIST, and writes the file that ships with the package.

    python -m minigan.metrics.train_evaluator

This takes two minutes on one core. ``minigan data`` shows where the digits are looked for. Another BLAS rounds in
another way and so gives other weights, and distances that were measured with other weights cannot be compared.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .. import validation
from ..datasets.batches import to_pixels_first
from ..datasets.mnist import mnist
from ..files import atomic_path
from ..layers import BatchNorm, Dense, RandomShift
from ..network import Network
from ..objectives.cross_entropy import one_hot, softmax_cross_entropy
from ..optimizers import Adam
from ..optimizers.averaging import RunningAverage
from .evaluator import CLASSES, FILE, IMAGE, Evaluator, body
from .frechet import moments

BATCH = 100
REACH = 2  # pixels by which the training digits are shifted
RATE = 2e-3  # of Adam at its start; it falls to 0 along half a cosine


def train_classifier(
    images: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int = 15,
    seed: int = 0,
    report: Callable[[int, Network], None] = lambda epoch, network: None,
) -> Network:
    """Train the classifier ``[RandomShift, *body(), Dense(10)]`` on digits.

    Adam minimises the softmax cross-entropy, in batches of 100.

    Parameters
    ----------
    images : (n, 28, 28) uint8, n at least 100
    labels : (n,) integers from 0 to 9
    epochs : passes over the digits
    seed : of initial weights, order and shifts
    report : called at the end of every epoch with its number and the average so far

    Returns
    -------
    The running average of the network.
    """
    validation.integer("epochs", epochs)
    init, order, shifts = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3))
    network = Network([RandomShift(REACH), *body(), Dense(CLASSES)], IMAGE, rng=init)
    adam = Adam(network, learning_rate=RATE, beta1=0.9)
    average = RunningAverage(network, decay=0.998)
    steps = len(images) // BATCH
    for epoch in range(epochs):
        batches = order.permutation(len(images))[: steps * BATCH].reshape(steps, BATCH)
        for step, picked in enumerate(batches):
            share = (epoch * steps + step) / (epochs * steps)
            adam.learning_rate = RATE * (1 + float(np.cos(np.pi * share))) / 2
            x = to_pixels_first(images[picked][..., None])
            logits, caches = network.forward(x, train=True, rng=shifts)
            _, ds = softmax_cross_entropy(logits, one_hot(labels[picked], CLASSES))
            network.zero_grad()
            network.add_param_grads(ds / BATCH, caches)
            adam.step()
            network.update_stats(caches)
            average.update()
        report(epoch + 1, average.network)
    return average.network


def normalise(network: Network) -> None:
    """Set gamma = 1 in the last batch norm, and move its scale to the last layer; the logits do not change.

    relu(gamma x_hat + beta) = gamma relu(x_hat + beta / gamma) for gamma > 0. The scale of a feature does not matter
    to the classifier, but it matters to a distance between features. Now each has variance 1 before its ReLU.
    """
    norm, last = network.layers[-3], network.layers[-1]
    assert isinstance(norm, BatchNorm)
    assert isinstance(last, Dense)
    assert (norm.gamma > 0).all()
    last.w *= norm.gamma[:, None]
    norm.beta /= norm.gamma
    norm.gamma[...] = 1
    network.version += 1


def write(network: Network, real: np.ndarray, path: Path) -> None:
    """Write the weights as float16, the statistics, and the moments of the features of real digits to one file."""
    theta, stats = network.theta.astype(np.float16), network.stats
    mean, covariance = moments(Evaluator(theta, stats).features(real))
    with atomic_path(path) as temporary:
        np.savez(
            temporary,
            theta=theta,
            stats=stats,
            mean=mean.astype(np.float32),
            covariance=covariance.astype(np.float32),
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Train, write the file, and print how many of the test digits are read correctly."""
    parser = argparse.ArgumentParser(prog="python -m minigan.metrics.train_evaluator", description=__doc__)
    parser.add_argument("--epochs", type=int, default=15, help="Passes over the 60,000 digits. Default: 15.")
    parser.add_argument(
        "--seed", type=int, default=0, help="Random seed; the same seed gives the same result. Default: 0."
    )
    parser.add_argument(
        "--out", type=Path, default=FILE, help="The .npz file to write. Default: the one in the package."
    )
    arguments = parser.parse_args(argv)
    train, test = mnist("train"), mnist("test")
    assert train.labels is not None
    assert test.labels is not None

    def report(epoch: int, network: Network) -> None:
        found = Evaluator(network.theta, network.stats).probabilities(test.images).argmax(axis=1)
        print(
            f"epoch {epoch}: {100 * (found == test.labels).mean():.2f} % of the test digits are read correctly",
            flush=True,
        )

    network = train_classifier(train.images, train.labels, epochs=arguments.epochs, seed=arguments.seed, report=report)
    normalise(network)
    write(network, test.images, arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
