"""Whole networks in ONNX: onnxruntime's outputs are ours, for every model."""

import numpy as np
import pytest

import minigan
from minigan import layers as L
from minigan.errors import InputError
from minigan.exchange import save_onnx, to_onnx
from minigan.models import MODELS, build_networks
from minigan.network import Network

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def batch_first(x):
    return np.ascontiguousarray(x.transpose(2, 3, 0, 1)) if x.ndim == 4 else x


def outputs(net, x, path):
    """What onnxruntime computes from the file of a network, and what the network computes."""
    session = onnxruntime.InferenceSession(save_onnx(net, path))
    (theirs,) = session.run(None, {session.get_inputs()[0].name: batch_first(x)})
    return theirs, batch_first(net.forward(x, train=False)[0])


@pytest.mark.parametrize("model", MODELS)
def test_every_model(model, rng, tmp_path):
    """Outputs differ by at most 1e-5, and by 1e-5 of the largest one if that is above 1."""
    for net in build_networks(model, MODELS[model].example_shape(), rng=rng):
        net.stats[...] = rng.uniform(0.5, 2, net.stats.size)
        x = rng.standard_normal((*net.input_shape[:-1], 8, net.input_shape[-1]), dtype=np.float32)
        theirs, ours = outputs(net, x, tmp_path / "net.onnx")
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5 * max(1, abs(ours).max()), strict=True)


@pytest.mark.parametrize(
    "options", [{"spectral_norm": True, "packing": 2}, {"minibatch_std": True, "discriminators": 3}]
)
def test_options_of_the_discriminator(options, rng, tmp_path):
    options = {**options, "augment_shift": 2, "instance_noise": 0.1}
    _, net = build_networks("conv", (28, 28, 3), rng=rng, **options)
    x = rng.standard_normal((28, 28, 8, 3), dtype=np.float32)
    theirs, ours = outputs(net, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5, strict=True)


@pytest.mark.parametrize("name", ["mnist", "mnist-labels"])
def test_the_trained_models(name, tmp_path):
    run = minigan.load(name)
    theirs, images = outputs(run.generator, run.latent(20, seed=1), tmp_path / "g.onnx")
    np.testing.assert_allclose(theirs, images, rtol=0, atol=1e-5, strict=True)
    np.testing.assert_allclose(theirs[:, 0], run.sample(20, seed=1), rtol=0, atol=1e-5)
    theirs, ours = outputs(run.discriminator, images.transpose(2, 3, 0, 1), tmp_path / "d.onnx")
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-5 * max(1, abs(ours).max()), strict=True)


def test_what_the_file_says(rng, tmp_path):
    net = Network([L.Flatten(), L.Dense(3)], (4, 5, 2), rng=rng)
    path = save_onnx(net, tmp_path / "net.onnx", names=("images", "outputs"), about="A net.")
    session = onnxruntime.InferenceSession(path)
    (start,), (end,) = session.get_inputs(), session.get_outputs()
    assert (start.name, start.shape, start.type) == ("images", ["N", 2, 4, 5], "tensor(float)")
    assert (end.name, end.shape) == ("outputs", ["N", 3])
    assert session.get_modelmeta().description == "A net."
    model = onnx.load(path)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 18)]
    assert model.ir_version == 8


def test_a_network_that_does_nothing(rng, tmp_path):
    net = Network([L.Dropout(rate=0.5)], (3,), rng=rng)
    x = rng.standard_normal((4, 3), dtype=np.float32)
    np.testing.assert_array_equal(*outputs(net, x, tmp_path / "net.onnx"))


def test_the_same_network_gives_the_same_bytes(rng, tmp_path):
    net = Network([L.Dense(3), L.ReLU()], (4,), rng=rng)
    first, second = (save_onnx(net, tmp_path / f"{name}.onnx").read_bytes() for name in "ab")
    assert first == second


def test_the_weights_are_copied(rng):
    net = Network([L.Dense(3)], (4,), rng=rng)
    model = to_onnx(net)
    before = model.SerializeToString(deterministic=True)
    net.theta[...] = 0
    assert model.SerializeToString(deterministic=True) == before


def test_another_ending(rng, tmp_path):
    with pytest.raises(InputError, match=r"out: expected a name that ends in .onnx, got '.*net.pb'"):
        save_onnx(Network([L.Dense(3)], (4,), rng=rng), tmp_path / "net.pb")
    assert list(tmp_path.iterdir()) == []
