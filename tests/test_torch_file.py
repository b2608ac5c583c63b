"""Files for PyTorch: the program builds the network without minigan, and the weights load safely."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import minigan
from minigan import layers as L
from minigan.errors import InputError
from minigan.exchange import save_torch
from minigan.exchange.to_torch import to_nchw
from minigan.layers.cases import LAYER_CASES
from minigan.models import MODELS, build_networks
from minigan.network import Network

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.parity


def loaded(program):
    """Import a program, and return the network that its `load` returns."""
    spec = importlib.util.spec_from_file_location("program", program)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load()


def compare(net, program, rng, *, tolerance):
    x = rng.standard_normal((*net.input_shape[:-1], 8, net.input_shape[-1])).astype(net.theta.dtype)
    y = to_nchw(net.forward(x, train=False)[0]).numpy()
    theirs = loaded(program)(to_nchw(x)).detach().numpy()
    np.testing.assert_allclose(theirs, y, rtol=0, atol=tolerance * max(1, abs(y).max()), strict=True)


@pytest.mark.parametrize("case", LAYER_CASES, ids=lambda case: case.name)
def test_every_layer(case, rng, tmp_path):
    net = Network(case.make(), case.input_shape, rng=rng, dtype="float64")
    net.theta[...] = rng.standard_normal(net.theta.size)
    weights, program = save_torch(net, tmp_path / "net.pt")
    assert (weights, program) == (tmp_path / "net.pt", tmp_path / "net.py")
    compare(net, program, rng, tolerance=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_every_model(model, rng, tmp_path):
    for net in build_networks(model, MODELS[model].example_shape(8), rng=rng):
        compare(net, save_torch(net, tmp_path / "net.pt")[1], rng, tolerance=1e-5)


def test_alone(tmp_path):
    """In a process that cannot import minigan, the trained generator draws the same digits."""
    run = minigan.load("mnist-labels")
    save_torch(run.generator, tmp_path / "generator.pt", about="Draws digits.")
    np.save(tmp_path / "z.npy", run.latent(5, seed=3))
    code = (
        "import sys, numpy, torch; sys.path.insert(0, '.'); sys.modules['minigan'] = None; import generator; "
        "numpy.save('images', generator.load()(torch.tensor(numpy.load('z.npy'))).detach().numpy())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    images = np.load(tmp_path / "images.npy")
    assert images.shape == (5, 1, 28, 28)
    np.testing.assert_allclose(images[:, 0], run.sample(5, seed=3), rtol=0, atol=1e-5)


def net(rng):
    return Network([L.Dense(3)], (4,), rng=rng)


def test_the_weights_are_a_state_dict(rng, tmp_path):
    own = net(rng)
    state = torch.load(save_torch(own, tmp_path / "net.pt")[0], weights_only=True)
    assert list(state) == ["0.weight", "0.bias"]
    np.testing.assert_array_equal(state["0.weight"].numpy(), own.layers[0].w.T)


def test_the_same_network_gives_the_same_bytes(rng, tmp_path):
    own = net(rng)
    first, second = ([path.read_bytes() for path in save_torch(own, tmp_path / "net.pt")] for _ in range(2))
    assert first == second


def test_text_about_the_network_is_only_text(rng, tmp_path):
    about = 'x """\nraise SystemExit(1)\n""" \\'
    program = save_torch(net(rng), tmp_path / 'a"b.pt', about=about)[1]
    spec = importlib.util.spec_from_file_location("program", program)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.__doc__.startswith('x """ raise SystemExit(1) """ \\\n')
    assert module.load()(torch.zeros(2, 4)).shape == (2, 3)


def test_another_program_is_kept(rng, tmp_path):
    (tmp_path / "train.py").write_text("print('mine')\n")
    with pytest.raises(
        InputError, match=r"out: expected a name for which train.py can be written too, got '.*train.pt'"
    ):
        save_torch(net(rng), tmp_path / "train.pt")
    assert (tmp_path / "train.py").read_text() == "print('mine')\n"
    assert not (tmp_path / "train.pt").exists()


def test_another_ending(rng, tmp_path):
    with pytest.raises(InputError, match=r"out: expected a name that ends in .pt, got '.*net.py'"):
        save_torch(net(rng), tmp_path / "net.py")
