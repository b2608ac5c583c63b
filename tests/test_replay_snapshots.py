"""The snapshots of the page: pictures in 16 greys, fields in bytes, and files that are not what they should be."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import minigan
from minigan.replay import snapshots
from minigan.replay.snapshots import pack_fields, png_of, read_fields, read_pictures, thin_out
from minigan.runs.field import SIDE, Field, write_field
from minigan.runs.pictures import save_samples

SHORT = {"data": "ring", "steps": 3, "batch_size": 8, "quiet": True, "device": "cpu"}


def pixels_of(text):
    with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "samples").mkdir()
    return tmp_path


def test_a_pixel_of_an_image_is_one_pixel_again(folder, rng):
    images = rng.uniform(-1, 1, (4, 8, 8)).astype(np.float32)
    save_samples(images, folder / "samples" / "step-000007.png", data="array")
    ((step, text),) = read_pictures(folder).items()
    found = pixels_of(text)
    assert step == 7
    assert found.shape == (18, 18, 3)
    np.testing.assert_allclose(found[:8, :8, 0], 127.5 * (images[0] + 1), atol=9)  # half of 255 / 15
    assert len(np.unique(found)) <= 16


def test_colours(folder, rng):
    images = rng.uniform(-1, 1, (4, 8, 8, 3)).astype(np.float32)
    save_samples(images, folder / "samples" / "step-000000.png", data="array")
    np.testing.assert_allclose(pixels_of(read_pictures(folder)[0])[:8, :8], 127.5 * (images[0] + 1), atol=9)


def test_the_smallest_and_the_greatest_grey_stay():
    np.testing.assert_array_equal(pixels_of(base64.b64encode(png_of(np.full((2, 2, 3), 255, np.uint8)))), 255)
    np.testing.assert_array_equal(pixels_of(base64.b64encode(png_of(np.zeros((2, 2, 3), np.uint8)))), 0)


def test_files_that_are_no_pictures_are_left_out(folder):
    samples = folder / "samples"
    save_samples(np.zeros((4, 8, 8), np.float32), samples / "step-000003.png", data="array")
    whole = (samples / "step-000003.png").read_bytes()
    (samples / "step-000001.png").write_bytes(b"")
    (samples / "step-000002.png").write_bytes(whole[:60])
    (samples / "step-000004.png").write_bytes(b"<svg onload=alert(1)>")
    (samples / "step-000005.png").mkdir()
    Image.new("L", (snapshots.WIDEST + 1, 1)).save(samples / "step-000006.png")
    Image.new("L", (9, 9)).save(samples / "step-000008.png", format="GIF")
    assert list(read_pictures(folder)) == [3]


def test_no_folder(tmp_path):
    assert read_pictures(tmp_path) == {}


def test_too_many_snapshots_are_thinned_out():
    found = {step: b"x" * 100_000 for step in range(10)}
    assert list(thin_out(found, len)) == [0, 2, 4, 6, 8, 9]
    assert list(thin_out({step: b"x" * 40_000 for step in range(10)}, len)) == list(range(10))
    assert list(thin_out({step: b"x" * 350_000 for step in range(10)}, len)) == [0, 9]
    assert thin_out({0: b"x" * 800_000}, len) == {}
    assert thin_out({}, len) == {}


# points


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return minigan.train(**SHORT, out=tmp_path_factory.mktemp("runs") / "ring")


def numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_recorded_fields(run):
    fields, note = read_fields(run)
    assert list(fields) == [0, 1, 2, 3]
    assert note == ""
    packed = pack_fields(run, list(fields.values()))
    assert packed["side"] == SIDE
    assert packed["view"] == 1.25
    assert len(packed["modes"]["centres"]) == 8
    for field, each in zip(fields.values(), packed["fields"], strict=True):
        probability = 1 / (1 + np.exp(-field.logits.ravel()))
        np.testing.assert_allclose(numbers(each["values"], np.uint8) / 255, probability, atol=0.51 / 255)
        points = packed["unit"] * numbers(each["points"], "<i2").reshape(-1, 2)
        np.testing.assert_allclose(points, np.clip(field.points, -5, 5), atol=0.51 * packed["unit"])


def test_an_old_run_shows_its_end(run, tmp_path):
    run.save(tmp_path / "model.npz")
    loaded = minigan.load(tmp_path / "model.npz")
    fields, note = read_fields(loaded)
    assert list(fields) == [3]
    assert "only its end" in note
    np.testing.assert_array_equal(fields[3].points, loaded.sample(snapshots.POINTS))


def test_a_damaged_field_is_left_out(run, tmp_path):
    changed = minigan.load(run.folder)
    changed.folder = tmp_path
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "step-000001.npz").write_bytes(b"nothing")
    write_field(tmp_path / "samples" / "step-000002.npz", read_fields(run)[0][2])
    assert list(read_fields(changed)[0]) == [2]


def test_scores_reach_from_0_to_255(run):
    hinge = minigan.train(**SHORT, objective="hinge")
    logits = np.linspace(-300, 100, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    packed = pack_fields(hinge, [Field(np.zeros((2, 2), np.float32), logits, 1.25)])
    values = numbers(packed["fields"][0]["values"], np.uint8)
    assert values.min() == 0
    assert values.max() == 255
    assert abs(values.mean() - 127.5) < 1
    same = Field(np.zeros((2, 2), np.float32), np.ones((SIDE, SIDE), np.float32), 1.25)
    assert set(numbers(pack_fields(hinge, [same])["fields"][0]["values"], np.uint8)) == {0}


def test_points_on_a_line_lie_on_the_axis(run):
    line = Field(np.array([[0.5], [-9e30]], np.float32), np.zeros((1, SIDE), np.float32), 1.25)
    packed = pack_fields(run, [line])
    pairs = packed["unit"] * numbers(packed["fields"][0]["points"], "<i2").reshape(-1, 2)
    np.testing.assert_allclose(pairs, [[0.5, 0], [-5, 0]], atol=packed["unit"])
