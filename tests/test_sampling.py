"""Sampling: truncated noise stays inside its limits, and what the discriminator believes least is drawn again."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import device_of
from minigan.cli import main
from minigan.runs.sampling import ATTEMPTS, redraw, truncate

LABELS = np.arange(60) % 3
IMAGES = np.broadcast_to((LABELS * 100).astype(np.uint8)[:, None, None], (60, 8, 8)).copy()
DATA = minigan.datasets.Dataset("shades", IMAGES, LABELS)
SHORT = {"data": DATA, "model": "mlp", "steps": 3, "batch_size": 6, "latent_dim": 5, "quiet": True, "device": "cpu"}


@pytest.fixture(scope="module", params=["none", "clusters", "projection", "infogan"])
def run(request):
    return minigan.train(conditional=request.param, **SHORT)


def normal_rounds(shape, seed=0):
    return lambda round_: np.random.default_rng((seed, round_)).standard_normal(shape, dtype=np.float32)


def test_truncated_noise_has_the_normal_density_inside():
    z = truncate(normal_rounds((4000, 50)), 1.0)
    assert z.dtype == np.float32
    assert np.abs(z).max() <= 1
    # of a standard normal number in [-1, 1], 1 - 2 phi(1) / (2 Phi(1) - 1) is the variance
    assert z.var() == pytest.approx(1 - 2 * 0.24197072 / 0.68268949, rel=0.02)
    inside = normal_rounds((4000, 50))(0)
    kept = np.abs(inside) <= 1
    np.testing.assert_array_equal(z[kept], inside[kept])


def test_more_samples_than_memory_holds_are_refused(run):
    width = run.generator.input_shape[0]
    most = (4 << 30) // (4 * (64 + width))
    with pytest.raises(InputError, match=f"^n: expected at most {most:,}, which take 4 GiB with their noise, got "):
        run.sample(most + 1)
    with pytest.raises(InputError, match=r"got 1,000,000,000,000, which take [\d,]+ GiB$"):
        run.sample(10**12)


def test_wide_limits_change_nothing(run):
    np.testing.assert_array_equal(run.latent(20, truncation=9.0), run.latent(20))


@pytest.mark.parametrize("options", [{"truncation": 0.7}, {"reject": 0.5}, {"truncation": 1.2, "reject": 0.3}])
def test_a_sample_depends_on_its_place_alone(run, options):
    whole = run.sample(40, seed=3, **options)
    assert whole.shape == (40, 8, 8)
    for n in (1, 7, 39):
        np.testing.assert_allclose(run.sample(n, seed=3, **options), whole[:n], atol=1e-5)
    assert np.abs(run.sample(40, seed=4, **options) - whole).max() > 1e-3
    assert np.abs(run.sample(40, seed=3) - whole).max() > 1e-3


def test_kept_samples_stay_and_others_are_believed(run):
    z, n = run.latent(200, seed=2), 200
    threshold = np.quantile(run.believe(run.latent(1000, seed=0)), 0.4)
    kept = run.believe(z) >= threshold
    assert 0.4 < kept.mean() < 0.8
    before, after = run.sample(n, seed=2), run.sample(n, seed=2, reject=0.4)
    np.testing.assert_allclose(after[kept], before[kept], atol=1e-5)
    assert (np.abs(after[~kept] - before[~kept]).max(axis=(1, 2)) > 0).all()


def test_redrawing_by_hand():
    """Scores are the numbers themselves: each place keeps the first of its draws that is high enough."""
    draws = np.random.default_rng(0).random((ATTEMPTS, 30))
    found = redraw(lambda attempt: draws[attempt].copy(), lambda z: z, 0.7)
    expected = [column[column >= 0.7][0] for column in draws.T]
    np.testing.assert_array_equal(found, expected)


def test_rejection_on_every_device(device):
    """The scores come to the host, and the rows that they refuse are drawn again on the device."""
    run = minigan.train(**{**SHORT, "conditional": "clusters", "device": device})
    assert device_of(run.latent(1)) == device
    z = run.latent(60)
    threshold = float(np.median(run.believe(run.latent(1000))))
    assert (run.believe(z) < threshold).any()
    assert (run.believe(redraw(lambda k: run.latent(60, attempt=k), run.believe, threshold)) >= threshold).all()
    assert run.sample(60, reject=0.5).shape == (60, 8, 8)


def test_redrawing_ends():
    found = redraw(lambda attempt: np.full(4, attempt), lambda z: z * 0.0, 1.0)
    np.testing.assert_array_equal(found, ATTEMPTS - 1)


def test_nothing_is_rejected_at_0(run):
    np.testing.assert_array_equal(run.sample(30, reject=0.0, seed=0), run.sample(30, seed=0))


def test_labels_stay():
    run = minigan.train(conditional="projection", **SHORT)
    for attempt in range(3):
        codes = run.latent(9, label=[0, 1, 2], attempt=attempt)[:, 5:]
        np.testing.assert_array_equal(codes.argmax(axis=1), [0, 1, 2] * 3)


def test_the_score_is_that_of_the_game():
    """A logit of the projection is s plus the output of the class."""
    run = minigan.train(conditional="projection", **SHORT)
    z = run.latent(12, label=[0, 1, 2])
    outputs, _ = run.discriminator.forward(run.generator.forward(z, train=False)[0], train=False)
    expected = outputs[:, 0] + outputs[np.arange(12), 1 + np.arange(12) % 3]
    np.testing.assert_allclose(run.believe(z), expected, rtol=1e-5, atol=1e-6)


def test_several_discriminators_are_averaged():
    run = minigan.train(discriminators=3, conditional="none", **SHORT)
    z = run.latent(5)
    outputs, _ = run.discriminator.forward(run.generator.forward(z, train=False)[0], train=False)
    np.testing.assert_allclose(run.believe(z), outputs.mean(axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"truncation": 0.05}, "truncation: expected a number of at least 0.1, got 0.05"),
        ({"truncation": float("nan")}, "truncation: expected a number of at least 0.1, got nan"),
        ({"reject": 1.0}, r"reject: expected a number in \[0, 1\), got 1.0"),
        ({"reject": -0.1}, r"reject: expected a number in \[0, 1\), got -0.1"),
    ],
)
def test_refuses(run, options, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        run.sample(4, **options)


def test_a_discriminator_of_pairs_cannot_reject():
    run = minigan.train(**{**SHORT, "packing": 2})
    with pytest.raises(InputError, match=r"^reject: expected None, because this discriminator judges several samples"):
        run.sample(4, reject=0.5)


def test_from_the_command_line(tmp_path, capsys):
    run = minigan.train(out=tmp_path / "run", conditional="clusters", **SHORT)
    out = tmp_path / "some.npz"
    assert main(["sample", str(tmp_path / "run"), "-n", "6", "--truncation", "0.8", "--reject", "0.2",
                 "--out", str(out)]) == 0  # fmt: skip
    with np.load(out) as file:
        np.testing.assert_array_equal(file["images"], run.sample(6, truncation=0.8, reject=0.2))
