"""What evaluates a generator while it trains: which data it knows, and in which order it puts samples."""

import re

import numpy as np
import pytest

import minigan
from minigan import DivergedError, cli
from minigan.datasets import Dataset, Points, load_dataset
from minigan.metrics import evaluate
from minigan.runs import judge as judge_module
from minigan.runs.judge import DigitJudge, PointJudge, fid_and_classes, find_judge, to_uint8

DIGITS = load_dataset("mnist-5k")


def floats(images):
    return images.astype(np.float32) / 127.5 - 1


@pytest.mark.parametrize(
    ("dataset", "kind"),
    [
        (DIGITS, DigitJudge),
        (Dataset("mnist", floats(DIGITS.images[:100])[..., None]), DigitJudge),
        (Dataset("mnist", DIGITS.images[:10, :20]), type(None)),
        (Dataset("array", DIGITS.images[:10]), type(None)),
        (load_dataset("ring"), PointJudge),
        (load_dataset("grid"), PointJudge),
        (load_dataset("dirac"), type(None)),  # a point has no width, so nothing lies near it or not
        (Points("line", np.zeros((9, 1))), type(None)),
    ],
)
def test_which_data_are_known(dataset, kind):
    assert type(find_judge(dataset, "cpu")) is kind


@pytest.fixture(scope="module")
def digit_judge():
    return find_judge(DIGITS, "cpu")


def test_real_digits_are_at_the_floor(digit_judge):
    real = DIGITS.images[np.random.default_rng(0).choice(5000, 2000, replace=False)]
    verdict = digit_judge(floats(real))
    assert list(verdict.columns) == ["fid", "fid_floor", "classes"]
    assert verdict.columns["fid"] == verdict.columns["fid_floor"] == digit_judge.floor > 0
    assert verdict.rank == (verdict.columns["fid"],)
    assert [type(value) for value in verdict.columns.values()] == [float, float, list]
    classes = verdict.columns["classes"]
    assert len(classes) == 10
    assert sum(classes) == 2000
    assert {type(count) for count in classes} == {int}
    assert min(classes) > 100
    shares = " ".join(f"{count / 20:.0f}" for count in classes)
    assert verdict.text == (
        f"FID {digit_judge.floor:.2f} (real digits {digit_judge.floor:.2f}), shares of 0 to 9 in %: {shares}"
    )


def test_worse_digits_rank_lower(digit_judge, rng):
    real = floats(DIGITS.images[:2000])
    noisy = real + rng.normal(0, 0.3, real.shape).astype(np.float32)  # beyond [-1, 1], as some generators draw
    sevens = np.resize(real[DIGITS.labels[:2000] == 7], real.shape)
    white = 1 - rng.uniform(0, 0.01, real.shape).astype(np.float32)  # images without a dark pixel are judged as well
    ranks = [digit_judge(images).rank for images in (real, noisy, white)]
    assert ranks == sorted(ranks)
    verdict = digit_judge(sevens)
    assert verdict.rank > ranks[0]
    assert np.argmax(verdict.columns["classes"]) == 7


def test_pixels_are_rounded_as_a_picture_file_rounds_them(rng):
    assert to_uint8(np.array([-7, -1, -0.5, 0, 1 / 127.5, 1, 1.2])).tolist() == [0, 0, 64, 128, 128, 255, 255]
    np.testing.assert_array_equal(to_uint8(floats(DIGITS.images[:50])), DIGITS.images[:50])
    images = np.clip(floats(DIGITS.images[:500]) + rng.normal(0, 0.01, (500, 28, 28)), -1, 1)
    assert fid_and_classes(to_uint8(images), "cpu")[0] == pytest.approx(evaluate(images).fid, rel=0.01)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_generator_that_diverged_is_named(value, digit_judge):
    images = floats(DIGITS.images[:100])
    images[3, 14, 14] = value
    with pytest.raises(DivergedError, match="the generator draws NaN or infinite pixels"):
        digit_judge(images)


def test_the_floor_is_computed_once(monkeypatch):
    calls = []
    monkeypatch.setattr(
        judge_module, "fid_and_classes", lambda images, device: (calls.append(images), (1.0, np.zeros(10)))[1]
    )
    judged = find_judge(Dataset("mnist", DIGITS.images[:500]), "cpu")
    for _ in range(3):
        judged(np.zeros((2000, 28, 28), np.float32))
    assert [len(images) for images in calls] == [2000] * 4  # of few digits, some are taken more than once


def test_fid_and_classes_on_every_device(device):
    minigan.metrics.load_evaluator.cache_clear()
    fid, classes = fid_and_classes(DIGITS.images[:100], device)
    minigan.metrics.load_evaluator.cache_clear()
    expected = evaluate(DIGITS.images[:100])
    assert fid == pytest.approx(expected.fid, rel=1e-4)
    assert tuple(classes) == expected.counts


def test_points():
    ring = load_dataset("ring")
    judged = find_judge(ring, "cpu")
    every = judged(ring.points[:2500])
    assert every.columns["modes_found"] == every.columns["modes"] == 8
    assert every.columns["high_quality"] > 0.98
    assert every.text.startswith("8 of 8 modes, 9")
    upper = judged(ring.points[:2500][ring.points[:2500, 1] > 0.5])
    assert upper.columns["modes_found"] == 3
    blurred = judged(ring.points[:2500] + np.random.default_rng(0).normal(0, 0.02, (2500, 2)))
    assert blurred.columns["modes_found"] == 8
    assert every.rank < blurred.rank < upper.rank  # modes first, then quality


# what `minigan train` prints at its end


def test_the_last_sentence_of_a_run(tmp_path, monkeypatch, capsys, digit_judge):
    monkeypatch.chdir(tmp_path)
    tiny = ["train", "--model", "mlp", "--steps", "3", "--batch-size", "4", "--device", "cpu"]
    assert cli.main([*tiny, "--seed", "5", "--out", "run"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    fid = digit_judge(minigan.load("run").sample(2000, seed=5)).columns["fid"]
    assert last == (
        f"FID {fid:.2f} between 2,000 of its digits and MNIST's test digits; as many real digits of mnist-5k have "
        f"{digit_judge.floor:.2f}. Full report: minigan evaluate run"
    )
    assert cli.main([*tiny, "--quiet"]) == 0
    np.savez("other.npz", images=DIGITS.images[:20])
    assert cli.main([*tiny, "--data", "other.npz"]) == 0
    assert cli.main(["train", "--data", "dirac", *tiny[3:]]) == 0
    assert "FID" not in capsys.readouterr().out
    assert cli.main(["train", "--data", "ring", *tiny[3:]]) == 0
    assert re.fullmatch(r"\d of 8 modes, .* standard deviations", capsys.readouterr().out.splitlines()[-1])
