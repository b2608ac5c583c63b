"""A chain, in blocks or as a kernel, computes what its plain form computes."""

import numpy as np
import pytest

from minigan.backend import get_array_module, to_host
from minigan.fast import batch_norm, dropout
from minigan.fast import elementwise as blocks
from minigan.fast.elementwise import as_rows
from minigan.fast.fuse import compiles


@pytest.fixture(params=[(1 << 18, 1 << 13), (16, 8), (1, 1)], ids=lambda sizes: f"block={sizes[0]}")
def block(request, monkeypatch):
    """Blocks, and rows, of every size, down to one row of one sample."""
    monkeypatch.setattr(blocks, "BLOCK", request.param[0])
    monkeypatch.setattr(blocks, "ROW", request.param[1])


def chains():
    n = (2, 3)  # N, C
    rows = (5, *n)
    return {
        "squares": (batch_norm.squares, [rows, n], {}),
        "normalise_leaky_relu": (batch_norm.normalise_leaky_relu, [rows, n, n, n], {"slope": 0.3}),
        "leaky_relu_grad_and_sums": (batch_norm.leaky_relu_grad_and_sums, [rows, rows, rows, n], {"slope": 0.3}),
        "normalise_grad": (batch_norm.normalise_grad, [rows, rows, n, n, n, n], {}),
        "leaky_relu_dropout": (dropout.leaky_relu_dropout, [rows, rows], {"slope": 0.3, "scale": 1.5}),
        "times": (dropout.times, [rows, rows], {}),
    }


OUTPUTS = {"leaky_relu_grad_and_sums": 2, "leaky_relu_dropout": 2}
SUMMED = {"squares": [0], "leaky_relu_grad_and_sums": [0, 1]}
STORED = {"squares": 0, "leaky_relu_dropout": 2}


@pytest.mark.parametrize("name", chains())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_chains_are_their_plain_forms(name, dtype, block, normal, device):
    chain, shapes, scalars = chains()[name]
    operands = [normal(*shape, dtype=dtype) for shape in shapes]
    if name == "leaky_relu_dropout":
        operands[1] = operands[1] > 0
    operands += scalars.values()
    parts = [get_array_module(operands[0]).empty_like(operands[0]) for _ in range(OUTPUTS.get(name, 1))]
    chain.plain(*operands, *parts)
    expected = [*parts[: STORED.get(name, 1)], *(parts[i].sum(axis=(0, 1)) for i in SUMMED.get(name, []))]
    for got, want in zip(chain(*operands), expected, strict=True):
        assert got.dtype == want.dtype == dtype
        np.testing.assert_allclose(to_host(got), to_host(want), rtol=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize(
    ("shape", "rows"),
    [((3, 4, 2, 5), (1, 24, 5)), ((4, 3), (1, 4, 3)), ((7, 7, 64, 32), (14, 224, 32)), ((2, 3, 9000), (6, 1, 9000))],
)
def test_rows(shape, rows, normal, device):
    """As many samples as divide their number and keep a row at 8,192 elements: 224 of the 3,136 behind 7 x 7 pixels.

    On a GPU the array stays as it is.
    """
    x = normal(*shape)
    assert as_rows(x).shape == (shape if compiles(get_array_module(x)) else rows)
    np.testing.assert_array_equal(to_host(as_rows(x)).reshape(shape), to_host(x))
