"""The command that makes the models of the package."""

import re

import pytest

import minigan
from minigan.runs import pretrained, train_pretrained
from minigan.runs.model_file import read_model


@pytest.fixture
def short(monkeypatch):
    """Let the recipes take three steps on the built-in digits."""
    recipes = {
        name: {**options, "data": "mnist-5k", "steps": 3, "quiet": True, "device": "cpu"}
        for name, options in pretrained.PRETRAINED.items()
    }
    monkeypatch.setattr(train_pretrained, "PRETRAINED", recipes)
    return recipes


def test_makes_every_file(short, tmp_path, capsys):
    train_pretrained.main(["--out", str(tmp_path)])
    paths = [tmp_path / f"{name}.npz" for name in short]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{path}: {path.stat().st_size:,} bytes" for path in paths]
    for path, options in zip(paths, short.values(), strict=True):
        run = minigan.load(path)
        assert run.sample(2, label=7).shape == (2, 28, 28)
        assert {name: getattr(run.config, name) for name in options if name != "quiet"} == {
            name: value for name, value in options.items() if name != "quiet"
        }
        assert read_model(path).generator[0].dtype == "float16"


def test_makes_one_file_and_always_the_same(short, tmp_path):
    for folder in ("a", "b"):
        train_pretrained.main(["mnist-labels", "--out", str(tmp_path / folder)])
    first, second = (list((tmp_path / folder).iterdir()) for folder in ("a", "b"))
    assert [path.name for path in first] == ["mnist-labels.npz"]
    assert first[0].read_bytes() == second[0].read_bytes()


def test_refuses_another_name(short, tmp_path, capsys):
    with pytest.raises(SystemExit):
        train_pretrained.main(["mnist", "emnist", "--out", str(tmp_path)])
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.search("NAME: expected one of mnist, mnist-labels, got 'emnist'$", error)
    assert list(tmp_path.iterdir()) == []
