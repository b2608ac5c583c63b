"""minigan edit interpolate, style, change-class and truncate: a picture, a table, and one line for bad input."""

import re

import numpy as np
import pytest
from PIL import Image

import minigan
from minigan import cli
from minigan.commands.edit.interpolate import in_rows
from minigan.datasets import mnist_5k

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
SHORT = {"model": "mlp", "steps": 1, "batch_size": 4, "latent_dim": 6, "log_every": 1, "quiet": True, "device": "cpu"}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def models(here):
    """Models that some actions refuse: of points, of small images, and without classes."""
    minigan.train(data="ring", steps=1, quiet=True, device="cpu").save("points.npz")
    minigan.train(**SHORT, data=IMAGES, conditional="none").save("small.npz")
    minigan.train(**SHORT, data="mnist-5k", conditional="none").save("plain.npz")


def edit(*argv):
    try:
        return cli.main(["edit", *argv])
    except SystemExit as stop:
        return stop.code


def size_of(name):
    with Image.open(name) as picture:
        return picture.size


def numbers(line):
    return [float(each) for each in re.findall(r"[-+]?\d+(?:\.\d+)?", line)]


def test_interpolate(here, capsys):
    assert edit("interpolate", "mnist-labels", "--label", "3", "-n", "2", "--frames", "4") == 0
    printed = capsys.readouterr().out
    assert printed.endswith("5 frames of 2 paths in interpolate.png\n")
    fid = {line.split("  ")[0]: numbers(line)[-2] for line in printed.splitlines()[2:7]}
    assert fid["spherical, same class"] < fid["linear, same class"] < fid["linear, any classes"]
    assert size_of("interpolate.png")[0] > 500


def test_interpolate_makes_a_film(capsys):
    film = ("--frames", "3", "--loop", "--seeds", "0", "1", "2", "--out", "film.gif", "--method", "linear")
    assert edit("interpolate", "mnist-labels", "-n", "4", *film) == 0
    with Image.open("film.gif") as opened:
        assert opened.n_frames == 9
    assert "9 frames of 4 paths in film.gif" in capsys.readouterr().out


def test_interpolate_leads_through_real_digits_and_needs_no_evaluator(models, capsys):
    np.savez("noise.npz", images=IMAGES[:3])
    assert edit("interpolate", "small.npz", "--images", "noise.npz", "--frames", "2") == 0
    inverted, *rest = capsys.readouterr().out.splitlines()
    assert inverted.startswith("3 digits inverted, median PSNR ")
    assert rest == ["5 frames of 1 path in interpolate.png"]


def test_rows_have_both_ends():
    images = np.arange(7 * 2).reshape(7, 2, 1, 1)
    rows = in_rows(images, 3, loop=False)[..., 0, 0]
    np.testing.assert_array_equal(rows, [[0, 2, 4, 6], [6, 8, 10, 12], [1, 3, 5, 7], [7, 9, 11, 13]])
    loop = in_rows(images[:6], 3, loop=True)[..., 0, 0]
    np.testing.assert_array_equal(loop, [[0, 2, 4, 6], [6, 8, 10, 0], [1, 3, 5, 7], [7, 9, 11, 1]])


def test_style(capsys):
    assert edit("style", "mnist-labels", "--direction", "slant", "--amount", "20", "-n", "60") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("slant: ")
    assert lines[1] == "Mean change of 60 drawn digits:"
    asked = [numbers(line) for line in lines if line.startswith(("+", "-"))]
    assert [row[0] for row in asked] == [-20, -13.3, -6.67, 6.67, 13.3, 20]
    for row in asked:
        assert row[3] == pytest.approx(row[0], rel=0.4, abs=2)
    random = [numbers(line) for line in lines if line.startswith("  random")]
    assert max(abs(row[2]) for row in random) < 3
    assert size_of("style.png")[1] > 500


def test_style_of_real_digits_along_a_principal_direction(capsys):
    np.savez("real.npz", images=mnist_5k().images[:3])
    assert edit("style", "mnist-labels", "--direction", "2", "--images", "real.npz", "--out", "two.png") == 0
    printed = capsys.readouterr().out
    assert numbers(printed.splitlines()[0])[:2] == [3, pytest.approx(24, abs=6)]
    assert "\nprincipal direction 2: holds " in printed
    assert "Mean change of 3 inverted digits:" in printed
    assert printed.endswith("3 digits in two.png\n")


def test_change_class(capsys):
    assert edit("change-class", "mnist-labels", "-n", "40") == 0
    lines = {line[:20].strip(): numbers(line[20:]) for line in capsys.readouterr().out.splitlines()}
    assert lines["class that draws it"] == list(range(10))
    assert lines["read as asked, %"][-1] > 95
    assert lines["in one row"][1] > 0.7
    assert abs(lines["in different rows"][1]) < 0.2
    assert size_of("change-class.png")[0] > 800


def test_change_class_of_a_few_real_digits(capsys):
    np.savez("real.npz", images=mnist_5k().images[:2])
    assert edit("change-class", "mnist-labels", "--images", "real.npz") == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("2 digits inverted, median PSNR ")
    assert printed[1:] == ["fewer than 20 digits: their styles are not measured", "2 styles in change-class.png"]


def test_truncate(capsys):
    assert edit("truncate", "mnist-labels", "--limits", "1", "0.5", "-n", "200") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[2:6]] == ["no limit", "limit 1", "limit 0.5", "real digits"]
    recall = [numbers(line)[-3] for line in lines[2:6]]
    assert recall[0] > recall[1] > recall[2]
    assert lines[-1] == "3 rows of 12 digits in truncate.png"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("style mnist --direction colour", "direction: expected one of thickness, slant, size, or a number from 1 to"),
        ("style mnist --direction 129", "or a number from 1 to 128, got '129'"),
        ("style mnist --amount -1", "amount: expected a positive number, got -1.0"),
        ("style mnist --direction 1 --amount 1e300 -n 4", "amount: expected at most 1e+03 of the noise, got"),
        ("style mnist --amount nan", "amount: expected a positive number, got nan"),
        ("style mnist --direction 1 --images mnist-5k --label 3", "label: expected None with images"),
        ("style mnist --direction 1 --label 100 -n 4", "label: expected 0 to 99, got [100]"),
        ("style mnist --direction 1 -n 0", "n: expected an integer of at least 1, got 0"),
        ("style mnist --direction 1 --images nothing.png", "images: "),
        ("style mnist --out style.gif", "out: expected a name that ends in .png"),
        ("style points.npz", "run: expected a model that draws images, got one that draws points"),
        ("style plain.npz --direction 1 --label 3 -n 4", "label: expected None, because this run is not conditional"),
        ("style small.npz --direction 1 -n 4", "run: expected a model that draws images of 28 x 28 x 1"),
        ("change-class plain.npz", "run: expected a conditional model, whose class can be changed"),
        ("change-class points.npz", "run: expected a conditional model, whose class can be changed"),
        ("truncate points.npz", "run: expected a model that draws images, got one that draws points"),
        ("truncate small.npz", "run: expected a model that draws images of 28 x 28 x 1"),
        ("truncate mnist --limits 0.01", "limits: expected a number of at least 0.1, got 0.01"),
        ("truncate mnist -n 3", "n: expected an integer from 10 to 5000, got 3"),
        ("interpolate points.npz", "run: expected a model that draws images, got one that draws points"),
        ("interpolate mnist --seeds 1", "seeds: expected at least 2, between which a path can lead, got 1"),
        ("interpolate mnist --seeds 1 2 --images mnist-5k", "seeds: expected None with images"),
        ("interpolate mnist --images mnist-5k -n 1", "images: expected at least 2, between which a path can lead"),
        ("interpolate mnist --frames 0", "frames: expected an integer from 1 to 10000, got 0"),
        ("interpolate mnist --frames 9000 -n 50", "n, seeds, frames: expected at most 10,000 images in all, got"),
        ("interpolate mnist --frames 30", "at most 100 rows of 30 images for a picture, got 6 rows of 31"),
        ("interpolate mnist -n 51 --seeds 1 2 3", "at most 100 rows of 30 images for a picture, got 102 rows of 11"),
        ("interpolate mnist --out film.mp4", "out: expected a name that ends in .png or .gif, got 'film.mp4'"),
        ("interpolate mnist --method cubic", "argument --method: expected one of spherical, linear, got 'cubic'"),
        ("interpolate small.npz --images mnist-5k", "images: expected images of 8 x 8 x 1, as the model draws"),
    ],
)
def test_bad_input_is_one_line(argv, said, models, here, capsys):
    before = sorted(here.iterdir())
    assert edit(*argv.split()) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]
    assert len([line for line in error.splitlines() if "expected" in line]) == 1
    assert "Traceback" not in error
    assert sorted(here.iterdir()) == before


def test_every_help_page_is_plain(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    for action in ("interpolate", "style", "change-class", "truncate"):
        assert edit(action, "--help") == 0
        page = capsys.readouterr().out
        assert page.startswith(f"usage: minigan edit {action}")
        assert max(map(len, page.splitlines())) <= 80
        assert "Default" in page
