"""Network: one parameter vector with views, pure forward passes, and a backward pass that refuses what is wrong."""

import numpy as np
import pytest

from minigan import InputError, StaleCacheError
from minigan.backend import get_array_module, to_device, to_host
from minigan.fast.fuse import compiles
from minigan.layers import (
    BatchNorm,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DiscriminatorEnsemble,
    Dropout,
    Flatten,
    LeakyReLU,
    MinibatchStd,
    Reshape,
    SpectralNorm,
    Tanh,
)
from minigan.network import Network
from minigan.optimizers import SGD, Adam


def draws(seed=0):
    return np.random.default_rng(seed)


def small(rng, device="cpu", dtype="float64", fast=True):
    """Every kind of state: weights, statistics, a drawn mask; image in, vector out."""
    layers = [
        Conv2D(3, 3, stride=2, use_bias=False),
        BatchNorm(),
        LeakyReLU(negative_slope=0.2),
        Dropout(rate=0.3),
        Flatten(),
        Dense(2),
    ]
    return Network(layers, (4, 4, 1), rng=rng, dtype=dtype, device=device, fast=fast)


each_floor = pytest.mark.parametrize("fast", [False, True], ids=["plain", "fast"])


def numbers(net, name="theta"):
    return to_host(getattr(net, name)).copy()


def addresses(net):
    vectors = {name: getattr(net, name) for name in ("theta", "dtheta", "stats")}
    arrays = {
        f"{i} {prefix}{name}": getattr(layer, prefix + name)
        for i, layer in enumerate(net.layers)
        for prefix, names in (("", layer.params + layer.stats), ("d", layer.params))
        for name in names
    }
    everything = {**vectors, **arrays}
    where = {name: a.ctypes.data if isinstance(a, np.ndarray) else a.data.ptr for name, a in everything.items()}
    return everything, where


# one vector


def test_parameters_stand_in_order_in_one_vector(device, rng):
    net = small(rng, device)
    for prefix, vector in (("", net.theta), ("d", net.dtheta)):
        vector[...] = to_device(np.arange(vector.size, dtype="float64"), device)
        parts = [getattr(layer, prefix + name) for layer in net.layers for name in layer.params]
        flat = np.concatenate([to_host(part).ravel() for part in parts])
        np.testing.assert_array_equal(flat, np.arange(vector.size))
    assert net.theta.size == 3 * 3 * 3 + 3 + 3 + 12 * 2 + 2
    assert net.stats.size == 6
    net.stats[...] = to_device(np.arange(6.0), device)
    assert to_host(net.layers[1].running_mean).tolist() == [0, 1, 2]
    assert to_host(net.layers[1].running_var).tolist() == [3, 4, 5]


def test_writing_the_vector_changes_the_layer_and_back(device, rng):
    net = small(rng, device)
    w = net.layers[0].w
    net.theta[...] = 7
    assert (to_host(w) == 7).all()
    net.layers[5].b[...] = -1
    assert to_host(net.theta)[-2:].tolist() == [-1, -1]
    net.layers[5].db[...] = 4
    assert to_host(net.dtheta)[-2:].tolist() == [4, 4]


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_arrays_keep_their_address_for_life(optimizer, device, normal, rng):
    net = small(rng, device)
    arrays, before = addresses(net)
    step = optimizer(net, learning_rate=0.1)
    for _ in range(2):
        y, caches = net.forward(normal(4, 4, 5, 1), train=True, rng=rng)
        net.zero_grad()
        net.backward(y, caches)
        net.update_stats(caches)
        step.step()
    net.load(numbers(net), numbers(net, "stats"))
    now, after = addresses(net)
    assert after == before
    assert all(now[name] is arrays[name] for name in arrays)


def test_the_same_seed_gives_the_same_network(device):
    np.testing.assert_array_equal(numbers(small(draws(), device)), numbers(small(draws(), device)))
    assert (numbers(small(draws(0), device)) != numbers(small(draws(1), device))).any()


# forward


@each_floor
@pytest.mark.parametrize("train", [True, False])
def test_forward_is_pure(train, fast, device, normal, rng):
    net, x = small(rng, device, fast=fast), normal(4, 4, 5, 1)
    before = [to_host(a).copy() for a in (net.theta, net.dtheta, net.stats, x)]
    first, _ = net.forward(x, train=train, rng=draws())
    second, _ = net.forward(x, train=train, rng=draws())
    np.testing.assert_array_equal(to_host(first), to_host(second))
    for now, then in zip((net.theta, net.dtheta, net.stats, x), before, strict=True):
        np.testing.assert_array_equal(to_host(now), then)
    assert net.version == 0


@each_floor
def test_forward_is_its_layers_in_a_row(fast, device, normal, rng):
    net, x = small(rng, device, fast=fast), normal(4, 4, 5, 1)
    y, caches = net.forward(x, train=True, rng=draws())
    h, generator = x, draws()
    for layer, shape in zip(net.layers, net.shapes, strict=True):
        h, _ = layer.forward(h, train=True, rng=generator)
        assert h.shape == (*shape[:-1], 5, shape[-1])
    np.testing.assert_allclose(to_host(y), to_host(h), rtol=1e-12, atol=1e-12)  # some neighbours are computed as one
    assert len(caches.layers) == len(net.computed)
    assert caches.output_shape == y.shape == (5, 2)


@each_floor
@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 1, 0)])
def test_two_passes_alive_at_once(order, fast, device, normal, rng):
    """Real and fake images through D: each backward pass belongs to its own forward pass, in any order."""
    net = small(rng, device, fast=fast)
    inputs, upstream = [normal(4, 4, n, 1) for n in (5, 3)], [normal(n, 2) for n in (5, 3)]
    alone = []
    for i in (0, 1):
        net.zero_grad()
        _, caches = net.forward(inputs[i], train=True, rng=draws(i))
        alone.append((to_host(net.backward(upstream[i], caches)), numbers(net, "dtheta")))
    passes = [net.forward(inputs[i], train=True, rng=draws(i))[1] for i in (0, 1)]
    net.zero_grad()
    for i in order:
        np.testing.assert_array_equal(to_host(net.backward(upstream[i], passes[i])), alone[i][0])
    np.testing.assert_allclose(numbers(net, "dtheta"), sum(alone[i][1] for i in order), rtol=1e-12, atol=1e-13)


# backward


@each_floor
def test_gradients_add_up_until_zero_grad(fast, device, normal, rng):
    net = small(rng, device, fast=fast)
    y, caches = net.forward(normal(4, 4, 5, 1), train=True, rng=rng)
    dy = normal(*y.shape)
    net.backward(dy, caches)
    once = numbers(net, "dtheta")
    assert (once != 0).any()
    net.backward(dy, caches)
    np.testing.assert_allclose(numbers(net, "dtheta"), 2 * once, rtol=1e-12)
    net.zero_grad()
    assert (numbers(net, "dtheta") == 0).all()


def test_forward_does_not_zero_gradients(device, normal, rng):
    net = small(rng, device)
    net.dtheta[...] = 3
    net.forward(normal(4, 4, 5, 1), train=True, rng=rng)
    assert (numbers(net, "dtheta") == 3).all()


@each_floor
def test_without_param_grads_the_gradients_stay_bit_identical(fast, device, normal, rng):
    """How G learns through D: D's gradients are left alone, and dx is the same."""
    net = small(rng, device, fast=fast)
    y, caches = net.forward(normal(4, 4, 5, 1), train=True, rng=rng)
    dy = normal(*y.shape)
    net.dtheta[...] = normal(net.dtheta.size)
    before = numbers(net, "dtheta")
    through = net.backward(dy, caches, param_grads=False)
    assert numbers(net, "dtheta").tobytes() == before.tobytes()
    np.testing.assert_array_equal(to_host(through), to_host(net.backward(dy, caches)))


@each_floor
def test_without_param_grads_no_weight_gradient_is_paid_for(fast, device, normal, rng, monkeypatch):
    net = Network([Dense(3), LeakyReLU(negative_slope=0.2), Dense(2)], (4,), rng=rng, dtype="float64", device=device,
                  fast=fast)  # fmt: skip
    y, caches = net.forward(normal(5, 4), train=True)
    for layer in net.computed:
        monkeypatch.setattr(layer, "add_param_grads", lambda *args: pytest.fail("weight gradient taken"))
    assert net.backward(y, caches, param_grads=False).shape == (5, 4)


@each_floor
def test_without_input_grad_the_gradients_are_the_same(fast, device, normal, rng):
    net = small(rng, device, fast=fast)
    y, caches = net.forward(normal(4, 4, 5, 1), train=True, rng=rng)
    dy = normal(*y.shape)
    net.backward(dy, caches)
    full = numbers(net, "dtheta")
    net.zero_grad()
    assert net.add_param_grads(dy, caches) is None
    np.testing.assert_array_equal(numbers(net, "dtheta"), full)


@each_floor
def test_without_input_grad_the_walk_ends_at_the_first_weights(fast, device, normal, rng, monkeypatch):
    layers = [Reshape((2, 2, 3)), Flatten(), Dense(3), Dense(2)]
    net = Network(layers, (12,), rng=rng, dtype="float64", device=device, fast=fast)
    y, caches = net.forward(normal(5, 12), train=True)
    net.backward(y, caches)
    full = numbers(net, "dtheta")
    for layer in net.computed[:3]:
        monkeypatch.setattr(layer, "input_grad", lambda *args: pytest.fail("an input gradient nobody asked for"))
    net.zero_grad()
    assert net.add_param_grads(y, caches) is None
    np.testing.assert_array_equal(numbers(net, "dtheta"), full)


def test_a_network_without_parameters(device, normal, rng):
    net = Network([LeakyReLU(negative_slope=0.2), Tanh()], (3,), rng=rng, dtype="float64", device=device)
    x = normal(4, 3)
    y, caches = net.forward(x, train=True)
    assert net.theta.shape == net.stats.shape == (0,)
    assert net.backward(y, caches).shape == x.shape
    assert net.add_param_grads(y, caches) is None
    assert net.copy().theta.size == 0


@each_floor
def test_jvp_is_the_directional_derivative(fast, device, normal, rng):
    net, x, x_dot, h = small(rng, device, fast=fast), normal(4, 4, 5, 1), normal(4, 4, 5, 1), 1e-6
    _, caches = net.forward(x, train=True, rng=draws())
    plus, minus = (net.forward(x + step * x_dot, train=True, rng=draws())[0] for step in (h, -h))
    np.testing.assert_allclose(to_host(net.jvp(x_dot, caches)), to_host((plus - minus) / (2 * h)), rtol=1e-6, atol=1e-7)


# stale caches


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_step_makes_older_passes_stale(optimizer, device, normal, rng):
    net, x = small(rng, device), normal(4, 4, 5, 1)
    y, caches = net.forward(x, train=True, rng=rng)
    net.backward(y, caches)
    optimizer(net, learning_rate=0.1).step()
    before = numbers(net, "dtheta")
    with pytest.raises(StaleCacheError, match="present version 1 of the weights, got those of a pass at version 0"):
        net.backward(y, caches)
    np.testing.assert_array_equal(numbers(net, "dtheta"), before)
    y, caches = net.forward(x, train=True, rng=rng)
    net.backward(y, caches)


def test_load_makes_older_passes_stale(device, normal, rng):
    net = small(rng, device)
    y, caches = net.forward(normal(4, 4, 5, 1), train=True, rng=rng)
    net.load(numbers(net), numbers(net, "stats"))
    with pytest.raises(StaleCacheError, match="run forward again"):
        net.backward(y, caches)


@pytest.mark.parametrize("fast", [False, True])
def test_a_stale_pass_gives_nothing_else_either(fast, device, normal, rng):
    net, x, dy = (
        Network([Dense(2)], (4,), rng=rng, dtype="float64", device=device, fast=fast),
        normal(3, 4),
        normal(3, 2),
    )
    _, caches = net.forward(x, train=True)
    calls = [
        lambda: net.jvp(x, caches),
        lambda: net.add_param_grads(dy, caches),
        lambda: net.add_tangent_grads(x, dy, caches),
        lambda: net.backward(dy, caches, param_grads=False),
    ]
    for call in calls:
        call()
    net.zero_grad()
    net.version += 1
    for call in calls:
        with pytest.raises(StaleCacheError, match=r"present version 1 of the weights, .* at version 0; run forward"):
            call()
    assert not to_host(net.dtheta).any()


def test_moving_the_statistics_makes_nothing_stale(device, normal, rng):
    net = small(rng, device)
    y, caches = net.forward(normal(4, 4, 5, 1), train=True, rng=rng)
    net.update_stats(caches)
    net.backward(y, caches)


# refusals


@pytest.mark.parametrize("shape", [(2,), (3, 1), (1, 3, 2), (2, 3)])
def test_refuses_dy_of_another_shape(shape, device, normal, rng):
    """NumPy would broadcast (2,), (3, 1) and (1, 3, 2) against y (3, 2) and say nothing."""
    net = Network([Dense(2)], (4,), rng=rng, dtype="float64", device=device)
    _, caches = net.forward(normal(3, 4), train=True)
    for call in (
        net.backward,
        net.add_param_grads,
        lambda dy, caches: net.add_tangent_grads(normal(3, 4), dy, caches),
    ):
        with pytest.raises(InputError, match=r"^dy: expected the shape of y, \(3, 2\), got \("):
            call(normal(*shape), caches)
    assert (numbers(net, "dtheta") == 0).all()


def test_refuses_dy_of_another_dtype(device, normal, rng):
    net = Network([Dense(2)], (4,), rng=rng, device=device)
    _, caches = net.forward(normal(3, 4, dtype="float32"), train=True)
    with pytest.raises(InputError, match=r"^dy: expected float32, got float64; nothing is converted silently"):
        net.backward(normal(3, 2), caches)


@pytest.mark.parametrize("shape", [(4,), (3, 5), (3, 4, 1), (2, 3, 4)])
def test_refuses_x_of_another_shape(shape, device, normal, rng):
    net = Network([Dense(2)], (4,), rng=rng, dtype="float64", device=device)
    with pytest.raises(InputError, match=r"^x: expected shape \(N, 4\) with N >= 1, got \("):
        net.forward(normal(*shape), train=True)
    _, caches = net.forward(normal(3, 4), train=True)
    with pytest.raises(InputError, match=r"^x_dot: expected shape \(N, 4\) with N >= 1, got \("):
        net.jvp(normal(*shape), caches)
    with pytest.raises(InputError, match=r"^x_dot: expected shape \(N, 4\) with N >= 1, got \("):
        net.add_tangent_grads(normal(*shape), normal(3, 2), caches)


@pytest.mark.parametrize("layer", [Dense(2), Flatten(), BatchNorm(), MinibatchStd(), Conv2D(2, 3)], ids=str)
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("train", [False, True])
def test_refuses_an_empty_batch(layer, fast, train, device, normal, rng):
    shape = (4,) if isinstance(layer, Dense) else (4, 4, 1)
    net = Network([layer], shape, rng=rng, dtype="float64", device=device, fast=fast)
    message = r"^x: expected shape \(.*N, .\) with N >= 1, got \(.*0, .\)$"
    with pytest.raises(InputError, match=message):
        net.forward(normal(*shape[:-1], 0, shape[-1]), train=train)
    _, caches = net.forward(normal(*shape[:-1], 2, shape[-1]), train=train)
    with pytest.raises(InputError, match=message.replace("x", "x_dot", 1)):
        net.jvp(normal(*shape[:-1], 0, shape[-1]), caches)


@pytest.mark.parametrize("shape", [(3, 4, 4, 1), (4, 4, 1), (4, 4, 3, 2), (4, 3, 3, 1), (3, 16)])
def test_refuses_images_of_another_shape(shape, device, normal, rng):
    with pytest.raises(InputError, match=r"^x: expected shape \(4, 4, N, 1\) with N >= 1, got \("):
        small(rng, device).forward(normal(*shape), train=False)


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint8", "float16"])
def test_refuses_x_of_another_dtype(dtype, device, normal, rng):
    net = Network([Dense(2)], (4,), rng=rng, device=device)
    with pytest.raises(InputError, match=rf"^x: expected float32, got {dtype}; nothing is converted silently"):
        net.forward(normal(3, 4).astype(dtype), train=True)


@pytest.mark.parametrize("device", ["strict", pytest.param("cupy", marks=pytest.mark.gpu)], indirect=True)
def test_refuses_arrays_of_the_other_device(device, normal, rng):
    x_host, x_device = np.zeros((3, 4), "float32"), normal(3, 4, dtype="float32")
    on_host, on_device = (Network([Dense(2)], (4,), rng=rng, device=where) for where in ("cpu", device))
    with pytest.raises(InputError, match=r"^x: expected an array on 'cuda' like the network, got one on 'cpu'$"):
        on_device.forward(x_host, train=True)
    with pytest.raises(InputError, match=r"^x: expected an array on 'cpu' like the network, got one on 'cuda'$"):
        on_host.forward(x_device, train=True)
    _, caches = on_device.forward(x_device, train=True)
    with pytest.raises(InputError, match=r"^dy: expected an array on 'cuda' like the network, got one on 'cpu'$"):
        on_device.backward(np.zeros((3, 2), "float32"), caches)


def test_refuses_no_layers(rng):
    with pytest.raises(InputError, match=r"^layers: expected at least one layer, got none"):
        Network([], (4,), rng=rng)


@pytest.mark.parametrize("dtype", ["float16", "int32", "double", None, np.float32])
def test_refuses_dtypes(dtype, rng):
    with pytest.raises(InputError, match=r"^dtype: expected 'float32' or 'float64', got"):
        Network([Dense(2)], (4,), rng=rng, dtype=dtype)


@pytest.mark.parametrize("shape", [(), (4, 4), (4, 4, 1, 1), [4], 4, None])
def test_refuses_input_shapes(shape, rng):
    with pytest.raises(InputError, match=r"^input_shape: expected \(C,\) or \(H, W, C\), got"):
        Network([Tanh()], shape, rng=rng)


@pytest.mark.parametrize("shape", [(0,), (2.0,), (4, -1, 1), (True,)])
def test_refuses_input_sizes(shape, rng):
    with pytest.raises(InputError, match=r"^input_shape: expected an integer of at least 1, got"):
        Network([Tanh()], shape, rng=rng)


def test_tangent_gradients_only_where_the_layers_are_piecewise_linear(device, normal, rng):
    net = Network([Dense(3), Tanh(), Dense(1)], (4,), rng=rng, dtype="float64", device=device)
    _, caches = net.forward(normal(2, 4), train=True)
    with pytest.raises(InputError, match=r"^network: expected only piecewise linear layers, got Tanh\(\) as layer 1$"):
        net.add_tangent_grads(normal(2, 4), normal(2, 1), caches)
    assert not to_host(net.dtheta).any()


def test_names_the_layer_that_does_not_fit(rng):
    with pytest.raises(InputError, match=r"^layer 2: Dense: expected an input of shape \(C,\), got \(4, 4, 8\)"):
        Network([Conv2D(8, 3), Tanh(), Dense(2)], (4, 4, 1), rng=rng)


# copy and load


def test_parameters_are_named_with_layer_and_owner(rng):
    net = Network([Flatten(), Dense(3), DiscriminatorEnsemble([[SpectralNorm(Dense(2)), BatchNorm()]])], (2, 2, 1),
                  rng=rng)  # fmt: skip
    names = [(layer, name) for layer, name, _, _ in net.parameters()]
    assert names == [
        *(("1 Dense", "w"), ("1 Dense", "b")),
        *(("2 Dense", "w"), ("2 SpectralNorm", "b"), ("2 BatchNorm", "gamma"), ("2 BatchNorm", "beta")),
    ]
    for number, vector in ((2, net.theta), (3, net.dtheta)):
        vector[...] = np.arange(vector.size)
        together = np.concatenate([each[number].ravel() for each in net.parameters()])
        np.testing.assert_array_equal(together, np.arange(vector.size))


@pytest.mark.parametrize("fast", [False, True])
def test_a_copy_keeps_its_floor_unless_told(fast, rng):
    net = small(rng, fast=fast)
    assert net.fast is net.copy().fast is fast
    for told in (False, True):
        twin = net.copy(fast=told)
        assert twin.fast is told
        assert (twin.computed == twin.layers) is not told
        np.testing.assert_array_equal(numbers(twin), numbers(net))


def test_copy_is_independent(device, normal, rng):
    net = small(rng, device)
    net.stats[...] = 0.5
    twin = net.copy()
    theta, stats = numbers(net), numbers(net, "stats")
    np.testing.assert_array_equal(numbers(twin), theta)
    np.testing.assert_array_equal(numbers(twin, "stats"), stats)
    x = normal(4, 4, 5, 1)
    for a, b in ((net, twin), (twin, net)):
        kept = [numbers(b, name) for name in ("theta", "dtheta", "stats")]
        y, caches = a.forward(x, train=True, rng=draws())
        a.backward(y, caches)
        a.update_stats(caches)
        SGD(a, learning_rate=0.1).step()
        for name, then in zip(("theta", "dtheta", "stats"), kept, strict=True):
            np.testing.assert_array_equal(numbers(b, name), then)
    np.testing.assert_allclose(numbers(net), numbers(twin), rtol=1e-12)
    assert all(a is not b for a, b in zip(net.layers, twin.layers, strict=True))


def test_copy_to_another_dtype(device, normal, rng):
    net = small(rng, device, dtype="float32")
    wide = net.copy(dtype="float64")
    assert [getattr(wide, name).dtype for name in ("theta", "dtheta", "stats")] == ["float64"] * 3
    assert wide.layers[0].w.dtype == "float64"
    assert net.theta.dtype == net.layers[0].w.dtype == "float32"
    np.testing.assert_array_equal(numbers(wide), numbers(net).astype("float64"))
    x = normal(4, 4, 5, 1)
    exact, rounded = wide.forward(x, train=False)[0], net.forward(x.astype("float32"), train=False)[0]
    np.testing.assert_allclose(to_host(rounded), to_host(exact), rtol=1e-4, atol=1e-5)


def test_copy_refuses_the_dtypes_that_the_constructor_refuses(rng):
    with pytest.raises(InputError, match=r"^dtype: expected 'float32' or 'float64', got"):
        small(rng).copy(dtype="float16")


def test_copy_to_the_host_and_back(device, rng):
    net = small(rng, device)
    host = net.copy(device="cpu")
    assert isinstance(host.theta, np.ndarray)
    assert host.device == "cpu"
    back = host.copy(device=device)
    assert get_array_module(back.theta) is get_array_module(net.theta)
    np.testing.assert_array_equal(numbers(back), numbers(net))


def test_load(device, normal, rng):
    net, other = small(rng, device), small(rng, device)
    other.stats[...] = 0.25
    net.load(numbers(other), numbers(other, "stats"))
    x = normal(4, 4, 5, 1)
    ours, theirs = (to_host(n.forward(x, train=False)[0]) for n in (net, other))
    np.testing.assert_array_equal(ours, theirs)
    kept = numbers(other)
    loaded = kept.copy()
    net.load(loaded, numbers(other, "stats"))
    loaded[...] = 0  # the network holds a copy
    np.testing.assert_array_equal(numbers(net), kept)


def test_load_refuses_other_sizes(device, rng):
    net = small(rng, device)
    with pytest.raises(InputError, match=r"^theta: expected 59 numbers, got an array of shape \(58,\)"):
        net.load(np.zeros(58), np.zeros(6))
    with pytest.raises(InputError, match=r"^stats: expected 6 numbers, got an array of shape \(1,\)"):
        net.load(np.zeros(59), np.zeros(1))
    with pytest.raises(InputError, match=r"^theta: expected 59 numbers, got an array of shape \(59, 1\)"):
        net.load(np.zeros((59, 1)), np.zeros(6))


def test_a_refused_load_changes_nothing(device, rng):
    net = small(rng, device)
    before = numbers(net)
    with pytest.raises(InputError, match=r"^stats: expected 6 numbers"):
        net.load(np.zeros(59), np.zeros(5))
    np.testing.assert_array_equal(numbers(net), before)


# summary

SUMMARY = """
layer                                       output          parameters  computed
-------------------------------------------------------------------------------------------------
input                                       (N, 10)
Dense(98, use_bias=False)                   (N, 98)                980  threads
BatchNorm(decay=0.9, eps=1e-05)             (N, 98)                196  fused with the next
LeakyReLU(negative_slope=0.2)               (N, 98)                     fused with the one before
Reshape((7, 7, 2))                          (7, 7, N, 2)                plain
Conv2DTranspose(1, 4, stride=2, padding=1)  (14, 14, N, 1)          33  Fourier
Flatten()                                   (N, 196)                    plain
Dense(10)                                   (N, 10)              1,970  threads
-------------------------------------------------------------------------------------------------
total                                                            3,179
"""


def test_summary(device, rng):
    layers = [
        Dense(98, use_bias=False),
        BatchNorm(),
        LeakyReLU(negative_slope=0.2),
        Reshape((7, 7, 2)),
        Conv2DTranspose(1, 4, stride=2, padding=1),
        Flatten(),
        Dense(10),
    ]
    net = Network(layers, (10,), rng=rng, device=device)
    form = "im2col" if compiles(get_array_module(net.theta)) else "Fourier"  # with the fewest kernels on a GPU
    assert net.summary() == SUMMARY.strip().replace("Fourier", form)
    plain = net.copy(fast=False).summary().splitlines()
    assert [line[:69].rstrip() for line in plain if line[0] != "-"] == [
        line[:69].rstrip() for line in SUMMARY.strip().splitlines() if line[0] != "-"
    ]
    assert [line.split()[-1] for line in plain[3:-2]] == 7 * ["plain"]
    assert plain[1] == plain[-2] == 80 * "-"
