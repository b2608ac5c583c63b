"""What an attack changes: the tables of D and of the evaluator, the picture, and the command."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.cli import main
from minigan.datasets import mnist_5k
from minigan.editing.attack_figure import save_attack
from minigan.editing.attack_table import Attack, Options, Part, Row, attack_discriminator, attack_evaluator
from minigan.runs.load import load

DIGITS = mnist_5k()
OPTIONS = Options("pgd", 0.2, seed=0, steps=10)
N = 40
QUICK = {"steps": 2, "batch_size": 8, "device": "cpu", "quiet": True}


@pytest.fixture(scope="module")
def found():
    return attack_discriminator(load("mnist"), DIGITS.images[:N], OPTIONS, others={"other": load("mnist-labels")})


def values(part):
    return {row.name: row.values for row in part.rows}


def test_the_discriminator_is_fooled_and_noise_does_not_fool_it(found):
    fakes, reals = found.parts
    for part, word in ((fakes, "believed"), (reals, "doubted")):
        before, noise, attacked = values(part)[f"{word} by D"]
        assert attacked > 95
        assert max(before, noise) < 75
    before, noise, attacked = values(fakes)["mean logit of D"]
    assert noise < before < attacked
    before, noise, attacked = values(reals)["mean logit of D"]
    assert attacked < noise < before
    assert [row.name for row in fakes.rows] == [
        "mean logit of D", "believed by D", "mean logit of other", "believed by other",
    ]  # fmt: skip
    assert [row.unit for row in fakes.rows] == ["", "%", "", "%"]


def test_the_images_of_the_parts(found):
    fakes, reals = found.parts
    np.testing.assert_array_equal(fakes.before, load("mnist").sample(N, seed=0))
    np.testing.assert_allclose(reals.before, DIGITS.images[:N] / 127.5 - 1, rtol=0, atol=1e-6)
    for part in found.parts:
        assert part.after.shape == (N, 28, 28)
        assert np.abs(part.after - part.before).max() <= 0.2 + 1e-6
        assert [len(each) for each in part.said] == [N, N]
        share = 100 * part.fooled.mean(axis=1)
        np.testing.assert_allclose(share, np.array(part.rows[1].values)[[0, 2]])


def test_believed_is_above_half_of_the_real_images(found):
    """By the definition, from the logits of the run itself."""
    run = load("mnist")
    fakes, reals = found.parts
    logits = [float(text) for text in fakes.said[0]]
    believe = run.believe(run.latent(N, seed=0))  # with the cluster that G was told
    assert np.all(np.array(logits) >= believe - 0.006), "of all clusters the one that D believes most is taken"
    middle = np.median([float(text) for text in reals.said[0]])
    clear = np.abs(np.array(logits) - middle) > 0.02  # the texts are rounded
    np.testing.assert_array_equal((logits > middle)[clear], fakes.fooled[0][clear])


def test_several_discriminators_are_counted_together():
    run = minigan.train(model="mlp", discriminators=3, **QUICK)
    one = minigan.train(model="mlp", conditional="none", **QUICK)
    found = attack_discriminator(run, DIGITS.images[:9], OPTIONS, others={"one": one})
    for part, word in zip(found.parts, ("believed", "doubted"), strict=True):
        all_three = values(part)[f"{word} by each of its 3 members"]
        assert f"{word} by one" in values(part)
        assert not any("members" in row.name for row in part.rows[3:])
        assert all(0 <= each <= 100 for each in all_three)


@pytest.mark.parametrize("name", ["three-convolutions", "two-convolutions"])
def test_the_evaluator_is_fooled(name):
    found = attack_evaluator(
        load("mnist"), DIGITS.images[:N], DIGITS.labels[:N], OPTIONS._replace(epsilon=0.3), name=name
    )
    (part,) = found.parts
    first, second = part.rows[:2]
    assert first.name == f"read correctly by {name}"
    assert first.values[0] == pytest.approx(100, abs=3)
    assert first.values[1] > 90
    assert first.values[2] < 50
    assert second.values[2] > first.values[2], "a change that is made for one network fools another one less"
    assert 100 * part.fooled[1].mean() == pytest.approx(100 - first.values[2])
    read = [int(text.split()[0]) for text in part.said[1]]
    np.testing.assert_array_equal(np.array(read) != DIGITS.labels[:N], part.fooled[1])


def test_images_without_labels_count_what_was_read_before():
    found = attack_evaluator(load("mnist"), DIGITS.images[:20], None, OPTIONS)
    assert found.parts[0].rows[0].values[0] == 100


def made(parts=2):
    images = np.full((2, 28, 28), -1, dtype=np.float32)
    said, fooled = [["0.10", "0.20"], ["0.30", "0.40"]], np.array([[False, False], [True, False]])
    rows = [Row("mean logit of D", [0.5, 0.25, 1.0]), Row("believed by D", [50.0, 25.0, 100.0], "%")]
    part = Part("fakes", images, images + np.float32(0.1), "D's logit", said, fooled, rows)
    return Attack("PGD against the discriminator", 0.1, [part] * parts)


def test_the_table():
    assert str(made(1)).splitlines() == [
        "PGD against the discriminator; no pixel changes by more than 0.1 of [-1, 1], 12.8 of 255 grey levels.",
        "",
        "2 fakes                                                 before     noise  attacked",
        "  mean logit of D                                         0.50      0.25      1.00",
        "  believed by D, %                                        50.0      25.0     100.0",
    ]


@pytest.mark.parametrize("parts", [1, 2])
def test_the_picture(parts, tmp_path, drawn):
    save_attack(made(parts), tmp_path / "attack.png")
    (figure,) = drawn
    assert len(figure.axes) == parts * 3 * 2
    below = [axes.get_xlabel() for axes in figure.axes[:6]]
    assert below == ["0.10", "0.20", "", "", "0.30", "0.40"]
    colours = [axes.xaxis.label.get_color() for axes in figure.axes[4:6]]
    assert colours[0] != colours[1] == "black"
    added = figure.axes[2].images[0].get_array()
    np.testing.assert_allclose(added, 1, atol=1e-6)  # + epsilon is white
    assert (tmp_path / "attack.png").stat().st_size > 0


def test_refuses():
    mnist = load("mnist")
    points = minigan.train(data="ring", **QUICK)
    tiny = minigan.train(data=np.zeros((20, 8, 8), np.uint8), model="mlp", conditional="none", **QUICK)
    packed = minigan.train(model="mlp", packing=2, **QUICK)
    for run, others, words in (
        (points, {}, "run: expected a model that draws images, got one that draws points"),
        (
            mnist,
            {"tiny": tiny},
            "other: expected a model that draws images of 28 x 28 x 1, got 'tiny', which",
        ),
        (packed, {}, "judges each image alone, got one with PackSamples"),
    ):
        with pytest.raises(InputError, match=words):
            attack_discriminator(run, DIGITS.images[:4], OPTIONS, others=others)
    with pytest.raises(InputError, match="run: expected a model that draws images of 28 x 28 x 1, as the evaluator"):
        attack_evaluator(tiny, np.zeros((4, 8, 8), np.uint8), None, OPTIONS)
    with pytest.raises(InputError, match="images: expected images of 28 x 28 x 1, as the model draws, got 9 x 9 x 1"):
        attack_evaluator(mnist, np.zeros((4, 9, 9), np.uint8), None, OPTIONS)
    with pytest.raises(InputError, match="name: expected one of three-convolutions, two-convolutions, got 'x'"):
        attack_evaluator(mnist, DIGITS.images[:4], None, OPTIONS, name="x")
    with pytest.raises(InputError, match="method: expected one of pgd, fgsm, got 'x'"):
        attack_discriminator(mnist, DIGITS.images[:4], OPTIONS._replace(method="x"), others={})


# the command


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command(here, capsys):
    assert main(["edit", "attack", "mnist", "-n", "4", "--method", "fgsm"]) == 0
    out = capsys.readouterr().out
    assert "FGSM against the discriminator" in out
    assert "believed by D of mnist-labels" in out
    assert (here / "attack-discriminator.png").stat().st_size > 0
    options = (
        "-n",
        "4",
        "--against",
        "evaluator",
        "--evaluator",
        "two-convolutions",
        "--steps",
        "3",
        "--epsilon",
        "0.1",
    )
    assert main(["edit", "attack", "mnist-labels", *options, "--out", "e.png"]) == 0
    assert "PGD against the evaluator two-convolutions; no pixel changes by more than 0.1" in capsys.readouterr().out
    assert (here / "e.png").stat().st_size > 0


def test_another_model_of_another_size_is_left_out_unless_it_is_named(here, capsys):
    images = np.zeros((20, 8, 8), np.uint8)
    np.savez("tiny.npz", images=images)
    minigan.train(data="tiny.npz", model="mlp", conditional="none", out="tiny", **QUICK)
    assert main(["edit", "attack", "tiny", "--images", "tiny.npz", "-n", "4"]) == 0
    assert "D of mnist" not in capsys.readouterr().out
    assert (here / "tiny" / "attack-discriminator.png").stat().st_size > 0
    assert main(["edit", "attack", "tiny", "--images", "tiny.npz", "-n", "4", "--other", "mnist"]) == 2
    assert "other: expected a model that draws images of 8 x 8 x 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--epsilon", "0"), "epsilon: expected a positive number, got 0.0"),
        (("--epsilon", "nan"), "epsilon: expected a positive number, got nan"),
        (("--epsilon", "3"), "epsilon: expected a number above 0 and at most 2, got 3.0"),
        (("--method", "fgsm", "--steps", "5"), "steps: expected none with --method fgsm, got 5"),
        (
            ("--evaluator", "two-convolutions"),
            "evaluator: expected none with --against discriminator, got 'two-convolutions'",
        ),
        (("--against", "evaluator", "--other", "x"), "other: expected none with --against evaluator, got 'x'"),
        (("--steps", "0"), "steps: expected an integer of at least 1, got 0"),
        (("-n", "0"), "n: expected an integer from 1 to 2000, got 0"),
        (("-n", "100000"), "n: expected an integer from 1 to 2000, got 100000"),
        (("--method", "cw"), "argument --method: expected one of pgd, fgsm, got 'cw'"),
        (("--against", "generator"), "argument --against: expected one of discriminator, evaluator, got 'generator'"),
        (("--images", "nothing"), "images: expected a path"),
        (("--images", "ring"), "images: expected images, got the points of 'ring'"),
        (("--out", "a.jpg"), "out: expected a name that ends in .png, got 'a.jpg'"),
        (("--other", "nowhere"), "got no file at 'nowhere'"),
    ],
)
def test_bad_input_is_one_line(options, words, here, capsys):
    try:
        status = main(["edit", "attack", "mnist", *options])
    except SystemExit as stop:  # argparse
        status = stop.code
    assert status == 2
    out, err = capsys.readouterr()
    assert words in err
    assert len(err.splitlines()) == 1
    assert out == ""
    assert list(here.iterdir()) == []
