"""Every layer in ONNX: onnxruntime computes what the layer computes in eval mode."""

import numpy as np
import pytest

from minigan import layers as L
from minigan.errors import InputError
from minigan.exchange import to_onnx
from minigan.layers.cases import LAYER_CASES
from minigan.network import Network

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def batch_first(x):
    """(H, W, N, C) -> (N, C, H, W); (N, C) stays."""
    return np.ascontiguousarray(x.transpose(2, 3, 0, 1)) if x.ndim == 4 else x


def session_of(net):
    """Return onnxruntime's session of a network, whose graph must be valid."""
    model = to_onnx(net)
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(model.SerializeToString())


def compare(net, session, n, rng, *, tolerance=1e-5):
    x = rng.standard_normal((*net.input_shape[:-1], n, net.input_shape[-1])).astype(net.theta.dtype)
    y, _ = net.forward(x, train=False)
    (theirs,) = session.run(None, {"input": batch_first(x)})
    assert theirs.dtype == y.dtype
    np.testing.assert_allclose(theirs, batch_first(y), rtol=0, atol=tolerance * max(1, abs(y).max()), strict=True)


def shaken(net, rng):
    """The network with other numbers in all its arrays, so that none is 0 or 1; variances stay above 0."""
    net.theta[...] = rng.standard_normal(net.theta.size)
    net.stats[...] = rng.uniform(0.5, 2, net.stats.size)
    return net


@pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)
def test_every_layer(case, rng):
    net = shaken(Network(case.make(), case.input_shape, rng=rng), rng)
    session = session_of(net)
    for n in (8, 2):
        compare(net, session, n, rng)


@pytest.mark.parametrize("padding", ["same", 0, 1])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5, (2, 5)])
def test_convolutions(kernel_size, stride, padding, rng):
    """Odd and even kernels, with padding that is not the same on all sides."""
    for kind in (L.Conv2D, L.Conv2DTranspose):
        net = shaken(Network([kind(4, kernel_size, stride=stride, padding=padding)], (7, 6, 3), rng=rng), rng)
        compare(net, session_of(net), 3, rng)


def test_weights_on_every_device(device):
    """The graph does not depend on the device of the network."""
    layers = [L.Rescaling(offset=1), L.SpectralNorm(L.Conv2D(2, 3)), L.BatchNorm(), L.Flatten(), L.Dense(1)]
    networks = (Network(layers, (4, 4, 1), rng=np.random.default_rng(0), device=each) for each in ("cpu", device))
    graphs = map(to_onnx, networks)
    first, second = ([onnx.numpy_helper.to_array(each) for each in graph.graph.initializer] for graph in graphs)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, strict=True)


def test_groups_of_the_minibatch(rng):
    """Batches of two groups, of one group, and of less than one; others are refused, as in the layer."""
    net = Network([L.MinibatchStd(group_size=4)], (3, 2, 5), rng=rng)
    session = session_of(net)
    for n in (8, 4, 3, 1):
        compare(net, session, n, rng)
    six = np.zeros((6, 5, 3, 2), dtype=np.float32)
    with pytest.raises(Exception, match="Reshape"):
        session.run(None, {"input": six})


def test_packs(rng):
    net = Network([L.PackSamples(2), L.Conv2D(1, 3)], (4, 3, 1), rng=rng)
    session = session_of(net)
    compare(net, session, 6, rng)
    assert session.get_outputs()[0].shape == ["packs", 1, 4, 3]
    with pytest.raises(Exception, match="Reshape"):
        session.run(None, {"input": np.zeros((3, 1, 4, 3), dtype=np.float32)})


def test_numbers_of_64_bits(rng):
    net = shaken(
        Network([L.Dense(3), L.BatchNorm(), L.Tanh(), L.Rescaling(scale=0.3)], (4,), rng=rng, dtype="float64"), rng
    )
    compare(net, session_of(net), 5, rng, tolerance=1e-9)  # eps of batch norm is a float32 in ONNX


class Unknown(L.Layer):
    def forward(self, x, *, train, rng=None):
        return x, None

    def input_grad(self, dy, cache):
        return dy

    def jvp(self, x_dot, cache):
        return x_dot


def test_an_unknown_layer(rng):
    net = Network([L.DiscriminatorEnsemble([[L.Dense(2), Unknown()]])], (3,), rng=rng)
    with pytest.raises(InputError, match=r"network: expected layers that can be written in ONNX, got Unknown\(\)"):
        to_onnx(net)
