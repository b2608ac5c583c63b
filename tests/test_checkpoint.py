"""The checkpoint: what was written comes back to the bit, and nothing that is damaged or foreign does."""

import dataclasses
import io
import json
import re
import zipfile

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.datasets import Dataset, Points
from minigan.runs.checkpoint import TAIL, Checkpoint, Standing, fingerprint, read_checkpoint
from minigan.training.state import State

IMAGES = np.random.default_rng(0).integers(0, 256, (9, 8, 8), dtype=np.uint8)


@pytest.fixture(scope="module")
def checkpoint():
    options = {"data": IMAGES, "model": "mlp", "batch_size": 4, "latent_dim": 4, "device": "cpu", "quiet": True}
    return minigan.train(**options, steps=3, log_every=2).checkpoint


@pytest.fixture
def path(checkpoint, tmp_path):
    checkpoint.write(tmp_path / "some.npz")
    return tmp_path / "some.npz"


def change(path, edit):
    """Change the description of a file; all its checksums are those of the new contents."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    description = json.loads(str(np.load(io.BytesIO(members["description.npy"]))))
    edit(description)
    file = io.BytesIO()
    np.save(file, np.array(json.dumps(description)))
    members["description.npy"] = file.getvalue()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


def test_round_trip(checkpoint, path):
    found = read_checkpoint(path)
    for field in dataclasses.fields(Checkpoint):
        if field.name != "state":
            assert getattr(found, field.name) == getattr(checkpoint, field.name), field.name
    assert found.state.numbers == checkpoint.state.numbers
    assert found.state.arrays.keys() == checkpoint.state.arrays.keys()
    for name, array in checkpoint.state.arrays.items():
        np.testing.assert_array_equal(found.state.arrays[name], array, strict=True)
    again = path.with_name("again.npz")
    found.write(again)
    assert again.read_bytes() == path.read_bytes()


def test_no_pickle_is_in_it(path):
    with np.load(path, allow_pickle=False) as found:
        assert all(found[name].dtype.kind in "fiU" for name in found.files)


def test_only_the_last_records_are_in_it(checkpoint, tmp_path):
    history = [{**checkpoint.history[0], "step": step} for step in range(TAIL + 7)]
    dataclasses.replace(checkpoint, history=history).write(tmp_path / "long.npz")
    assert read_checkpoint(tmp_path / "long.npz").history == history[7:]


def test_flipped_bits_and_cuts_are_refused_by_name(path):
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    reference = read_checkpoint(path)
    refused = 0
    for position in rng.integers(len(whole), size=150):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            found = read_checkpoint(path)
        except InputError as error:
            refused += f"path: expected a checkpoint, got {str(path)!r}, which is damaged or another" in str(error)
        else:  # the bit says nothing about the contents
            assert found.state.numbers == reference.state.numbers
            for name, array in reference.state.arrays.items():
                np.testing.assert_array_equal(found.state.arrays[name], array)
    assert refused > 100
    for length in range(0, len(whole), len(whole) // 20):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="path: expected a checkpoint"):
            read_checkpoint(path)


OTHERS = {
    "config": [None, [], "x"],
    "sample_shape": [None, {}, 3, [8, -8], [8, True], [8.0]],
    "codes": [None, -1, 1.5, True, 1 << 70],
    "data": [None, 3, []],
    "standing": [None, [], {}],
    "history": [None, {}, [3], [{}], [{"step": 1}], [{"step": -1, "d_loss": 1, "g_loss": 1, "d_real": 1, "d_fake": 1}]],
    "numbers": [None, [], 3],
    "arrays": [None, [], {"x": 3}],
    "kind": [None, "model", 3],
    "format": [None, 0, 2, "1"],
    "standing.step": [None, -1, 1.5, True],
    "standing.share": [None, "x", float("nan"), float("inf"), 10**400],
    "standing.pending": [None, {}, [1.0], [[1.0]], [[1.0, 2.0, 3.0, None]], [[1.0] * 5]],
    "standing.best_rank": [None, 1.0, ["x"]],
    "standing.best_text": [None, 3],
    "standing.warned": [None, "x", [3]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in OTHERS.items() for value in values])
def test_an_entry_of_another_kind_is_refused_by_name(name, value, path):
    def edit(description):
        place, _, last = name.rpartition(".")
        (description[place] if place else description)[last] = value

    change(path, edit)
    with pytest.raises(InputError, match=r"damaged or another \(") as refused:
        read_checkpoint(path)
    assert re.match(rf"(step|x|{name.split('.')[-1]})\b|kind, ", str(refused.value).split(" (")[1])


def test_a_missing_entry_is_refused(path):
    change(path, lambda description: description["standing"].pop("seconds"))
    with pytest.raises(InputError, match="seconds: expected an entry of a checkpoint, got None"):
        read_checkpoint(path)


def test_a_number_that_is_not_finite_is_refused(checkpoint, tmp_path):
    arrays = {name: array.copy() for name, array in checkpoint.state.arrays.items()}
    arrays["generator_v"][3] = np.inf
    dataclasses.replace(checkpoint, state=State(arrays, checkpoint.state.numbers)).write(tmp_path / "bad.npz")
    with pytest.raises(InputError, match="generator_v: expected finite numbers"):
        read_checkpoint(tmp_path / "bad.npz")


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"path: expected a checkpoint, got .*cannot be read"):
        read_checkpoint(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("condition", "record_at", "expected"),
    [("d_loss>1", 3, True), ("d_loss>1", 2, False), ("d_loss<1", 3, False), ("fid<1", 3, False), (None, 3, False)],
)
def test_meets(condition, record_at, expected, checkpoint):
    history = [{"step": record_at, "d_loss": 1.5}]
    assert dataclasses.replace(checkpoint, history=history).meets(condition) is expected


def test_without_records_no_condition_is_met(checkpoint):
    assert not dataclasses.replace(checkpoint, history=[], standing=Standing()).meets("d_loss>0")


def test_the_fingerprint_is_that_of_samples_and_labels():
    labels = np.arange(9) % 3
    sets = [
        Dataset("a", IMAGES),
        Dataset("a", IMAGES, labels),
        Dataset("a", IMAGES, (labels + 1) % 3),
        Dataset("a", IMAGES[::-1]),
        Dataset("a", IMAGES[:-1]),
        Dataset("a", IMAGES.reshape(9, 4, 16)),
        Points("a", np.zeros((9, 2))),
        Points("a", np.zeros((18, 1))),
    ]
    assert len({fingerprint(each) for each in sets}) == len(sets)
    assert fingerprint(Dataset("another name", IMAGES.copy())) == fingerprint(sets[0])
