"""The Fourier form: its matrices are what their definition says, and its multiplications are counted right."""

import numpy as np
import pytest
from test_fast_convolution import CASES

from minigan.backend import to_device, to_host
from minigan.fast import fourier, transform
from minigan.layers.convolution import conv_geometry


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), CASES)
def test_multiplications_are_counted_without_the_matrices(size, kernel, stride, padding):
    g = conv_geometry(size, kernel, stride, padding)
    p = fourier.plan(g)
    a, k, bt = fourier.matrices(p)
    r, channels, filters = len(k), 3 * stride**2, 5
    expected = r * channels * filters + k.size * channels * filters / 8
    for part, size, depth in ((a, p.pixels, channels), (bt, p.outputs, filters)):
        real = 2 - len(part.rows) % 2  # frequencies of the first axis that give real numbers; half of the others
        pairs = (len(part.rows) - real) // 2
        expected += depth * (part.rows.size * size[1] + real * part.own.size + pairs * part.pairs.size)
    assert fourier.multiplications(g, 3, 5, 8) == pytest.approx(expected)


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), CASES)
def test_one_axis_after_the_other(size, kernel, stride, padding, normal, device):
    """The two transforms give what their definition says, in the order of the rows, and so do their transposes."""
    p = fourier.plan(conv_geometry(size, kernel, stride, padding))
    mix = 2 / np.prod(p.length) * np.array([[1, -1], [-1, -1]])
    for number, shape, own, pairs in ((0, p.pixels, 1, np.eye(2)), (2, p.outputs, 1 / np.prod(p.length), mix)):
        t = transform.Transform(*(to_device(m, device) for m in fourier.matrices(p)[number]))
        whole = by_definition(p.length, shape, own, pairs)
        x = normal(*shape, 7)
        z = transform.transform_images(t, x)
        np.testing.assert_allclose(to_host(z), whole @ to_host(x).reshape(-1, 7), rtol=1e-12, atol=1e-12)
        expected = whole.T @ to_host(z)
        back = transform.transform_back(t, z, shape)
        np.testing.assert_allclose(to_host(back).reshape(-1, 7), expected, rtol=1e-12, atol=1e-11)


def by_definition(length, size, own, mix):
    """Row by row: for each f of the first axis own rows, first and second ones of the pairs; third rows at the end."""
    frequencies = sorted(range(length[0]), key=lambda f: 2 * f % length[0] != 0)
    rows, thirds, seen = [], [], set()
    for f in frequencies:
        single, first, second = [], [], []
        for f_2 in sorted(range(length[1]), key=lambda f_2: f == -f % length[0] and f_2 != -f_2 % length[1]):
            conjugate = -f % length[0], -f_2 % length[1]
            e = [
                np.exp(-2j * np.pi * (f * i / length[0] + f_2 * j / length[1]))
                for i in range(size[0])
                for j in range(size[1])
            ]
            if conjugate == (f, f_2):
                single.append(own * np.real(e))
            elif conjugate not in seen:
                first.append(mix[0, 0] * np.real(e) + mix[0, 1] * np.imag(e))
                second.append(mix[1, 0] * np.real(e) + mix[1, 1] * np.imag(e))
            seen.add((f, f_2))
        rows += single + first + second
        thirds += [p + q for p, q in zip(first, second, strict=True)]
    return np.array(rows + thirds)


def test_known_ranks():
    """Seven by seven pixels: 121 products for a kernel of 5 on a circle of 9, 94 for one of 3 on a circle of 8."""
    for kernel, length, rank in ((5, 9, 121), (3, 8, 94)):
        g = conv_geometry((7, 7), (kernel, kernel), 1, "same")
        assert fourier.plan(g).length == (length, length)
        assert len(fourier.matrices(fourier.plan(g))[1]) == fourier.products(g) == rank
