"""Sums over rows on a GPU, with what follows from them, against float64 on the host."""

import numpy as np
import pytest

from minigan.backend import to_device, to_host
from minigan.fast import batch_norm
from minigan.fast.columns import BLOCKS, ROWS, ColumnKernel
from minigan.fast.elementwise import COLUMN_SUMS, add_column_sums

KERNELS = [COLUMN_SUMS, batch_norm.STATISTICS, batch_norm.GRADIENTS]
SIZES = [(1, 1), (2, 3), (7, 33), (64, 256), (ROWS, 5), (ROWS + 1, 40), (3 * ROWS + 17, 1), (BLOCKS * ROWS + 3, 2)]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_the_text_names_its_type_and_parameters(kernel):
    for dtype, name in (("float32", "float"), ("float64", "double")):
        text = kernel.text(dtype)
        assert text.startswith(f"\ntypedef {name} T;")
        assert f'extern "C" __global__ void {kernel.name}(' in text
        assert f'extern "C" __global__ void {kernel.name}_parts(' in text


def test_parameters():
    kernel = ColumnKernel("k", "const T *x, double eps, int train, T *out", sums=1, each="", column="")
    assert kernel.types == [None, "double", "int", None]
    assert "finish(sum, c, rows, x, eps, train, out);" in kernel.text("float32")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_added(size, dtype, device, rng):
    x, out = (rng.standard_normal(shape).astype(dtype) for shape in (size, size[1:]))
    on_device = to_device(out.copy(), device)
    add_column_sums(on_device, to_device(x, device))
    expected = out + x.sum(axis=0, dtype=np.float64)
    scale = abs(x).sum(axis=0).max()
    np.testing.assert_allclose(to_host(on_device), expected, rtol=0, atol=4 * scale * np.finfo(dtype).eps)


@pytest.mark.gpu
@pytest.mark.parametrize("size", [size for size in SIZES if size[0] > 1])
@pytest.mark.parametrize("offset", [0, 1000])
def test_statistics_are_exact_to_rounding(size, offset, rng):
    """Also far from 0, where sums of squares in float32 would lose everything."""
    x = (offset + rng.standard_normal(size)).astype(np.float32)
    gamma = rng.standard_normal(size[1]).astype(np.float32)
    given = [to_device(each, "cuda") for each in (x, gamma)]
    vectors = [to_device(np.empty_like(gamma), "cuda") for _ in range(4)]
    batch_norm.STATISTICS(*given, 1e-5, *vectors)
    mean, var, inv_std, scale = map(to_host, vectors)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(axis=0), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(var, exact.var(axis=0), rtol=1e-6)
    np.testing.assert_allclose(inv_std, (exact.var(axis=0) + 1e-5) ** -0.5, rtol=1e-6)
    np.testing.assert_allclose(scale, gamma * inv_std, rtol=1e-6)
