"""How the evaluators are made: the damaged lessons, the loss, and the files that the command writes."""

import re

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device
from minigan.datasets import mnist_5k
from minigan.layers import BatchNorm, Dense, Dropout
from minigan.metrics import train_evaluator
from minigan.metrics.damages import DAMAGES
from minigan.metrics.evaluator import EVALUATORS, IMAGE, Evaluator, body, file_of
from minigan.network import Network
from minigan.objectives.cross_entropy import one_hot

DIGITS = mnist_5k()
KINDS = ("noise", "shift", "thick")


def test_half_of_the_digits_are_damaged(rng):
    images, labels = DIGITS.images[:4000].copy(), DIGITS.labels[:4000]
    found, amounts = train_evaluator.damage_half(images, labels, KINDS, rng=rng)
    np.testing.assert_array_equal(images, DIGITS.images[:4000])
    np.testing.assert_array_equal(found[:2000], images[:2000])
    assert not amounts[:2000].any()
    assert amounts.dtype == np.float32
    assert (found[2000:] != images[2000:]).any(axis=(1, 2)).mean() > 0.99
    assert ((amounts[2000:] > 0).sum(axis=1) == 1).all()
    assert amounts.max() <= 1
    groups = amounts[2000:].reshape(8, 250, 3)
    assert (groups == groups[:, :1]).all()
    assert (groups[:, 0] > 0).any(axis=0).all(), "every kind occurs"
    np.testing.assert_allclose(3 * amounts[:, 1] % 1 % 1, 0, atol=1e-6)


@pytest.mark.parametrize("name", EVALUATORS)
def test_the_kinds_exist(name):
    assert set(train_evaluator.LEARNED[name]) < set(DAMAGES)


def test_loss_and_gradient(rng, device):
    outputs = rng.standard_normal((5, 13))
    target, amounts = np.eye(10)[[3, 1, 4, 1, 5]], rng.random((5, 3))

    def loss(y):
        return train_evaluator.reading_and_damage_loss(*(to_device(each, device) for each in (y, target, amounts)))

    value, gradient = loss(outputs)
    by_hand = [
        np.log(np.exp(y[:10]).sum()) - y[digit] + ((y[10:] - a) ** 2).sum() / 2
        for y, digit, a in zip(outputs, [3, 1, 4, 1, 5], amounts, strict=True)
    ]
    np.testing.assert_allclose(value.tolist(), np.array(by_hand)[:, None], rtol=1e-12)
    way = rng.standard_normal(outputs.shape)
    step = 1e-6
    slope = (loss(outputs + step * way)[0] - loss(outputs - step * way)[0]) / (2 * step)
    np.testing.assert_allclose(slope.sum().tolist(), (gradient * to_device(way, device)).sum().tolist(), rtol=1e-8)
    assert one_hot(np.array([3]), 10).dtype == np.float32


def test_normalising_changes_no_output(rng):
    network = Network([*body(EVALUATORS[0]), Dropout(rate=0.25), Dense(18)], IMAGE, rng=rng)
    norm = next(layer for layer in reversed(network.layers) if isinstance(layer, BatchNorm))
    network.theta[...] += 0.1 * rng.standard_normal(network.theta.size)
    x = rng.uniform(-1, 1, (28, 28, 4, 1)).astype(np.float32)
    before = network.forward(x, train=False)[0]
    assert np.abs(norm.gamma - 1).max() > 0.05
    train_evaluator.normalise(network)
    np.testing.assert_array_equal(norm.gamma, 1)
    np.testing.assert_allclose(network.forward(x, train=False)[0], before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", EVALUATORS)
def test_a_reader_keeps_the_ten_digits(name, rng):
    network = Network([*body(name), Dense(10 + 8)], IMAGE, rng=rng)
    images = DIGITS.images[:20]
    x = (images / np.float32(127.5) - 1).astype(np.float32).transpose(1, 2, 0)[..., None]
    logits = network.forward(x, train=False)[0][:, :10]
    found = np.log(train_evaluator.reader(name, network).probabilities(images))
    expected = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.02)  # its weights are float16


@pytest.mark.parametrize("epochs", [0, 1.5])
def test_refuses_epochs(epochs):
    with pytest.raises(InputError, match="epochs: expected an integer"):
        train_evaluator.train_evaluator(EVALUATORS[0], DIGITS.images, DIGITS.labels, epochs=epochs)


def test_the_command_makes_such_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_evaluator, "mnist", lambda split: DIGITS)
    train_evaluator.main(["--epochs", "2", "--out", str(tmp_path)])
    printed = capsys.readouterr().out.splitlines()
    for name, lines in zip(EVALUATORS, (printed[:3], printed[3:]), strict=True):
        shares = [
            re.fullmatch(rf"{name}, epoch {n}: (\d+\.\d\d) % of the test digits are read correctly", line)[1]
            for n, line in enumerate(lines[:2], 1)
        ]
        assert float(shares[1]) > 80
        path = tmp_path / file_of(name).name
        assert lines[2] == f"{path}: {path.stat().st_size:,} bytes"
        with np.load(path) as made, np.load(file_of(name)) as shipped:
            assert {k: v.dtype for k, v in made.items()} == {k: v.dtype for k, v in shipped.items()}
            assert {k: made[k].shape for k in ("theta", "stats")} == {k: shipped[k].shape for k in ("theta", "stats")}
            evaluator = Evaluator(name, made["theta"], made["stats"], made["real"])
            features = evaluator.features(DIGITS.images)
            found = evaluator.classify(features).argmax(axis=1)
            assert f"{100 * (found == DIGITS.labels).mean():.2f}" == shares[1]
            np.testing.assert_array_equal(made["real"], features.astype(np.float16))
