"""The data sets that have a name: every entry loads what it says, and everything that knows names reads them there."""

import numpy as np
import pytest

from minigan import cli
from minigan.datasets import DATASETS, MODES, Dataset, Points, load_dataset, mnist
from minigan.datasets.registry import Entry
from minigan.errors import InputError


def test_the_names():
    assert list(DATASETS) == ["mnist-5k", "mnist", "ring", "grid", "dirac"]
    assert [name for name, entry in DATASETS.items() if entry.load_test] == ["mnist"]
    assert list(MODES) == [name for name, entry in DATASETS.items() if entry.kind == "points"]
    assert all(DATASETS[name].modes is modes for name, modes in MODES.items())


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "mnist"])
def test_an_entry_loads_what_it_says(name):
    entry, data = DATASETS[name], load_dataset(name)
    assert data.name == name
    assert isinstance(data, {"images": Dataset, "points": Points}[entry.kind])
    assert load_dataset(name, "train").samples.shape == data.samples.shape


def test_both_halves_of_mnist(monkeypatch):
    asked = []
    images = np.zeros((3, 28, 28), np.uint8)
    monkeypatch.setattr(mnist, "_obtain", asked.append)
    monkeypatch.setattr(mnist, "parse_idx", lambda payload: images if len(asked) % 2 else images[:, 0, 0])
    for split, stem in (("train", "train"), ("test", "t10k")):
        asked.clear()
        assert len(load_dataset("mnist", split)) == 3
        assert asked == [f"{stem}-images-idx3-ubyte", f"{stem}-labels-idx1-ubyte"]


def test_a_new_entry_is_complete(monkeypatch, capsys):
    blank = Dataset("blank", np.zeros((4, 8, 8), np.uint8))
    monkeypatch.setitem(DATASETS, "blank", Entry("four black images", "images", lambda: blank))
    assert load_dataset("blank") is blank
    with pytest.raises(InputError, match="'blank' has no test half"):
        load_dataset("blank", "test")
    with pytest.raises(InputError, match=r"did you mean 'blank'\?"):
        load_dataset("blnk")
    assert cli.main(["data"]) == 0
    assert "blank     images: four black images" in capsys.readouterr().out.splitlines()
