"""The study: which games it plays, that it goes on where it stopped, and what it leaves."""

import pytest

from minigan import InputError, cli
from minigan.commands import study
from minigan.objectives import OBJECTIVES
from minigan.runs import league
from minigan.runs.league import GAMES, Entry, Result
from minigan.runs.league_file import read, write
from minigan.runs.league_table import report

MLP = {"models": ["mlp"], "data": "mnist-5k", "seconds": 2.0}


def played_by_rule(entry):
    """A result without training: FID = 1 + seed."""
    return Result(entry, 300, 1.0 + entry.seed, 2.0 + entry.seed, 0.001)


@pytest.fixture
def played(monkeypatch):
    """Play by the rule instead of by training; the list of what was played."""
    played = []
    monkeypatch.setattr(study, "play", lambda entry: played.append(entry) or played_by_rule(entry))
    return played


def files(folder):
    """The names of all files but the hidden ones, which are locks."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def names(entries):
    """The model, the name of the game, and the seed of each."""
    game_names = {game: name for name, game in GAMES.items()}
    return [(entry.model, game_names[entry.game], entry.seed) for entry in entries]


def test_the_league_is_fair_by_default(played, tmp_path):
    results = study.study(tmp_path / "study.csv")
    assert set(OBJECTIVES) < set(study.LEAGUE) < set(GAMES)
    assert names(played) == [
        (model, game, seed) for seed in (0, 1, 2) for model in ("hybrid", "mlp") for game in study.LEAGUE
    ]
    assert {(entry.data, entry.seconds) for entry in played} == {("mnist", 40.0)}
    assert len(results) == len(played) == 42


def test_goes_on_where_it_stopped(tmp_path, played):
    out = tmp_path / "study.csv"
    study.study(out, games=["hinge", "r1"], seeds=(0, 1), **MLP)
    assert names(played) == [("mlp", game, seed) for seed in (0, 1) for game in ("hinge", "r1")]
    played.clear()
    results = study.study(out, games=["minimax", "hinge", "hinge"], seeds=(0, 1, 2), **MLP)
    assert names(played) == [
        ("mlp", "minimax", 0), ("mlp", "minimax", 1), ("mlp", "minimax", 2), ("mlp", "hinge", 2),
    ]  # fmt: skip
    assert sorted(results) == sorted(read(out))
    assert len(results) == 8
    played.clear()
    (result,) = study.study(out, games=["hinge"], seeds=(0,), **MLP | {"seconds": 3})
    assert result.entry == played[0] == Entry("mnist-5k", "mlp", "hinge", "none", 0, 3.0)
    assert ",0,3.0,300," in out.read_text()
    assert len(read(out)) == 9


def test_an_interruption_keeps_what_is_done(tmp_path, played, monkeypatch, capsys):
    def interrupted(entry):
        if len(played) == 2:
            raise KeyboardInterrupt
        played.append(entry)
        return played_by_rule(entry)

    play = study.play
    monkeypatch.setattr(study, "play", interrupted)
    out = tmp_path / "study.csv"
    argv = ["study", "--out", str(out), "--models", "mlp", "dcgan", "--seeds", "0", "4"]
    assert cli.main(argv) == 130
    assert len(read(out)) == 2
    assert files(tmp_path) == ["study.csv"]
    monkeypatch.setattr(study, "play", play)
    capsys.readouterr()
    assert cli.main(argv) == 0
    assert len(read(out)) == len(played) == len(set(played)) == 28
    assert files(tmp_path) == ["study.csv", "study.png"]
    first, *_ = text = capsys.readouterr().out.splitlines()
    assert first == "1/26  mlp, least-squares, seed 0: FID 1.00, 300 steps"
    assert "\n".join(text[26:]) == report(read(out))


def test_several_files_are_put_together(tmp_path, played, capsys):
    first, second, everything, plot = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv", "d.png"))
    study.study(first, games=["hinge", "r1"], seeds=[0], **MLP)
    study.study(second, games=["hinge", "r1"], seeds=[1], **MLP)
    study.study(everything, games=["hinge"], seeds=[2], **MLP)
    before = first.read_bytes()
    capsys.readouterr()
    played.clear()
    argv = ["study", "--summary", str(first), str(second)]
    assert cli.main(argv) == 0
    assert "| hinge | 1.50 (1.00 to 2.00) | 1.0 |" in capsys.readouterr().out
    assert len(files(tmp_path)) == 3
    assert cli.main([*argv, "--games", "hinge", "--seeds", "1", "--plot", str(plot)]) == 0
    out = capsys.readouterr().out
    assert "| hinge | 2.00 (2.00 to 2.00) | 1.0 |" in out
    assert "r1" not in out
    assert plot.exists()
    assert cli.main([*argv, str(everything), "--out", str(everything), "--seeds", "2"]) == 0
    assert "| hinge | 3.00 (3.00 to 3.00) | 1.0 |" in capsys.readouterr().out
    assert names(result.entry for result in read(everything)) == [
        ("mlp", "hinge", 0), ("mlp", "hinge", 1), ("mlp", "hinge", 2), ("mlp", "r1", 0), ("mlp", "r1", 1),
    ]  # fmt: skip
    assert (tmp_path / "c.png").exists()
    assert first.read_bytes() == before
    assert played == []


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({}, 6),
        ({"models": ["mlp"]}, 4),
        ({"games": ["hinge"]}, 2),
        ({"seeds": [0, 5]}, 3),
        ({"data": "mnist"}, 1),
        ({"seconds": 2.0}, 5),
        ({"models": ["mlp"], "games": ["r1"], "seeds": [1]}, 1),
    ],
)
def test_select(options, left):
    entries = [Entry("mnist-5k", "mlp", *GAMES[game], seed, 2.0) for game in ("hinge", "r1") for seed in (0, 1)]
    entries += [Entry("mnist", "dcgan", *GAMES["r1"], 0, 2.0), Entry("mnist-5k", "hybrid", *GAMES["r1"], 1, 9.0)]
    chosen = study.select([played_by_rule(entry) for entry in entries], **options)
    assert len(chosen) == left
    for result in chosen:
        entry = result.entry
        for values, value in ((options.get("models"), entry.model), (options.get("seeds"), entry.seed)):
            assert values is None or value in values


def test_a_real_study(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(league, "SAMPLES", 500)
    argv = ["study", "--models", "mlp", "--games", "wgan-gp", "--seeds", "3", "--data", "mnist-5k", "--seconds", "0.2"]
    assert cli.main([*argv, "--out", str(tmp_path / "a.csv"), "--plot", str(tmp_path / "b.png")]) == 0
    (result,) = read(tmp_path / "a.csv")
    assert result.entry == Entry("mnist-5k", "mlp", "wasserstein", "wgan-gp", 3, 0.2)
    assert 20 < result.fid < 500  # so few steps teach little
    assert result.steps > 0
    assert files(tmp_path) == ["a.csv", "b.png"]
    assert capsys.readouterr().out.startswith("1/1  mlp, wasserstein, wgan-gp, seed 3: FID ")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--seconds", "0"), "seconds: expected a positive number, got 0"),
        (("--seconds", "nan"), "seconds: expected a positive number, got nan"),
        (("--seeds", "0", "-1"), "argument --seeds: expected an integer of at least 0, got -1"),
        (("--models", "mlp", "infogan"), "models: expected models whose discriminator can pay, got 'infogan'"),
        (("--plot", "{folder}/study.csv"), "plot: expected a name that ends in .png, got"),
        (("--plot", "0.5"), "plot: expected a name that ends in .png, got '0.5'"),
        (("--out", "study"), "out: expected a name that ends in .csv, got 'study'"),
        (("--summary", "{folder}/nowhere.csv"), "summary: expected a CSV file, got no file at"),
    ],
)
def test_refuses(argv, words, tmp_path, played, capsys):
    argv = [each.replace("{folder}", str(tmp_path)) for each in argv]
    try:
        status = cli.main(["study", "--out", str(tmp_path / "study.csv"), *argv])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert words in capsys.readouterr().err
    assert played == []
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named_before_the_first_run(tmp_path, played, capsys):
    assert cli.main(["study", "--out", str(tmp_path / "nowhere" / "study.csv")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert played == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"games": ["hinge", "r3"]}, "games: expected one of non-saturating, .*, got 'r3'"),
        ({"games": ["none"]}, "games: expected one of non-saturating, .*, got 'none'"),
        ({"models": ["points"]}, "models: expected one of conv, hybrid, .*, got 'points'"),
        ({"data": "ring"}, "data: expected one of mnist-5k, mnist, got 'ring'"),
    ],
)
def test_refuses_unknown_names(options, words, tmp_path, played):
    with pytest.raises(InputError, match=words):
        study.study(tmp_path / "study.csv", **options)
    assert played == []


def test_refuses_another_file(tmp_path, played):
    path = tmp_path / "study.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="out: expected a CSV file of the study with the columns data, model"):
        study.study(path)
    assert path.read_text() == "a,b\n1,2\n"
    assert played == []


def test_two_studies_share_a_file(tmp_path, monkeypatch):
    """What another study adds meanwhile is kept, and is not played again."""
    out = tmp_path / "study.csv"
    played = []

    def play(entry):
        played.append(entry)
        write([played_by_rule(entry._replace(seed=seed)) for seed in (1, 7)], out)
        return played_by_rule(entry)

    monkeypatch.setattr(study, "play", play)
    results = study.study(out, games=["hinge"], seeds=(0, 1, 2), **MLP)
    assert [entry.seed for entry in played] == [0, 2]
    assert sorted(result.entry.seed for result in results) == [0, 1, 2, 7]


@pytest.mark.parametrize("row", ["mnist,mlp,hinge,none,0,60.0,x,1,1,0", "mnist,mlp,hinge,none", "\0", "mnist"])
def test_a_damaged_row_is_refused_before_the_first_run(row, tmp_path, played):
    out = tmp_path / "study.csv"
    study.study(out, games=["hinge"], seeds=(0,), **MLP)
    text = out.read_text() + row + "\n"
    out.write_text(text)
    played.clear()
    with pytest.raises(InputError, match="which is another or damaged"):
        study.study(out, games=["hinge"], seeds=(1,), **MLP)
    assert played == []
    assert out.read_text() == text
