"""The generator in the page: run under node, its layers, its gradient and both shipped models equal ours."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import replay
from minigan.layers import (
    BatchNorm,
    Constant,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    ReLU,
    Rescaling,
    Reshape,
    Sigmoid,
    Tanh,
)
from minigan.network import Network
from minigan.replay.left_out import LeftOut
from minigan.replay.weights import translate

FOLDER = Path(replay.__file__).parent
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")

CASES = {
    "dense": ([Dense(3)], (5,)),
    "dense, no bias": ([Dense(4, use_bias=False)], (1,)),
    "batch norm": ([Dense(4), BatchNorm(eps=1e-3), Tanh()], (5,)),
    "batch norm, image": ([Dense(24), Reshape((3, 2, 4)), BatchNorm()], (5,)),
    "activations": ([Dense(7), ReLU(), Dense(7), LeakyReLU(negative_slope=0.2), Dense(3), Sigmoid()], (4,)),
    "identities": ([Dense(24), Reshape((3, 2, 4)), Dropout(rate=0.5), Flatten(), Dense(2)], (3,)),
    "rescaling": ([Dense(5), Rescaling(scale=-2, offset=0.5)], (3,)),
    "transposed": ([Dense(30), Reshape((3, 2, 5)), Conv2DTranspose(2, 4, stride=2)], (3,)),
    "transposed, uneven": (
        [Dense(24), Reshape((3, 4, 2)), Conv2DTranspose(3, (5, 3), stride=3, padding=1, output_padding=2)],
        (3,),
    ),
    "transposed, stride 1": ([Dense(24), Reshape((3, 4, 2)), Conv2DTranspose(1, 5, use_bias=False), Tanh()], (3,)),
    "transposed, from one pixel": ([Dense(6), Reshape((1, 1, 6)), Conv2DTranspose(3, 4, padding=0)], (3,)),
}


def run_in_node(script, data, files=("network", "latent", "inversion")):
    """Run the files of the page and then a script, which prints JSON, on `data`."""
    code = "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in files)
    read = 'const data = JSON.parse(require("fs").readFileSync(0, "utf8"));'
    done = subprocess.run(
        [NODE, "-e", f'"use strict";\n{code}\n{read}\n{script}'],
        input=json.dumps(data),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def as_data(network, **more):
    description, weights = translate(network)
    return {"network": description, "weights": base64.b64encode(weights).decode(), **more}


MAKE = """
const make = (Numbers) => makeNetwork(data.network, new Uint8Array(Buffer.from(data.weights, "base64")), Numbers);
"""
FORWARD = (
    MAKE
    + """
const network = make();
console.log(JSON.stringify(data.z.map((z) => Array.from(network.forward(Float32Array.from(z)).at(-1)))));
"""
)
# the gradient of <dy, y> in z, and the same by central differences, both in float64
GRADIENT = (
    MAKE
    + """
const network = make(Float64Array), z = Float64Array.from(data.z), dy = Float64Array.from(data.dy);
const value = (at) => network.forward(at).at(-1).reduce((sum, y, i) => sum + y * dy[i], 0);
const differences = data.z.map((_, i) => {
  const [up, down] = [1e-5, -1e-5].map((step) => value(z.map((number, k) => number + (k === i ? step : 0))));
  return (up - down) / 2e-5;
});
console.log(JSON.stringify([Array.from(network.inputGrad(dy, network.forward(z))), differences]));
"""
)


def make_network(layers, shape, rng):
    """A network whose weights are all numbers of float16, with biases and statistics that are not the initial ones."""
    network = Network(layers, shape, rng=rng)
    network.theta[...] = rng.normal(size=network.theta.shape).astype(np.float16)
    network.stats[...] = rng.uniform(0.5, 2, size=network.stats.shape)
    network.version += 1
    return network


def rows_of(y):
    """Pixels first to one flat row for each sample."""
    return (y if y.ndim == 2 else y.transpose(2, 0, 1, 3)).reshape(y.shape[-2], -1)


@needs_node
@pytest.mark.parametrize("name", CASES)
def test_every_layer_equals_ours(name, rng):
    network = make_network(*CASES[name], rng)
    z = rng.normal(size=(4, *network.input_shape)).astype(np.float32)
    ours = rows_of(network.forward(z, train=False)[0])
    theirs = np.array(run_in_node(FORWARD, as_data(network, z=z.tolist())))
    np.testing.assert_allclose(theirs, ours, atol=1e-4, rtol=1e-5)


@needs_node
@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_that_of_finite_differences(name, rng):
    network = make_network(*CASES[name], rng)
    z = rng.normal(size=network.input_shape)
    dy = rng.normal(size=int(np.prod(network.output_shape)))
    gradient, differences = np.array(run_in_node(GRADIENT, as_data(network, z=z.tolist(), dy=dy.tolist())))
    assert np.abs(gradient).max() > 0
    np.testing.assert_allclose(gradient, differences, atol=1e-6 * np.abs(gradient).max(), rtol=1e-6)


@needs_node
@pytest.mark.parametrize("name", ["mnist", "mnist-labels"])
def test_the_shipped_models_equal_ours(name, rng):
    """Also their gradients: the shipped weights are numbers of float16, so nothing is rounded."""
    run = minigan.load(name)
    z = run.latent(5, seed=7)
    ours, caches = run.generator.forward(z, train=False)
    data = as_data(run.generator, z=z.tolist())
    theirs = np.array(run_in_node(FORWARD, data))
    np.testing.assert_allclose(theirs, rows_of(ours), atol=1e-4)
    dy = rng.normal(size=ours.shape).astype(np.float32)
    gradients = run.generator.backward(dy, caches, param_grads=False)
    for i in range(len(z)):
        here = {**data, "z": z[i].tolist(), "dy": rows_of(dy)[i].tolist()}
        found, _ = run_in_node(GRADIENT.replace("data.z.map", "[].map"), here)
        np.testing.assert_allclose(found, gradients[i], atol=1e-4 * np.abs(gradients[i]).max())


@needs_node
def test_float16_is_read_to_the_bit():
    numbers = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    numbers = numbers[np.isfinite(numbers)]
    script = "console.log(JSON.stringify(Array.from(new Uint16Array(data), half)));"
    found = run_in_node(script, numbers.view(np.uint16).tolist())
    np.testing.assert_array_equal(np.array(found), numbers.astype(np.float64))


INVERT = (
    MAKE
    + """
const network = make(), target = Float32Array.from(data.target);
const candidates = data.z.map((z) => Float32Array.from(z));
const shares = [];
invert(network, target, candidates, data.count, (share) => shares.push(share) < data.reports, data.options)
  .then((found) => console.log(JSON.stringify([found && { z: Array.from(found.z), error: found.error }, shares])));
"""
)


@pytest.fixture(scope="module")
def inversion():
    """A digit that the generator draws, and latents of which none is that digit's."""
    run = minigan.load("mnist-labels")
    target = run.sample(1, seed=3, label=4)[0]
    z = run.latent(20, seed=1, label=list(range(10)))
    data = as_data(run.generator, z=z.tolist(), target=target.ravel().tolist(), count=128, reports=1e9, options={})
    return run, target, data


@needs_node
def test_inversion_finds_a_digit_again(inversion):
    run, target, data = inversion
    starts = run.latent(10, seed=1, label=4)
    found, shares = run_in_node(INVERT, {**data, "z": starts.tolist(), "options": {"prior": 0}})
    z = np.array(found["z"], np.float32)
    assert z[128:].tolist() == starts[0, 128:].tolist()  # the code stays
    drawn, started = (rows_of(run.generator.forward(each, train=False)[0]) for each in (z[None], starts))
    error = ((drawn - target.ravel()) ** 2).mean()
    assert found["error"] == pytest.approx(error, rel=1e-3)
    assert error < 0.1 * ((started - target.ravel()) ** 2).mean(axis=1).min()
    assert 10 * np.log10(4 / error) > 20
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


RANKED = """
const candidates = data.map(([error, kind]) => ({ error, z: Float32Array.of(error, kind) }));
console.log(JSON.stringify(ranked(candidates, 1).map(({ z }) => Array.from(z))));
"""


@needs_node
def test_each_class_is_tried_before_the_second_of_one():
    found = run_in_node(RANKED, [[4, 1], [2, 0], [1, 0], [8, 2], [3, 0], [5, 1]])
    assert found == [[1, 0], [4, 1], [8, 2], [2, 0], [5, 1], [3, 0]]


@needs_node
def test_inversion_stops_when_it_is_told(inversion):
    found, shares = run_in_node(INVERT, {**inversion[2], "reports": 30})
    assert found is None
    assert len(shares) == 30


@needs_node
def test_the_prior_keeps_the_noise_small(inversion):
    loose, tight = (
        np.array(run_in_node(INVERT, {**inversion[2], "options": {"prior": prior}})[0]["z"])[:128] for prior in (0, 0.3)
    )
    assert (tight**2).mean() < 0.5 * (loose**2).mean()


LATENT = """
const plane = { a: drawNoise(20000), b: drawNoise(20000), c: drawNoise(20000) };
const at = [[0, 0], [1, 0], [-2, 1.5]].map(([u, v]) => noiseAt(plane, u, v));
const moments = at.map((z) => [z.reduce((s, x) => s + x, 0) / 20000, z.reduce((s, x) => s + x * x, 0) / 20000]);
const code = { kind: 1, numbers: [0.5, -0.25] };
const joined = Array.from(latentOf(Float32Array.of(3, 4), code, { kinds: 3, continuous: 2 }));
const plain = Array.from(latentOf(Float32Array.of(3, 4), { kind: 0, numbers: [] }, { kinds: 0, continuous: 0 }));
console.log(JSON.stringify({ moments, middle: at[0].every((x, i) => x === plane.a[i]), joined, plain }));
"""


@needs_node
def test_latents():
    found = run_in_node(LATENT, None)
    assert found["middle"]
    np.testing.assert_allclose(np.array(found["moments"]), [[0, 1]] * 3, atol=0.06)
    assert found["joined"] == [3, 4, 0, 1, 0, 0.5, -0.25]
    assert found["plain"] == [3, 4]


# what is left out


def test_an_unknown_layer_is_named(rng):
    with pytest.raises(LeftOut, match="does not know the layer Conv2D of the generator"):
        translate(Network([Dense(8), Reshape((2, 2, 2)), Conv2D(1, 3)], (3,), rng=rng))
    with pytest.raises(LeftOut, match="the layer Constant"):
        translate(Network([Constant(2)], (1,), rng=rng))


def test_large_weights_and_many_weights_are_refused(rng):
    network = Network([Dense(2)], (3,), rng=rng)
    network.theta[0] = 70_000
    with pytest.raises(LeftOut, match="no finite number in float16"):
        translate(network)
    with pytest.raises(LeftOut, match="generator's 1,001,000 weights would make the page too large"):
        translate(Network([Dense(1000)], (1000,), rng=rng))


def test_weights_are_rounded_to_float16(rng):
    network = Network([Dense(3), BatchNorm()], (5,), rng=rng)
    description, data = translate(network)
    assert description["arrays"] == [["float16", 15], ["float32", 3], ["float32", 3], ["float32", 3]]
    assert len(data) == 2 * 15 + 4 * 9
    np.testing.assert_array_equal(np.frombuffer(data[:30], "<f2"), network.theta[:15].astype(np.float16))
