"""Cross-entropies: values in 500 digits, gradients by finite differences, nothing lost when confidently wrong."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.gradient_check import check_directional, check_elementwise
from minigan.layers.activations import sigmoid
from minigan.objectives.cross_entropy import one_hot, sigmoid_cross_entropy, softmax, softmax_cross_entropy

LOGITS = [0.0, 0.3, -0.3, 1.0, -1.0, 5.0, -5.0, 20.0, -20.0, 40.0, -40.0, 100.0, -100.0, 1000.0, -1000.0]


def cross_entropy_in_500_digits(s, t):
    """The definition, -t log p - (1 - t) log(1 - p) with p = 1 / (1 + e^-s), and its derivative p - t."""
    with localcontext(prec=500):
        s, t = Decimal(s), Decimal(t)
        p = 1 / (1 + (-s).exp())
        return float(-t * p.ln() - (1 - t) * (1 - p).ln()), float(p - t)


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("logit", LOGITS)
def test_value_is_exact_for_every_logit(logit, dtype, target, device):
    logits = to_device(np.array([[logit]], dtype=dtype), device)
    loss, ds = sigmoid_cross_entropy(logits, target)
    expected_loss, expected_ds = cross_entropy_in_500_digits(float(np.dtype(dtype).type(logit)), target)
    close = {"rtol": 8 * np.finfo(dtype).eps, "atol": np.finfo(dtype).tiny}
    np.testing.assert_allclose(to_host(loss), [[expected_loss]], **close)
    np.testing.assert_allclose(to_host(ds), [[expected_ds]], **close)
    assert loss.dtype == ds.dtype == dtype


@pytest.mark.parametrize("target", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("logit", LOGITS)
def test_soft_targets(logit, target, device):
    loss, ds = sigmoid_cross_entropy(to_device(np.array([[logit]]), device), target)
    expected_loss, expected_ds = cross_entropy_in_500_digits(logit, target)
    np.testing.assert_allclose(to_host(loss), [[expected_loss]], rtol=1e-13)
    np.testing.assert_allclose(to_host(ds), [[expected_ds]], rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("target", [0, 0.25, 1])
def test_every_logit_by_itself(target, device, normal):
    logits = normal(6, 1)
    before = to_host(logits).copy()
    loss, ds = sigmoid_cross_entropy(logits, target)
    expected = [cross_entropy_in_500_digits(float(s), target) for s in before[:, 0]]
    np.testing.assert_allclose(to_host(loss)[:, 0], [value for value, _ in expected], rtol=1e-13)
    np.testing.assert_allclose(to_host(ds)[:, 0], [slope for _, slope in expected], rtol=1e-12)
    assert loss.shape == ds.shape == (6, 1)
    np.testing.assert_array_equal(to_host(logits), before)


@pytest.mark.parametrize("target", [0, 0.25, 1])
def test_gradient(target, device, normal, rng):
    logits = 3 * normal(8, 1)
    _, ds = sigmoid_cross_entropy(logits, target)
    np.testing.assert_allclose(to_host(ds), to_host(sigmoid(logits) - target), rtol=1e-13, atol=2e-16)

    def f(s):
        return float(to_host(sigmoid_cross_entropy(s, target)[0].sum()))

    for check in (check_directional("ds", f, logits, ds, rng=rng), check_elementwise("ds", f, logits, ds, rng=rng)):
        assert check.ok, check


def test_gradient_survives_being_confidently_wrong(device):
    """A clipped probability has gradient 0 here; the truth is -1 and +1 per logit."""
    wrong = to_device(np.array([[-1000.0], [-100.0]], dtype=np.float32), device)
    np.testing.assert_array_equal(to_host(sigmoid_cross_entropy(wrong, 1)[1]), [[-1], [-1]])
    np.testing.assert_array_equal(to_host(sigmoid_cross_entropy(-wrong, 0)[1]), [[1], [1]])


@pytest.mark.parametrize("target", [-0.1, 1.1, 2, float("nan")])
def test_refuses_target(target):
    with pytest.raises(InputError, match=rf"target: expected a number in \[0, 1\], got {target}"):
        sigmoid_cross_entropy(np.zeros((2, 1)), target)


def test_numpy_target_does_not_promote():
    loss, ds = sigmoid_cross_entropy(np.zeros((2, 1), dtype=np.float32), np.float64(0.9))
    assert loss.dtype == ds.dtype == np.float32


def softmax_in_500_digits(row, k):
    """-log p_k with p = exp(s) / sum exp(s), and its derivative p - t."""
    with localcontext(prec=500):
        e = [Decimal(float(s)).exp() for s in row]
        p = [each / sum(e) for each in e]
        return float(-p[k].ln()), [float(each - (i == k)) for i, each in enumerate(p)]


@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_softmax_values(scale, device, normal):
    s = scale * normal(6, 10)
    labels = np.array([0, 9, 3, 3, 5, 7])
    before = to_host(s).copy()
    loss, ds = softmax_cross_entropy(s, one_hot(labels, 10, device=device).astype("float64"))
    expected = [softmax_in_500_digits(row, k) for row, k in zip(before, labels, strict=True)]
    np.testing.assert_allclose(to_host(loss)[:, 0], [value for value, _ in expected], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(to_host(ds), [slopes for _, slopes in expected], rtol=1e-11, atol=1e-15)
    np.testing.assert_array_equal(to_host(s), before)


def test_softmax_gradient(device, normal, rng):
    s, target = normal(5, 4), softmax(normal(5, 4))
    weights = normal(5, 1)
    _, ds = softmax_cross_entropy(s, target)

    def f(s):
        return float(to_host((weights * softmax_cross_entropy(s, target)[0]).sum()))

    for check in (
        check_directional("ds", f, s, weights * ds, rng=rng),
        check_elementwise("ds", f, s, weights * ds, rng=rng),
    ):
        assert check.ok, check


def test_two_classes_are_the_sigmoid(device, normal):
    s = normal(7, 1)
    pair = to_device(np.concatenate((to_host(s), np.zeros((7, 1))), axis=1), device)
    loss, ds = softmax_cross_entropy(pair, one_hot(np.zeros(7, int), 2, device=device).astype("float64"))
    expected_loss, expected_ds = sigmoid_cross_entropy(s, 1)
    np.testing.assert_allclose(to_host(loss), to_host(expected_loss), rtol=1e-13)
    np.testing.assert_allclose(to_host(ds)[:, :1], to_host(expected_ds), rtol=1e-13)


def test_softmax_keeps_float32(device, normal):
    loss, ds = softmax_cross_entropy(normal(3, 10, dtype="float32"), one_hot(np.array([0, 1, 2]), 10, device=device))
    assert loss.dtype == ds.dtype == np.float32


def test_refuses_a_target_of_another_shape():
    with pytest.raises(InputError, match=r"target: expected the shape of logits, \(3, 10\), got \(10, 3\)"):
        softmax_cross_entropy(np.zeros((3, 10)), np.zeros((10, 3)))


@pytest.mark.parametrize("labels", [[-1, 0], [0, 10]])
def test_refuses_labels_out_of_range(labels):
    with pytest.raises(InputError, match=rf"labels: expected 0 to 9, got {min(labels)} to {max(labels)}"):
        one_hot(np.array(labels), 10)


@pytest.mark.parametrize("labels", [np.zeros((2, 2), int), np.zeros(3)])
def test_refuses_labels_that_are_no_integers(labels):
    with pytest.raises(InputError, match=r"labels: expected integers of shape \(N,\)"):
        one_hot(labels, 10)
