"""The kernel distance: literal loops, a Gaussian in closed form, no bias, and what is refused."""

import numpy as np
import pytest

from minigan import InputError
from minigan.backend import to_host
from minigan.metrics import kernel_distance
from minigan.metrics.kernel import polynomial_kernel, squared_mmd


def test_equals_the_definition(normal):
    x, y = normal(9, 4), normal(7, 4) + 1
    a, b = to_host(x), to_host(y)

    def k(u, v):
        return (u @ v / 4 + 1) ** 3

    within_x = np.mean([k(u, v) for i, u in enumerate(a) for j, v in enumerate(a) if i != j])
    within_y = np.mean([k(u, v) for i, u in enumerate(b) for j, v in enumerate(b) if i != j])
    between = np.mean([k(u, v) for u in a for v in b])
    np.testing.assert_allclose(float(squared_mmd(x, y)), within_x + within_y - 2 * between, rtol=1e-11)
    np.testing.assert_allclose(to_host(polynomial_kernel(x, y))[2, 3], k(a[2], b[3]), rtol=1e-12)


def test_a_gaussian_in_closed_form(rng):
    # C = 1, x ~ N(0, 1), y ~ N(m, 1): E k(x, y) = E (xy + 1)^3 = 1 + 3 E x E y + 3 E x^2 E y^2 + E x^3 E y^3, so
    # MMD^2 = 3 (dE)^2 + 3 (dE^2)^2 + (dE^3)^2 = 3 m^2 + 3 m^4 + (m^3 + 3 m)^2
    m = 0.5
    x, y = rng.standard_normal((2, 4000, 1))
    found = kernel_distance(x, y + m, subsets=60, size=1000)
    assert found.mean == pytest.approx(3 * m**2 + 3 * m**4 + (m**3 + 3 * m) ** 2, rel=0.1)


def test_has_no_bias(rng):
    estimates = [float(squared_mmd(*rng.standard_normal((2, 20, 3)))) for _ in range(2000)]
    error = np.std(estimates) / np.sqrt(2000)
    assert abs(np.mean(estimates)) < 4 * error
    assert min(estimates) < 0


def test_subsets(normal):
    real, fake = normal(300, 5), normal(200, 5) + 0.5
    found = kernel_distance(real, fake, subsets=20, size=50)
    assert found == kernel_distance(real, fake, subsets=20, size=50)
    assert found != kernel_distance(real, fake, subsets=20, size=50, seed=1)
    assert found.mean > found.std > 0
    rng = np.random.default_rng(0)
    by_hand = [
        float(
            squared_mmd(
                real[_on(rng.choice(300, 50, replace=False), real)], fake[_on(rng.choice(200, 50, replace=False), fake)]
            )
        )
        for _ in range(20)
    ]
    np.testing.assert_allclose(found, (np.mean(by_hand), np.std(by_hand)), rtol=1e-9)


def _on(index, like):
    from minigan.backend import device_of, to_device

    return to_device(index, device_of(like))


def test_a_subset_is_at_most_half_of_the_set(rng):
    found = kernel_distance(*rng.standard_normal((2, 40, 3)), subsets=10)
    assert found == kernel_distance(*np.random.default_rng(1234).standard_normal((2, 40, 3)), subsets=10, size=20)
    assert found.std > 0


def test_order(rng):
    real, other = rng.standard_normal((2, 1000, 6))
    half = np.abs(rng.standard_normal((1000, 6)))
    found = [
        kernel_distance(real, fake, subsets=30, size=300).mean
        for fake in (other, other + 0.3, other + 0.6, 2 * other, half)
    ]
    assert abs(found[0]) < 0.02
    assert found[0] < found[1] < found[2]
    assert min(found[3:]) > 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"subsets": 0}, "subsets: expected an integer of at least 1, got 0"),
        ({"size": 1}, "size: expected an integer of at least 2, got 1"),
    ],
)
def test_refuses_options(options, words, rng):
    with pytest.raises(InputError, match=words):
        kernel_distance(*rng.standard_normal((2, 9, 3)), **options)


def test_refuses_too_few_samples(rng):
    with pytest.raises(InputError, match="real, fake: expected at least 4 samples each, got 3 and 3"):
        kernel_distance(*rng.standard_normal((2, 3, 3)))
