"""minigan edit invert, complete, enlarge, denoise: tables, pictures, and one clear line for input that does not fit."""

import numpy as np
import pytest
from PIL import Image
from test_invert import DATA, IMAGES, make_run

import minigan
from minigan.cli import main
from minigan.datasets import mnist_5k

FEW = ["--steps", "2", "--restarts", "2"]
RESTORING = ("invert", "complete", "enlarge", "denoise")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("edit")
    np.savez(folder / "own.npz", images=IMAGES, labels=DATA.labels)
    make_run(data=str(folder / "own.npz"), conditional="projection").save(folder / "model.npz")
    return folder


@pytest.fixture
def edit(folder, capsys):
    """edit(action, *options): the exit status, and what is printed."""

    def call(action, *options, images="own.npz"):
        files = [str(folder / images)] if images else []
        argv = ["edit", action, str(folder / "model.npz"), *(["--images", *files] if files else []), *map(str, options)]
        try:
            status = main(argv)
        except SystemExit as leaving:
            status = leaving.code
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def write(path, pixels):
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    ("action", "rows"),
    [
        ("invert", ["original", "nearest sample", "nearest training image", "inversion"]),
        ("complete", ["original", "mean of training images", "nearest training image", "completed"]),
        ("enlarge", ["original", "given", "bicubic", "nearest training image", "enlarged"]),
        ("denoise", ["original", "noisy", "blur of 0.6 pixels", "nearest training image", "denoised"]),
    ],
)
def test_table_and_picture(action, rows, edit, folder):
    status, out, _ = edit(action, *FEW, "-n", 5)
    assert status == 0
    first, second, _, header, *lines = out.splitlines()
    assert first == "Compared with 55 training images."  # 60 without the five that are restored
    assert second.endswith("; 5 images, medians of PSNR and SSIM")
    assert header.split() == ["PSNR,", "dB", "SSIM"]  # the evaluator reads no images of 8 x 8
    picture = folder / f"{action}.png"
    assert lines[len(rows) :] == ["", f"  {picture}"]
    assert [line[: -2 * 12].rstrip() for line in lines[: len(rows)]] == rows
    assert lines[0].split()[-2:] == ["inf", "1.000"]
    with Image.open(picture) as opened:
        opened.load()
    again = edit(action, *FEW, "-n", 5)
    assert again[1] == out


@pytest.mark.parametrize("action", RESTORING)
def test_help(action, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stop:
        main(["edit", action, "--help"])
    assert stop.value.code == 0
    page = capsys.readouterr().out
    assert page.startswith(f"usage: minigan edit {action} ")
    assert max(map(len, page.splitlines())) <= 80
    for option in ("--images", "-n INT", "--steps", "--restarts", "--seed", "--out", "Default: 16."):
        assert option in page


def test_digits_are_read(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path))  # so that only the 5,000 digits are known
    monkeypatch.chdir(tmp_path)
    assert main(["edit", "complete", "mnist", "-n", "4", "--steps", "10", "--restarts", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Compared with 4,996 training images."
    assert lines[1] == "Completion of 100 pixels; 4 images, medians of PSNR and SSIM"
    assert lines[4].split() == ["original", "inf", "1.000", "100.0", "%"]
    mean, completed = (float(lines[i].split()[-4]) for i in (5, 7))
    assert completed > mean
    assert (tmp_path / "complete.png").exists()


def test_hole_and_mask_are_the_same(edit, folder):
    pixels = np.full((8, 8), 255)
    pixels[2:5, 1:7] = 0
    mask = write(folder / "mask.png", pixels)
    by_numbers = edit("complete", *FEW, "-n", 3, "--hole", 2, 1, 3, 6)
    assert by_numbers == edit("complete", *FEW, "-n", 3, "--mask", mask)
    assert "Completion of 18 pixels" in by_numbers[1]


@pytest.mark.parametrize("factor", [2, 4])
def test_small_images_are_taken_as_they_are(edit, folder, factor):
    small = write(folder / "small.png", IMAGES[0, : 8 // factor, : 8 // factor])
    status, out, _ = edit("enlarge", *FEW, "--factor", factor, images=small.name)
    assert status == 0
    size = 8 // factor
    assert out.splitlines()[1] == f"From {size} x {size} to 8 x 8 pixels; 1 image"
    assert "inf" not in out


def test_a_training_image_does_not_stand_for_itself(edit):
    _, out, _ = edit("denoise", *FEW, "-n", 2, "--noise", 0.001)
    (line,) = (line for line in out.splitlines() if line.startswith("nearest training image"))
    assert float(line.split()[-2]) < 20


@pytest.mark.parametrize("action", RESTORING)
def test_every_action_hands_on_the_options_of_the_search(action, edit):
    for option, value in (("steps", 0), ("restarts", 9999)):
        status, _, error = edit(action, f"--{option}", value)
        assert status == 2
        assert f"{option}: expected an integer" in error
    first, again, other = (edit(action, *FEW, "-n", 2, "--seed", seed)[1].splitlines()[-3] for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("noise", [1e-9, 1e39, 1e308])
def test_any_noise(edit, noise):
    assert edit("denoise", *FEW, "-n", 2, "--noise", noise)[0] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["invert", "-n", "0"], "n: expected an integer of at least 1, got 0"),
        (["invert", "--steps", "0"], "steps: expected an integer of at least 1, got 0"),
        (["invert", "--restarts", "9999"], "restarts: expected an integer from 1 to 2000, got 9999"),
        (["invert", "--prior", "-1"], "prior: expected a number of at least 0, got -1.0"),
        (["invert", "--believe", "nan"], "believe: expected a number of at least 0, got nan"),
        (["invert", "--out", "a.jpg"], "out: expected a name that ends in .png, got 'a.jpg'"),
        (
            ["complete", "--hole", "7", "0", "2", "2"],
            "hole: expected ROW COLUMN HEIGHT WIDTH of a part of 8 x 8 pixels, got 7 0",
        ),
        (
            ["complete", "--hole", "-1", "0", "2", "2"],
            "hole: expected ROW COLUMN HEIGHT WIDTH of a part of 8 x 8 pixels, got -1",
        ),
        (
            ["complete", "--hole", "0", "0", "0", "2"],
            "hole: expected ROW COLUMN HEIGHT WIDTH of a part of 8 x 8 pixels, got 0 0",
        ),
        (
            ["complete", "--hole", "0", "0", "8", "8"],
            "hole: expected ROW COLUMN HEIGHT WIDTH of a part of 8 x 8 pixels, got 0 0 8 8",
        ),
        (["complete", "--hole", "1", "2"], "argument --hole: expected 4 arguments"),
        (["complete", "--mask", "none.png"], "mask: expected a picture, got 'none.png', which does not exist"),
        (
            ["complete", "--mask", "black.png"],
            "mask: expected some pixels that are black and some that are white in 'black.",
        ),
        (["complete", "--mask", "wide.png"], "mask: expected a picture of 8 x 8, as the model draws, got 4 x 6"),
        (["complete", "--mask", "wide.png", "--hole", "1", "1", "1", "1"], "argument --hole: not allowed with"),
        (["enlarge", "--factor", "3"], "factor: expected a number that divides 8 and 8, got 3"),
        (
            ["enlarge", "--images", "wide.png"],
            "images: expected images of 8 x 8 x 1, as the model draws, got 4 x 6 x 1",
        ),
        (["denoise", "--noise", "0"], "noise: expected a positive number, got 0.0"),
        (["denoise", "--noise", "inf"], "noise: expected a positive number, got inf"),
        (
            ["denoise", "--images", "wide.png", "square.png"],
            "images: expected pictures of one size, got 4 x 6 and 8 x 8",
        ),
        (
            ["denoise", "--images", "mnist-5k"],
            "images: expected images of 8 x 8 x 1, as the model draws, got 28 x 28 x 1",
        ),
    ],
)
def test_what_does_not_fit(edit, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    write("wide.png", IMAGES[0, :4, :6])
    write("square.png", IMAGES[0])
    write("black.png", np.zeros((8, 8)))
    status, _, error = edit(*options, images=None if "--images" in options else "own.npz")
    assert status == 2
    assert len(error.splitlines()) == 1
    assert message in error


@pytest.mark.parametrize("action", RESTORING)
def test_runs_of_points_and_unknown_runs(action, tmp_path, capsys):
    minigan.train(data="ring", steps=1, quiet=True, device="cpu").save(tmp_path / "points.npz")
    for name, message in (("points.npz", "run: expected a model that draws images, got one"), ("none.npz", "path: ")):
        assert main(["edit", action, str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert len(error.splitlines()) == 1


def test_without_training_images_nothing_is_compared_with_them(tmp_path, capsys):
    make_run(data=IMAGES, conditional="none").save(tmp_path / "model.npz")
    np.savez(tmp_path / "own.npz", images=mnist_5k().images[:3, 10:18, 10:18])
    for action in RESTORING:
        assert main(["edit", action, str(tmp_path / "model.npz"), "--images", str(tmp_path / "own.npz"), *FEW]) == 0
        out = capsys.readouterr().out
        assert out.startswith("The training images cannot be found, so nothing is compared with them.\n")
        assert "training image\n" not in out
