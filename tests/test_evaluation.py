"""The whole evaluation: its table, its JSON, its command, and what it says of a run that is not about digits."""

import json

import numpy as np
import pytest

import minigan
from minigan import InputError, cli
from minigan.datasets import mnist, mnist_5k
from minigan.metrics import EVALUATORS, evaluate, load_evaluator, memorisation
from minigan.metrics.evaluation import TEST_COUNTS
from minigan.metrics.floors import floors_for, held_out_distances
from minigan.metrics.measures import features_of, measure
from minigan.runs.judge import to_uint8

DIGITS = mnist_5k()
TINY = {"model": "mlp", "steps": 3, "batch_size": 4, "quiet": True, "device": "cpu"}


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(DIGITS.images[100:200], data="mnist-5k")


def test_measures_and_floors(evaluation):
    assert evaluation.n == 100
    for name in EVALUATORS:
        evaluator = load_evaluator(name)
        features = features_of(DIGITS.images[100:200], evaluator, "cpu")
        np.testing.assert_array_equal(evaluation.features[name], features)
        assert evaluation.measured[name] == measure(features, evaluator)
    assert evaluation.floors == floors_for(100)
    first = evaluation.measured[EVALUATORS[0]]
    assert (evaluation.fid, evaluation.kl) == (first.fid, first.kl)
    assert (evaluation.score, evaluation.counts) == (first.score, first.counts)


def test_copies_are_found(evaluation):
    np.testing.assert_array_equal(evaluation.neighbours, DIGITS.images[100:200])
    np.testing.assert_array_equal(evaluation.distances, 0)
    assert evaluation.memorisation == memorisation(np.zeros(100, np.float32), held_out_distances("mnist-5k"))
    assert evaluation.memorisation.close == 1
    assert evaluation.notes == ()


def test_the_table(evaluation):
    lines = str(evaluation).splitlines()
    assert lines[0] == "100 images against MNIST's 10,000 test digits."
    assert lines[1] == '"real" is what 100 training digits get.'
    assert lines[4].split() == ["images", "real", "images", "real", "best"]
    found, real = (
        [f"{each[name].fid:.3f}" for name in EVALUATORS] for each in (evaluation.measured, evaluation.floors.measured)
    )
    assert lines[5].split() == ["Frechet", "distance", found[0], real[0], found[1], real[1], "0"]
    assert max(map(len, lines)) <= 88
    assert ["nearer", "than", "a", "test", "digit", "1.000", "0.500"] in [line.split() for line in lines]
    assert not any(line.endswith(" ") for line in lines)


def test_the_dictionary_is_json(evaluation):
    found = evaluation.to_dict()
    assert json.loads(json.dumps(found)).keys() == found.keys()
    assert found["images"] == found["real_digits"] == 100
    assert found["measured"][EVALUATORS[1]]["recall_5"] == evaluation.measured[EVALUATORS[1]].recall_5
    assert found["real"][EVALUATORS[0]]["counts"] == evaluation.floors.measured[EVALUATORS[0]].counts
    assert found["best"]["fake_accuracy"] == 0.5
    assert found["memorisation"]["nearer"] == evaluation.memorisation.nearer


def test_without_the_training_images():
    found = evaluate(DIGITS.images[:100])
    assert found.memorisation is found.neighbours is found.distances is None
    assert found.notes == ("Copies: unknown, because nothing says what the model was trained on.",)
    assert str(found).endswith(f"\n\n{found.notes[0]}")
    assert found.to_dict()["memorisation"] is None


def test_the_counts_of_the_test_digits(monkeypatch, tmp_path):
    assert sum(TEST_COUNTS) == 10_000
    evaluator = load_evaluator()
    read = evaluator.classify(evaluator.reference_features).argmax(axis=1)
    np.testing.assert_allclose(np.bincount(read), TEST_COUNTS, atol=15)  # 99.4 % are read right


def test_images_with_a_channel_axis_and_on_every_device(evaluation, device):
    load_evaluator.cache_clear()
    found = evaluate(DIGITS.images[100:200, :, :, None], data="mnist-5k", device=device)
    load_evaluator.cache_clear()
    assert found.images.shape == (100, 28, 28)
    np.testing.assert_allclose(found.fid, evaluation.fid, rtol=1e-4)
    np.testing.assert_allclose(found.distances, 0)
    for name in EVALUATORS:
        np.testing.assert_allclose(found.measured[name][:-1], evaluation.measured[name][:-1], rtol=1e-3, atol=1e-2)


def test_a_run_and_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = minigan.train(**TINY, out="first")
    assert cli.main(["evaluate", "first", "-n", "100", "--seed", "4"]) == 0
    printed = capsys.readouterr().out
    found = run.evaluate(100, seed=4)
    assert printed.startswith(f"{found}\n\n")
    assert printed.splitlines()[-2:] == [
        "  first/evaluation.json  these numbers",
        "  first/evaluation.png  digits, their nearest training digits, classes and features",
    ]
    assert found == evaluate(to_uint8(run.sample(100, seed=4)), data="mnist-5k")
    written = json.loads((tmp_path / "first" / "evaluation.json").read_text())
    assert written == json.loads(json.dumps({"model": "first", "seed": 4, **found.to_dict()}))
    assert (tmp_path / "first" / "evaluation.png").stat().st_size > 10_000
    assert cli.main(["evaluate", "first/model.npz", "-n", "100", "--out", "new/folder"]) == 0
    assert {path.name for path in (tmp_path / "new/folder").iterdir()} == {"evaluation.json", "evaluation.png"}


def test_a_command_that_cannot_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    minigan.train(**TINY, out="first")
    before = {path.name for path in (tmp_path / "first").iterdir()}
    assert cli.main(["evaluate", "first", "-n", "20"]) == 2
    assert capsys.readouterr().err.startswith("minigan evaluate: images: expected more than ")
    assert {path.name for path in (tmp_path / "first").iterdir()} == before
    assert cli.main(["evaluate", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("minigan evaluate: path: expected a run folder")
    (tmp_path / "file").write_text("in the way")
    assert cli.main(["evaluate", "first", "-n", "100", "--out", "file"]) == 2
    assert capsys.readouterr().err.startswith(
        "minigan evaluate: out: expected a folder that can be written, got 'file'"
    )


def test_a_run_on_other_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("other.npz", images=DIGITS.images[:50])
    found = minigan.train(**TINY, data="other.npz").evaluate(100)
    assert found.memorisation is None
    assert found.neighbours.shape == (100, 28, 28)
    assert found.notes == (
        "The model was trained on 'other.npz': the distances are to MNIST's digits, and the classes are digits.",
        "Copies: unknown, because 'other.npz' has no test half to compare with.",
    )


@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        ({"data": np.zeros((20, 8, 8), np.uint8)}, "images of 8 x 8 x 1"),
        ({"data": np.zeros((20, 28, 28, 3), np.uint8)}, "images of 28 x 28 x 3"),
        ({"data": "ring", "model": "points"}, "points of 2"),
    ],
)
def test_runs_that_draw_no_digits(options, drawn, tmp_path, capsys):
    minigan.train(**{**TINY, **options}, out=str(tmp_path / "run"))
    assert cli.main(["evaluate", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err == (
        "minigan evaluate: run: expected a model that draws images of 28 x 28 x 1, because every measure compares them "
        f"with MNIST's digits, got one that draws {drawn}\n"
    )


def test_nothing_needs_the_full_mnist(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))
    with pytest.raises(InputError):
        mnist.mnist("test")
    assert evaluate(DIGITS.images[:100], data="mnist-5k").memorisation is not None
    assert "minigan data fetch mnist" in evaluate(DIGITS.images[:100], data="mnist").notes[0]
