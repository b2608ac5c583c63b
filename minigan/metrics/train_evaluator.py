"""Trains the evaluator on all of MNIST and writes the file that ships with the package: two minutes on one core.

    python -m minigan.metrics.train_evaluator

The digits are found as everywhere (see ``minigan data``). Another BLAS rounds otherwise and gives other weights, and
distances by other weights are not the same numbers.
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
    """Return the running average of a classifier ``[RandomShift, *body(), Dense(10)]`` trained on digits.

    Adam on the softmax cross-entropy, in batches of 100.

    images : (n, 28, 28) uint8, n at least 100
    labels : (n,) integers 0 to 9
    report : called with the number of every epoch that is over, and the average as it is then
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
    """Give the last batch norm gamma = 1, and its scale to the last layer; the logits stay what they are.

    relu(gamma x_hat + beta) = gamma relu(x_hat + beta / gamma) for gamma > 0. The scale of a feature is no matter to
    the classifier, but to a distance between features it is: now every one has variance 1 before its ReLU.
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
    """Write weights as float16, statistics, and the moments of the features of real digits, whole or not at all."""
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
    """Train, write, and say how many of the test digits are read right."""
    parser = argparse.ArgumentParser(prog="python -m minigan.metrics.train_evaluator", description=__doc__)
    parser.add_argument("--epochs", type=int, default=15, help="passes over the 60,000 digits (default: 15)")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (default: 0)")
    parser.add_argument("--out", type=Path, default=FILE, help="an .npz (default: the one in the package)")
    arguments = parser.parse_args(argv)
    train, test = mnist("train"), mnist("test")
    assert train.labels is not None
    assert test.labels is not None

    def report(epoch: int, network: Network) -> None:
        found = Evaluator(network.theta, network.stats).probabilities(test.images).argmax(axis=1)
        print(f"epoch {epoch}: {100 * (found == test.labels).mean():.2f} % of the test digits read right", flush=True)

    network = train_classifier(train.images, train.labels, epochs=arguments.epochs, seed=arguments.seed, report=report)
    normalise(network)
    write(network, test.images, arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
