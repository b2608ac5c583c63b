"""The pictures of a run: what they show, and the film of its snapshots."""

import numpy as np
import pytest
from PIL import Image

import minigan
from minigan.backend import device_of
from minigan.files import step_files
from minigan.runs import figures
from minigan.runs.history import History
from minigan.runs.pictures import (
    SNAPSHOTS,
    samples_to_show,
    save_drawn,
    save_film,
    save_losses,
    save_samples,
    snapshots_until,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True, "steps": 1}


@pytest.fixture(scope="module")
def run():
    return minigan.train(data=IMAGES, **OPTIONS)


def grids(n, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, (4, 8, 8)).astype(np.float32) for _ in range(n)]


def test_a_run_without_classes_shows_what_it_draws(run):
    assert samples_to_show(run, default=64) == (64, None)


def test_classes_stand_in_columns():
    digits = minigan.datasets.load_dataset("mnist-5k")
    small = minigan.datasets.Dataset("mnist-5k", digits.images[:20], digits.labels[:20])
    conditional = minigan.train(data=small, **OPTIONS, conditional="projection")
    n, label = samples_to_show(conditional, default=64)
    assert n == 100
    assert label.tolist() == list(range(10))  # repeated, so that column i shows class i
    clusters = minigan.train(data=small, **OPTIONS, conditional="clusters", clusters=3)
    assert samples_to_show(clusters, default=64) == (64, None)


def test_points_have_no_columns():
    points = minigan.train(data="ring", batch_size=8, device="cpu", quiet=True, steps=1)
    assert samples_to_show(points, default=1000) == (1000, None)


def test_the_film_shows_the_snapshots_in_order(tmp_path):
    """The steps are numbers, so 1000 comes after 200, and other files are left out."""
    steps = {200: 0, 1000: 1, 1_000_000: 2}
    for step, i in steps.items():
        save_samples(grids(3)[i], tmp_path / f"step-{step:06d}.png", data="array")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "step-x.png").write_text("no snapshot")
    assert list(sorted(step_files(tmp_path, ".png"))) == sorted(steps)
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "save_animation", lambda frames, path, **options: seen.extend(frames))
        save_film(tmp_path, tmp_path / "film.gif", images=True)
    assert [step for step, _ in seen] == sorted(steps)
    for (_, frame), expected in zip(seen, grids(3), strict=True):
        assert frame.shape[0] == 1
        np.testing.assert_allclose(frame[0, :8, :8, 0], expected[0], atol=0.01)  # the first of the samples


def test_the_same_snapshots_give_the_same_bytes(tmp_path):
    for i, samples in enumerate(grids(2)):
        save_samples(samples, tmp_path / f"step-{i:06d}.png", data="array")
    films = []
    for name in ("a.gif", "b.gif"):
        save_film(tmp_path, tmp_path / name, images=True)
        films.append((tmp_path / name).read_bytes())
    assert films[0] == films[1]
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames >= 2


@pytest.mark.parametrize("there", [True, False])
def test_without_snapshots_there_is_no_film(there, tmp_path):
    if there:
        (tmp_path / "samples").mkdir()
    assert step_files(tmp_path / "samples", ".png") == {}
    save_film(tmp_path / "samples", tmp_path / "film.gif", images=True)
    assert not (tmp_path / "film.gif").exists()


def test_without_records_there_are_no_losses(run, tmp_path):
    empty = minigan.runs.run.Run(run.config, run.generator, run.discriminator, History())
    save_losses(empty, tmp_path / "losses.png")
    assert list(tmp_path.iterdir()) == []
    save_losses(run, tmp_path / "losses.png")
    assert (tmp_path / "losses.png").stat().st_size > 0


def test_the_picture_at_the_end_shows_what_sample_draws(run, tmp_path):
    save_drawn(run, tmp_path / "drawn.png")
    save_samples(run.sample(100, seed=run.config.seed), tmp_path / "expected.png", data="array")
    assert (tmp_path / "drawn.png").read_bytes() == (tmp_path / "expected.png").read_bytes()


def test_the_centres_of_a_toy_set_are_shown(tmp_path):
    points = np.zeros((10, 2), dtype=np.float32)
    for data in ("ring", "elsewhere"):
        save_samples(points, tmp_path / f"{data}.png", data=data)
    assert (tmp_path / "ring.png").read_bytes() != (tmp_path / "elsewhere.png").read_bytes()


def test_snapshots_are_denser_at_the_start():
    over = [snapshots_until(share) for share in np.linspace(0, 1, 401)]
    assert over[0] == 1
    assert over[-1] == SNAPSHOTS + 1
    assert np.all(np.diff(over) >= 0)
    assert over[100] == SNAPSHOTS // 2 + 1  # half of them in the first quarter


def test_on_every_device(device, tmp_path):
    run = minigan.train(data=IMAGES, **{**OPTIONS, "device": device})
    assert device_of(run.generator.theta) == device
    save_drawn(run, tmp_path / "drawn.png")
    assert (tmp_path / "drawn.png").stat().st_size > 0
