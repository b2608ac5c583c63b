"""``minigan edit compare``: a table and a picture of an autoencoder and a GAN, and what it refuses."""

import re

import numpy as np
import pytest
from PIL import Image

import minigan
from minigan.cli import main
from minigan.editing.encoding import measure_bound

IMAGES = np.random.default_rng(0).integers(0, 256, (24, 8, 8), dtype=np.uint8)
OPTIONS = {"batch_size": 4, "latent_dim": 3, "device": "cpu", "quiet": True, "steps": 3}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("compare")
    np.savez(place / "images.npz", images=IMAGES)
    np.savez(place / "large.npz", images=IMAGES.repeat(2, axis=1).repeat(2, axis=2))
    minigan.train(model="vae", data=place / "images.npz", out=place / "vae", **OPTIONS)
    minigan.train(model="mlp", data=place / "images.npz", **OPTIONS).save(place / "gan.npz")
    minigan.train(model="mlp", data=place / "large.npz", **OPTIONS).save(place / "large-gan.npz")
    return place


def compare(place, one, other, *options, images="images.npz"):
    paths = [str(place / each) if (place / each).exists() else each for each in (one, other)]
    return main(["edit", "compare", *paths, "--images", str(place / images), *options])


def test_the_table_and_the_picture(place, capsys):
    assert compare(place, "vae", "gan.npz", "--out", str(place / "page.png"), "-n", "20") == 0
    out = capsys.readouterr().out
    assert out.startswith("20 images of ")
    assert "20 of which the autoencoder has learned from" in out
    rows = dict(re.findall(r"^(\S.*?)  +(\S.*)$", out, flags=re.MULTILINE))
    elbo = measure_bound(minigan.load(place / "vae"), IMAGES[:20])
    assert rows["ELBO, nats per image"].split() == [f"{elbo.elbo:.1f}", "-"]
    assert rows["active units of z"].startswith(f"{elbo.active} of 3")
    assert rows["steps of training"].split() == ["3", "not", "known"]
    assert rows["Frechet distance"].split() == ["-", "-"]  # these are no digits
    with Image.open(place / "page.png") as page:
        assert page.width > 800
        assert np.asarray(page.convert("L")).std() > 20


def test_the_same_seed_gives_the_same_page(place, capsys):
    pages = []
    for name in ("one.png", "two.png"):
        assert compare(place, "vae", "gan.npz", "--out", str(place / name), "-n", "4", "--seed", "3") == 0
        pages.append(capsys.readouterr().out.replace(name, ""))
    assert pages[0] == pages[1]
    assert (place / "one.png").read_bytes() == (place / "two.png").read_bytes()


@pytest.mark.parametrize(
    ("one", "other", "options", "message"),
    [
        ("gan.npz", "vae", {}, "path, rival: expected an autoencoder and a GAN, got the models 'mlp' and 'vae'"),
        ("vae", "vae", {}, "path, rival: expected an autoencoder and a GAN, got the models 'vae' and 'vae'"),
        (
            "vae",
            "large-gan.npz",
            {},
            "rival: expected a model that draws images of the same size, got 8 x 8 x 1",
        ),
        ("vae", "gan.npz", {"images": "large.npz"}, "images: expected images of 8 x 8 x 1, as the model draws, got 16"),
        ("vae", "missing", {}, "path: expected a run folder"),
    ],
)
def test_what_does_not_fit_is_one_line(one, other, options, message, place, capsys):
    assert compare(place, one, other, **options) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("n", ["1", "0", "-3"])
def test_a_bound_needs_two_images(n, place, capsys):
    assert compare(place, "vae", "gan.npz", "-n", n) == 2
    assert f"n: expected an integer of at least 2, got {n}" in capsys.readouterr().err
