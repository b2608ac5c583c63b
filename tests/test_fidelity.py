"""PSNR and SSIM: in closed form, by literal loops over windows, and as scikit-image computes them."""

import numpy as np
import pytest

from minigan import InputError
from minigan.editing.fidelity import psnr, ssim


def pair(rng, *shape):
    x = rng.uniform(-1, 1, shape).astype(np.float32)
    return x, np.clip(x + 0.3 * rng.standard_normal(shape), -1, 1).astype(np.float32)


def ssim_by_loops(x, y, radius=5):
    """The equations of Wang et al. 2004, one window after another; x, y (H, W)."""
    weights = np.empty((2 * radius + 1, 2 * radius + 1))
    for i in range(-radius, radius + 1):
        for j in range(-radius, radius + 1):
            weights[radius + i, radius + j] = np.exp(-(i * i + j * j) / (2 * 1.5**2))
    weights /= weights.sum()
    values = []
    for row in range(radius, x.shape[0] - radius):
        for column in range(radius, x.shape[1] - radius):
            window = np.s_[row - radius : row + radius + 1, column - radius : column + radius + 1]
            a, b = x[window].astype(np.float64), y[window].astype(np.float64)
            mu_a, mu_b = (weights * a).sum(), (weights * b).sum()
            var_a, var_b = (weights * (a - mu_a) ** 2).sum(), (weights * (b - mu_b) ** 2).sum()
            covariance = (weights * (a - mu_a) * (b - mu_b)).sum()
            c1, c2 = 0.0004, 0.0036
            values.append(
                (2 * mu_a * mu_b + c1) * (2 * covariance + c2) / ((mu_a**2 + mu_b**2 + c1) * (var_a + var_b + c2))
            )
    return np.mean(values)


def test_psnr_in_closed_form():
    black, grey = np.full((2, 4, 4), -1.0), np.full((2, 4, 4), -0.8)
    np.testing.assert_allclose(psnr(grey, black), 20)  # an error of 0.2 everywhere, of a range of 2
    assert psnr(black, black).tolist() == [np.inf, np.inf]
    assert psnr(black, -black).tolist() == [0, 0]


def test_each_image_is_measured_alone(rng):
    x, y = pair(rng, 5, 14, 13)
    for measured in (psnr, ssim):
        whole = measured(x, y)
        assert whole.shape == (5,)
        assert whole.dtype == np.float64
        np.testing.assert_allclose(whole, [measured(x[i : i + 1], y[i : i + 1])[0] for i in range(5)], rtol=1e-12)
        np.testing.assert_allclose(whole, measured(y, x), rtol=1e-12)


@pytest.mark.parametrize(("height", "width", "radius"), [(14, 17, 5), (11, 11, 5), (8, 20, 3), (5, 4, 1), (3, 3, 1)])
def test_ssim_equals_literal_loops(rng, height, width, radius):
    x, y = pair(rng, 3, height, width)
    np.testing.assert_allclose(ssim(x, y), [ssim_by_loops(*each, radius) for each in zip(x, y, strict=True)])
    np.testing.assert_allclose(ssim(x, x), 1)


def test_channels_are_averaged(rng):
    x, y = pair(rng, 2, 14, 14, 3)
    np.testing.assert_allclose(ssim(x, y), np.mean([ssim(x[..., c], y[..., c]) for c in range(3)], axis=0))
    errors = ((x.astype(np.float64) - y) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(psnr(x, y), 10 * np.log10(4 / errors))


def test_bytes_are_read_as_pixels(rng):
    x, y = rng.integers(0, 256, (2, 3, 12, 12), dtype=np.uint8)
    for measured in (psnr, ssim):
        np.testing.assert_allclose(measured(x, y), measured(x / 127.5 - 1, y / 127.5 - 1), rtol=1e-5)


def test_equal_scikit_image(rng):
    metrics = pytest.importorskip("skimage.metrics")
    x, y = pair(rng, 3, 28, 28)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 2}
    pairs = list(zip(x.astype(np.float64), y.astype(np.float64), strict=True))
    np.testing.assert_allclose(ssim(x, y), [metrics.structural_similarity(*each, **options) for each in pairs])
    np.testing.assert_allclose(psnr(x, y), [metrics.peak_signal_noise_ratio(*each, data_range=2) for each in pairs])


def test_what_is_no_pair_of_images():
    images = -np.ones((2, 4, 4))
    for measured in (psnr, ssim):
        with pytest.raises(
            InputError, match=r"^references: expected the shape of images, \(2, 4, 4, 1\), got \(3, 4, "
        ):
            measured(images, -np.ones((3, 4, 4)))
        with pytest.raises(InputError, match=r"^images: expected .* got float64 pixels in \[3, 3\]$"):
            measured(images + 4, images)
        with pytest.raises(InputError, match=r"^references: expected a NumPy array, got None"):
            measured(images, None)
