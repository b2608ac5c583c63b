"""The model file: weights in single or half precision, and what is refused. `test_run` saves and loads whole runs."""

import re

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.runs.model_file import DTYPES, read_model

IMAGES = np.random.default_rng(0).integers(0, 256, (32, 8, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def run():
    options = {"model": "hybrid", "conditional": "clusters", "clusters": 4, "latent_dim": 8, "spectral_norm": True}
    return minigan.train(data=IMAGES, steps=20, batch_size=8, quiet=True, device="cpu", **options)


@pytest.fixture
def half(run, tmp_path):
    return run.save(tmp_path / "half.npz", dtype="float16")


def test_half_precision_rounds_the_weights_alone(run, half):
    loaded = minigan.load(half)
    for before, after in ((run.generator, loaded.generator), (run.discriminator, loaded.discriminator)):
        assert after.theta.dtype == after.stats.dtype == np.float32
        np.testing.assert_array_equal(after.theta, before.theta.astype(np.float16).astype(np.float32))
        np.testing.assert_array_equal(after.stats, before.stats)
    np.testing.assert_array_equal(loaded.shares, run.shares)
    assert loaded.config == minigan.load(run.save(half.with_name("single.npz"))).config


def test_the_types_in_the_file(run, half):
    for path, dtype in ((half, np.float16), (run.save(half.with_name("single.npz")), np.float32)):
        saved = read_model(path)
        for theta, stats in (saved.generator, saved.discriminator):
            assert theta.dtype == dtype
            assert stats.dtype == np.float32


def test_half_precision_hardly_changes_a_sample(run, half):
    loaded = minigan.load(half)
    change = np.abs(loaded.sample(200, seed=1) - run.sample(200, seed=1))
    assert 0 < change.max() < 0.01
    assert change.mean() < 0.001
    np.testing.assert_allclose(loaded.believe(loaded.latent(50)), run.believe(run.latent(50)), atol=0.01)


def test_half_precision_halves_the_file(run, half):
    weights = run.generator.theta.size + run.discriminator.theta.size
    single = run.save(half.with_name("single.npz"))
    assert 4 * weights < single.stat().st_size
    assert half.stat().st_size < single.stat().st_size / 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_run_gives_the_same_bytes(dtype, run, tmp_path):
    first, second = (run.save(tmp_path / name, dtype=dtype).read_bytes() for name in ("a.npz", "b.npz"))
    assert first == second
    assert minigan.load(tmp_path / "a.npz").save(tmp_path / "c.npz", dtype=dtype).read_bytes() == first


@pytest.mark.parametrize(("dtype", "writer"), [("float32", "savez"), ("float16", "savez_compressed")])
def test_a_failing_save_leaves_the_old_file(dtype, writer, run, tmp_path, monkeypatch):
    saved = run.save(tmp_path / "model.npz", dtype=dtype)
    before = saved.read_bytes()

    def fail(path, **arrays):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, writer, fail)
    with pytest.raises(InputError, match=r"path: expected a file that can be written, got .* \(No space left"):
        run.save(saved, dtype=dtype)
    assert saved.read_bytes() == before
    assert list(tmp_path.iterdir()) == [saved]


@pytest.mark.parametrize("dtype", ["float64", "int8", None, np.float16])
def test_refuses_other_types(dtype, run, tmp_path):
    expected = re.escape(f"dtype: expected one of float32, float16, got {dtype!r}")
    with pytest.raises(InputError, match=expected):
        run.save(tmp_path / "model.npz", dtype=dtype)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("weight", [7e4, -np.inf])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_refuses_weights_that_do_not_fit(player, weight, half):
    run = minigan.load(half)
    getattr(run, player).theta[3] = weight
    with pytest.raises(InputError, match=r"dtype: expected 'float32', because a weight is as large as (7e\+04|inf), "):
        run.save(half.with_name("large.npz"), dtype="float16")
    path = run.save(half.with_name("large.npz"))
    if np.isfinite(weight):
        assert getattr(minigan.load(path), player).theta[3] == np.float32(weight)
    else:
        with pytest.raises(InputError, match=f"{player}_theta: expected finite numbers, got NaN or infinity"):
            minigan.load(path)


@pytest.mark.parametrize("dtype", ["float64", "int32", "complex64", "U4"])
def test_a_file_with_other_types_is_refused(dtype, half):
    with np.load(half) as archive:
        arrays = dict(archive)
    arrays["generator_theta"] = np.zeros(arrays["generator_theta"].shape, dtype)
    np.savez(half, **arrays)
    expected = f"got '{half}', which is damaged .*generator_theta: expected float16, got {np.dtype(dtype)}"
    with pytest.raises(InputError, match=re.escape(expected).replace(r"\.\*", ".*")):
        minigan.load(half)
