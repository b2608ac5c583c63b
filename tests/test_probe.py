"""The linear probe: what is compared, the table, the picture, and the command."""

from statistics import fmean

import numpy as np
import pytest

from minigan import InputError
from minigan.cli import main
from minigan.commands import probe as command
from minigan.datasets import Dataset, mnist, mnist_5k
from minigan.datasets.batches import to_floats
from minigan.layers import Dense, Flatten, LeakyReLU, PackSamples
from minigan.metrics import probe as module
from minigan.metrics.few_labels import Score
from minigan.metrics.probe import KINDS, PIXELS, RANDOM, TRAINED, Probe, probe
from minigan.network import Network
from minigan.runs.load import load
from minigan.runs.probe_figure import save_probe

DIGITS = mnist_5k()
SMALL = Dataset("few", DIGITS.images[:600], DIGITS.labels[:600])
TEST = Dataset("few", DIGITS.images[600:1000], DIGITS.labels[600:1000])


def network(*first):
    layers = [*first, Flatten(), Dense(8), LeakyReLU(negative_slope=0.2), Dense(1)]
    return Network(layers, (28, 28, 1), rng=np.random.default_rng(0))


def test_probe():
    found = probe(network(), SMALL, TEST, labels=[50, 200], choices=3, seed=1)
    assert list(found.scores) == list(KINDS), "a single hidden layer is not repeated alone"
    assert found.sizes == {PIXELS: 784, RANDOM: 8, TRAINED: 8}
    for by_count in found.scores.values():
        assert {n: len(scores) for n, scores in by_count.items()} == {50: 3, 200: 3}
    assert 0.5 < fmean(score.accuracy for score in found.scores[PIXELS][50]) < 0.9
    of_d, of_pixels = (fmean(score.accuracy for score in found.scores[name][200]) for name in (TRAINED, PIXELS))
    assert found.gain(200) == pytest.approx(100 * (of_d - of_pixels))
    assert len({score.accuracy for score in found.scores[RANDOM][200]}) > 1, "each choice has a random D of its own"
    again = probe(network(), SMALL, TEST, labels=(200, 50), choices=3, seed=1)
    assert again == found


def test_each_choice_is_drawn_from_all_digits(monkeypatch):
    learned = []

    def learn(x, labels, *others):
        learned.append({(row.tobytes(), label) for row, label in zip(x, labels, strict=True)})
        return Score(0.5, 1e-3)

    monkeypatch.setattr(module, "learn", learn)
    probe(network(), SMALL, TEST, labels=[50, 100], choices=4)
    of_pixels, of_d = learned[:8], learned[-8:]
    assert [len(digits) for digits in of_pixels] == 4 * [50] + 4 * [100]
    assert len(set.union(*of_pixels[:4])) > 150, "of 600 digits, four draws of 50 share few"
    pixels = to_floats(SMALL.images).reshape(600, -1)
    assert set.union(*of_pixels) <= {(row.tobytes(), label) for row, label in zip(pixels, SMALL.labels, strict=True)}
    assert [sorted(label for _, label in digits) for digits in of_d] == [
        sorted(label for _, label in digits) for digits in of_pixels
    ]


def test_many_labels_are_chosen_once(monkeypatch):
    monkeypatch.setattr(module, "ONCE", 60)
    found = probe(network(), SMALL, TEST, labels=[50, 100], choices=2)
    assert {n: len(scores) for n, scores in found.scores[RANDOM].items()} == {50: 2, 100: 1}


def test_the_shipped_discriminator_knows_more_than_pixels():
    """Measured on all 10,000 test digits: 89 % against 75 % with 100 labels; the limits here leave room for chance."""
    found = probe(load("mnist").discriminator, SMALL, TEST, labels=[100], choices=2)
    assert found.gain(100) > 7
    assert list(found.scores)[3:] == ["its layer 1 alone", "its layer 2 alone", "its layer 3 alone"]
    assert sum(found.sizes[name] for name in list(found.scores)[3:]) == found.sizes[TRAINED] == 1024


FOUND = Probe(
    "digits",
    1000,
    {PIXELS: 784, RANDOM: 10, TRAINED: 10, "its layer 1 alone": 4},
    {
        PIXELS: {100: [Score(0.7, 1e-3), Score(0.74, 1e-3)], 2000: [Score(0.9, 1e-3)]},
        RANDOM: {100: [Score(0.6, 1e-3), Score(0.8, 1e-3)], 2000: [Score(0.95, 1e-3)]},
        TRAINED: {100: [Score(0.85, 1e-3), Score(0.86, 1e-3)], 2000: [Score(0.97, 1e-3)]},
        "its layer 1 alone": {100: [Score(0.5, 1e-3)]},
    },
)


def test_the_table():
    assert str(FOUND).splitlines() == [
        "Accuracy on 1,000 test images of digits, %: mean (and range) over the choices of labels",
        "",
        "labels                 features                  100                2,000",
        "raw pixels                  784  72.0 (70.0 to 74.0)                 90.0",
        "random D                     10  70.0 (60.0 to 80.0)                 95.0",
        "trained D                    10  85.5 (85.0 to 86.0)                 97.0",
        "  its layer 1 alone           4                 50.0",
        "",
        "With 100 labels the trained D is 13.5 points better than raw pixels.",
    ]


def test_the_picture(tmp_path, drawn):
    save_probe(FOUND, tmp_path / "probe.png", title="first")
    (figure,) = drawn
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "raw pixels (784 features)", "random D (10 features)", "trained D (10 features)",
    ]  # fmt: skip
    assert [text.get_text() for text in axes.texts] == ["72.0", "90.0", "70.0", "95.0", "85.5", "97.0"]
    assert (tmp_path / "probe.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"train": Dataset("plain", SMALL.images)}, "data: expected labels, got 'plain', which has none"),
        ({"test": Dataset("large", np.zeros((9, 32, 32), np.uint8), np.zeros(9, np.uint8))}, "got 32 x 32 x 1"),
        (
            {"train": Dataset("tiny", SMALL.images[:49], SMALL.labels[:49])},
            "data: expected at least 50 images to learn from, 5 for each of 10 classes, got 49",
        ),
        (
            {"test": Dataset("odd", SMALL.images[:9], np.array([10**12] * 9))},
            "data: expected at least 5,000,000,000,005 images",
        ),
        ({"labels": [49]}, "labels: expected an integer from 50 to 600, got 49"),
        ({"labels": [601]}, "labels: expected an integer from 50 to 600, got 601"),
        ({"labels": []}, "labels: expected at least one number, got none"),
        ({"choices": 0}, "choices: expected an integer of at least 1, got 0"),
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
        ({"discriminator": network(PackSamples(2))}, "got one with PackSamples"),
    ],
)
def test_refuses(change, words):
    arguments = {"discriminator": network(), "train": SMALL, "test": TEST, "labels": [50]}
    with pytest.raises(InputError, match=words):
        probe(**(arguments | change))


# the command


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path / "nothing"))
    return tmp_path


def test_offline_with_the_digits_of_the_package(here, capsys):
    assert main(["probe", "mnist-labels", "--labels", "100", "--choices", "1"]) == 0
    out = capsys.readouterr().out
    assert "Accuracy on 1,000 test images of mnist-5k" in out
    assert "In its game, projection, D was told the labels of all its training images." in out
    assert (here / "probe.png").stat().st_size > 0


def test_the_split_keeps_test_images_apart():
    train, test = command.read_data("mnist-5k", 0)
    assert (len(train), len(test)) == (4000, 1000)
    whole = {image.tobytes() for image in DIGITS.images}
    parts = [{image.tobytes() for image in each.images} for each in (train, test)]
    assert parts[0] | parts[1] == whole
    assert len(parts[0] & parts[1]) == len(train) + len(test) - len(whole)
    assert command.read_data("mnist-5k", 1)[1].labels.tolist() != test.labels.tolist()


def test_the_test_half_is_taken_where_there_is_one(monkeypatch):
    loaded = []
    monkeypatch.setattr(command, "load_dataset", lambda name, split="train": loaded.append((name, split)) or SMALL)
    monkeypatch.setattr(mnist, "status", lambda name: [])  # nothing is missing
    assert command.read_data(None, 0) == (SMALL, SMALL)
    assert loaded == [("mnist", "train"), ("mnist", "test")]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("mnist", "--labels", "7"), "labels: expected an integer from 50 to 4000, got 7"),
        (("mnist", "--data", "ring"), "data: expected images, got the points of 'ring'"),
        (("mnist", "--data", "minst"), "'minst'"),
        (("mnist", "--out", "probe.jpg"), "out: expected a name that ends in .png, got 'probe.jpg'"),
        (("mnist", "--choices", "0"), "choices: expected an integer of at least 1, got 0"),
        (("nowhere",), "got no file at 'nowhere'"),
    ],
)
def test_bad_input_is_one_line(argv, words, capsys):
    assert main(["probe", *argv]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert len(err.splitlines()) == 1
    assert out == ""
