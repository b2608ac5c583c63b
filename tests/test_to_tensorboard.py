"""Records and pictures for TensorBoard: what is in the event file."""

import io
import json
import os
import struct

import numpy as np
import pytest
from PIL import Image

from minigan.errors import InputError, MiniganWarning
from minigan.exchange import to_tensorboard

pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")

FIRST = {"step": 50, "d_loss": 1.5, "g_loss": 0.5, "d_real": 0.75, "d_fake": 0.25}
SECOND = {"step": 100, "d_loss": 1.25, "g_loss": float("nan"), "d_real": 0.5, "d_fake": 0.5}
RECORDS = [
    FIRST | {"seconds": 2.0, "images_per_second": 100.0},
    SECOND | {"seconds": 6.0, "images_per_second": 50.0, "fid": 12.5, "fid_floor": 2.5, "classes": [7, 3]},
]
ENDED = 1_000_000_000.0


@pytest.fixture
def run(tmp_path, rng):
    folder = tmp_path / "run"
    (folder / "samples").mkdir(parents=True)
    write(folder, RECORDS)
    for step in (0, 25, 75, 100):
        pixels = rng.integers(256, size=(6, 9, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "samples" / f"step-{step:06d}.png")
    return folder


def write(folder, records):
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    os.utime(folder / "metrics.jsonl", (ENDED, ENDED))


def events(path):
    """Yield (tag, step, time, value) of an event file: of each record its length, a checksum, itself, a checksum."""
    from tensorboardX.proto.event_pb2 import Event

    data = path.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        event = Event.FromString(data[12 : 12 + length])
        data = data[16 + length :]
        for value in event.summary.value:
            yield value.tag, event.step, event.wall_time, value


def test_curves(run):
    written = to_tensorboard(run)
    assert written == (run / "tensorboard" / "events.out.tfevents.minigan", 2, 4)
    found = [(tag, step, time, v.simple_value) for tag, step, time, v in events(written.path) if tag != "samples"]
    first, last = ENDED - 4, ENDED
    assert found == [
        ("D/fake", 50, first, 0.25),
        ("D/real", 50, first, 0.75),
        ("loss/discriminator", 50, first, 1.5),
        ("loss/generator", 50, first, 0.5),
        ("training/images_per_second", 50, first, 100),
        ("D/fake", 100, last, 0.5),
        ("D/real", 100, last, 0.5),
        ("classes/0", 100, last, 7),
        ("classes/1", 100, last, 3),
        ("evaluation/fid", 100, last, 12.5),
        ("evaluation/fid_floor", 100, last, 2.5),
        ("loss/discriminator", 100, last, 1.25),
        ("training/images_per_second", 100, last, 50),
    ]


def test_pictures(run):
    """Each is the picture of its step, and the time between two records grows evenly."""
    found = [each for each in events(to_tensorboard(run).path) if each[0] == "samples"]
    assert [(step, time - ENDED) for _, step, time, _ in found] == [(0, -6), (25, -5), (75, -2), (100, 0)]
    for _, step, _, value in found:
        with Image.open(io.BytesIO(value.image.encoded_image_string)) as picture:
            shown = np.asarray(picture)
        with Image.open(run / "samples" / f"step-{step:06d}.png") as picture:
            np.testing.assert_array_equal(shown, np.asarray(picture))


def test_an_older_file_is_replaced(run, tmp_path):
    first = to_tensorboard(run, tmp_path / "a" / "b")
    write(run, RECORDS[:1])
    assert to_tensorboard(run, tmp_path / "a" / "b") == (first.path, 1, 4)
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [first.path.name]
    assert {step for tag, step, _, _ in events(first.path) if tag != "samples"} == {50}


def test_records_without_seconds_and_with_large_numbers(run):
    """Files of other programs may have them."""
    record = {"step": 2**62, "d_loss": 1e300, "g_loss": 2**62, "d_real": 0, "d_fake": -1.5}
    write(run, [record])
    found = {tag: (step, time, v.simple_value) for tag, step, time, v in events(to_tensorboard(run).path)}
    assert found["D/fake"] == (2**62, ENDED, -1.5)
    assert found["loss/generator"] == (2**62, ENDED, 2.0**62)


def test_a_damaged_picture_is_left_out(run):
    path = run / "samples" / "step-000025.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.warns(MiniganWarning, match=r"step-000025.png: expected a picture, got a damaged file"):
        written = to_tensorboard(run)
    assert written.pictures == 3
    assert [step for tag, step, _, _ in events(written.path) if tag == "samples"] == [0, 75, 100]


def test_no_run_folder(run, tmp_path):
    with pytest.raises(InputError, match=r"path: expected a run folder with metrics.jsonl, got 'mnist'"):
        to_tensorboard("mnist")
    write(run, [])
    with pytest.raises(InputError, match=r"with records in metrics.jsonl, got '.*run', which has none"):
        to_tensorboard(run)
    assert not (run / "tensorboard").exists()
