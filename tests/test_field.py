"""The field of a game of points: D's logit of each place, whatever D is; and its file, which is read with suspicion."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.archive import write_archive
from minigan.datasets import Points
from minigan.runs.axes import reach_of
from minigan.runs.field import PARTNERS, SIDE, Field, find_field, read_field, write_field
from minigan.runs.run_folder import RunFolder

SHORT = {"data": "ring", "steps": 3, "batch_size": 8, "quiet": True, "device": "cpu"}


def place(field, row, column):
    """The centre of a cell."""
    return [((2 * i + 1) / SIDE - 1) * field.reach for i in (column, row)]


def logit(run, *samples):
    """D's first logit of a batch."""
    return run.discriminator.forward(np.array(samples, np.float32), train=False)[0][0]


def test_each_place_has_its_logit():
    run = minigan.train(**SHORT, packing=1)
    points = run.sample(20)
    field = find_field(run, points)
    assert field.points is points
    assert field.reach == 1.25  # by the centres of the ring
    assert field.logits.shape == (SIDE, SIDE)
    assert field.logits.dtype == np.float32
    for row, column in ((0, 0), (3, 30), (SIDE - 1, 7)):
        np.testing.assert_allclose(field.logits[row, column], logit(run, place(field, row, column))[0], rtol=1e-5)


def test_the_reach_may_be_given():
    run = minigan.train(**SHORT, packing=1)
    field = find_field(run, run.sample(20), reach=2.0)
    assert field.reach == 2.0
    np.testing.assert_allclose(field.logits[3, 30], logit(run, place(field, 3, 30))[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "together"), [({"packing": 3, "batch_size": 9}, 3), ({"packing": 2, "minibatch_std": True}, 8)]
)
def test_a_place_is_judged_beside_points_of_the_generator(options, together):
    run = minigan.train(**{**SHORT, **options})
    points = run.sample(100)
    field = find_field(run, points)
    for row, column in ((5, 6), (30, 2)):
        batches = points[: PARTNERS * together].reshape(PARTNERS, together, 2)
        expected = [logit(run, place(field, row, column), *batch[1:])[0] for batch in batches]
        np.testing.assert_allclose(field.logits[row, column], np.mean(expected), rtol=1e-4, atol=1e-6)


def test_several_discriminators():
    run = minigan.train(**SHORT, packing=1, discriminators=3)
    field = find_field(run, run.sample(20))
    np.testing.assert_allclose(field.logits[4, 9], logit(run, place(field, 4, 9)).mean(), rtol=1e-5)


def test_the_logit_of_a_conditional_game_is_a_mean_over_its_classes():
    run = minigan.train(**SHORT, conditional="clusters", clusters=4)
    field = find_field(run, run.sample(20))
    outputs = logit(run, place(field, 4, 9))
    expected = outputs[0] + (run.shares.ravel() * outputs[1:]).sum()
    np.testing.assert_allclose(field.logits[4, 9], expected, rtol=1e-4)


def test_infogan_has_numbers_in_its_code():
    run = minigan.train(**SHORT, conditional="infogan")
    field = find_field(run, run.sample(20))
    np.testing.assert_allclose(field.logits[4, 9], logit(run, place(field, 4, 9))[0], rtol=1e-5)


def test_points_on_a_line_have_one_row():
    run = minigan.train(**{**SHORT, "data": Points("line", np.linspace(-1, 1, 50)[:, None])}, packing=1)
    points = run.sample(20)
    field = find_field(run, points)
    assert field.logits.shape == (1, SIDE)
    assert field.reach == reach_of(points, None) == 1.25 * max(1, np.abs(points).max())
    np.testing.assert_allclose(field.logits[0, 9], logit(run, place(field, 0, 9)[:1])[0], rtol=1e-5)


def test_a_run_records_its_fields(tmp_path):
    run = minigan.train(**SHORT, out=tmp_path / "run")
    found = sorted((tmp_path / "run" / "samples").glob("*.npz"))
    assert [path.stem for path in found] == [f"step-{step:06d}" for step in range(4)]
    last, expected = read_field(found[-1]), find_field(run, run.sample(1000, seed=run.config.seed))
    np.testing.assert_array_equal(last.points, expected.points)
    np.testing.assert_allclose(last.logits, expected.logits, rtol=1e-5)
    assert (last.logits != read_field(found[0]).logits).any()


def test_what_came_after_a_checkpoint_is_removed(tmp_path):
    run = minigan.train(**SHORT, out=tmp_path / "run")
    folder = RunFolder(run.folder, run.config)
    folder.go_back(None)
    folder.close()
    assert list((run.folder / "samples").iterdir()) == []


def test_a_run_of_images_records_none(tmp_path):
    images = np.zeros((16, 8, 8), np.uint8)
    minigan.train(**{**SHORT, "data": images}, model="mlp", out=tmp_path / "run")
    assert list((tmp_path / "run" / "samples").glob("*.npz")) == []


def test_the_weights_are_the_same_with_fields_and_without(tmp_path):
    written, alone = minigan.train(**SHORT, out=tmp_path / "run"), minigan.train(**SHORT)
    np.testing.assert_array_equal(written.generator.theta, alone.generator.theta)
    np.testing.assert_array_equal(written.discriminator.theta, alone.discriminator.theta)


# the file

FIELD = Field(np.ones((3, 2), np.float32), np.zeros((SIDE, SIDE), np.float32), 1.25)
LINE = Field(np.ones((3, 1), np.float32), np.zeros((1, SIDE), np.float32), 2.5)


@pytest.mark.parametrize("field", [FIELD, LINE], ids=["plane", "line"])
def test_written_and_read(field, tmp_path):
    write_field(tmp_path / "field.npz", field)
    found = read_field(tmp_path / "field.npz")
    assert found.reach == field.reach
    np.testing.assert_array_equal(found.points, field.points)
    np.testing.assert_array_equal(found.logits, field.logits)


@pytest.mark.parametrize(
    ("description", "arrays", "said"),
    [
        ({"kind": "model"}, {}, "kind, format: expected 'field' and 1"),
        ({"format": 2}, {}, "kind, format"),
        ({"reach": 0.0}, {}, "points, logits, reach: expected"),
        ({"reach": "far"}, {}, "points, logits, reach: expected"),
        ({"reach": None}, {}, "points, logits, reach: expected"),
        ({}, {"points": None}, "points, logits, reach: expected"),
        ({}, {"points": np.ones((3, 5), np.float32)}, r"got \(3, 5\)"),
        ({}, {"points": np.ones(3, np.float32)}, r"got \(3,\)"),
        ({}, {"logits": np.ones((1, SIDE), np.float32)}, r"and \(1, 40\)"),
        ({}, {"logits": np.full((SIDE, SIDE), np.nan, np.float32)}, "expected finite numbers"),
        ({}, {"logits": np.zeros((SIDE, SIDE), np.int64)}, "expected float32"),
    ],
)
def test_a_wrong_file_is_refused(description, arrays, said, tmp_path):
    every = {"points": FIELD.points, "logits": FIELD.logits} | arrays
    about = {"kind": "field", "format": 1, "reach": 1.25} | description
    write_archive(tmp_path / "field.npz", about, {name: array for name, array in every.items() if array is not None})
    with pytest.raises(InputError, match=said):
        read_field(tmp_path / "field.npz")


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "field.npz").write_bytes(b"PK\3\4 nothing")
    with pytest.raises(InputError):
        read_field(tmp_path / "field.npz")
