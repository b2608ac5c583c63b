"""A chain of operations writes its own kernel, and the kernel computes what the chain computes."""

import numpy as np
import pytest

from minigan.backend import get_array_module, to_device, to_host
from minigan.fast.fuse import OPERATIONS, NotElementwiseError, cuda_text, fused, kinds_of
from minigan.layers.activations import sigmoid
from minigan.objectives.cross_entropy import sigmoid_cross_entropy

SPECIAL = np.array([-np.inf, -3.5, -1.0, -1e-30, -0.0, 0.0, 1e-30, 0.5, 1.0, 88.0, np.inf, np.nan])


def test_the_text_of_a_chain():
    def chain(x, slope, y, dy):
        np.multiply(x, slope, out=y)
        np.maximum(x, y, out=y)
        dy[...] = x > 0
        dy *= 1 - slope
        dy += 0.5

    inputs, outputs, text = cuda_text(chain, ("T", "T"), 2)
    assert (inputs, outputs) == ("T x, T slope", "T y, T dy")
    assert text.splitlines() == [
        "const auto v0 = x * slope;",
        "const auto v1 = (x > v0 || x != x ? x : v0);",
        "const auto v2 = x > T(0.0);",
        "const auto v3 = T(1.0) - slope;",
        "const auto v4 = v2 * v3;",
        "const auto v5 = v4 + T(0.5);",
        "y = v1;",
        "dy = v5;",
    ]


def test_the_text_of_a_function_with_results():
    inputs, outputs, text = cuda_text(lambda x, keep: (x * keep, x), ("T", "bool"))
    assert (inputs, outputs) == ("T x, bool keep", "T result0, T result1")
    assert text.splitlines() == ["const auto v0 = x * keep;", "result0 = v0;", "result1 = x;"]


def test_what_is_changed_in_place_is_read_first():
    def move(x, y):
        y *= 2
        y += x

    assert cuda_text(move, ("T",), 1) == (
        "T x",
        "T y",
        "const auto v0 = y * T(2.0);\nconst auto v1 = v0 + x;\ny = v1;",
    )


def test_types_of_inputs():
    assert kinds_of((np.zeros(2), np.zeros(2, dtype=bool), 0.5)) == ("T", "bool", "T")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: np.sin(x), "expected an operation of add, .*, got sin"),
        (lambda x: np.add.reduce(x), "expected an operation on elements, got add with options"),
        (lambda x: np.mean(x), "expected an operation of add, .*, got mean"),
        (lambda x: x if x > 0 else -x, "expected the same lines for every element, got a condition"),
        (lambda x: x + np.ones(3), "expected numbers and arguments of the function, got ndarray"),
        (lambda x: x**3, "expected the exponent 2, got 3"),
    ],
)
def test_refuses_what_no_kernel_computes(function, said):
    with pytest.raises(NotElementwiseError, match=f"^fused: {said}"):
        cuda_text(function, ("T",))


def test_what_no_kernel_computes_is_computed_all_the_same(device, rng):
    x = to_device(rng.standard_normal((4, 3)), device)
    got = fused(lambda x: x - x.mean(axis=0))(x)
    np.testing.assert_allclose(to_host(got), to_host(x) - to_host(x).mean(axis=0), atol=1e-15)


def operation(name):
    if name == "where":
        return lambda a, b: get_array_module(a).where(a > 0, a, b)
    if getattr(np, name).nin == 1:
        return lambda a, b: getattr(get_array_module(a), name)(a)
    return lambda a, b: getattr(get_array_module(a), name)(a, b)


FUNCTIONS = {
    **{name: operation(name) for name in OPERATIONS},
    "operators": lambda a, b: (1 - a) / (2 + b) * -a + abs(b) - 0.1 * a**2 + b / 3,
    "comparisons": lambda a, b: (a > b).astype(a.dtype) - 2 * (b < 0.5).astype(a.dtype),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values(name, dtype, device):
    """Every operation, on every pair of special numbers: infinities and NaN come out where NumPy has them."""
    f = FUNCTIONS[name]
    pairs = np.array(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1).astype(dtype)
    with np.errstate(all="ignore"):
        expected = f(*pairs)

        def wanted(a, b):
            return f(a, b).astype(a.dtype)  # a kernel has one type of numbers

        got = to_host(fused(wanted)(*(to_device(each, device) for each in pairs)))
    assert got.dtype == dtype
    tiny = np.finfo(dtype).tiny  # a GPU may round smaller numbers to 0
    np.testing.assert_allclose(got, expected.astype(dtype), rtol=1e-6 if dtype == "float32" else 1e-14, atol=tiny)


@pytest.mark.parametrize("function", [sigmoid, lambda s: sigmoid_cross_entropy(s, 0.75)], ids=["sigmoid", "loss"])
def test_functions_of_the_plain_floor(function, device, rng):
    s = to_device(rng.standard_normal((50, 1)) * 10, device)
    got, expected = fused(function)(s), function(s)
    for a, b in zip(got, expected, strict=True) if isinstance(got, tuple) else [(got, expected)]:
        np.testing.assert_allclose(to_host(a), to_host(b), rtol=1e-14)


def test_in_place(device, rng):
    def move(x, decay, y):
        y *= decay
        y += (1 - decay) * x

    x, y = rng.standard_normal((2, 7))
    on_device = to_device(y.copy(), device)
    fused(move, outputs=1)(to_device(x, device), 0.75, on_device)
    np.testing.assert_allclose(to_host(on_device), 0.75 * y + 0.25 * x, rtol=1e-14)
