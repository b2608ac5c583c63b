"""The study: which games it plays, that it goes on where it stopped, and what it leaves in its CSV."""

import pytest

from minigan import InputError, cli
from minigan.commands import study
from minigan.commands.study import GAMES, Game, Row
from minigan.objectives import OBJECTIVES
from minigan.objectives.penalties import PENALTIES


@pytest.fixture
def played(monkeypatch):
    """Play by the rule FID = seed + steps / 100 instead of by training; the list of what was played."""
    played = []

    def run(game, seed, steps):
        played.append((*game, seed, steps))
        return Row(*game, seed, steps, seed + steps / 100, 0.001, 1.5)

    monkeypatch.setattr(study, "run", run)
    return played


def test_every_objective_and_every_penalty_is_a_game():
    assert [game.objective for game in GAMES if game.penalty == "none"] == list(OBJECTIVES)
    assert [game.penalty for game in GAMES if game.penalty != "none"] == list(PENALTIES)
    assert Game("wasserstein", "wgan-gp") in GAMES
    assert Game("non-saturating", "r1") in GAMES


def test_goes_on_where_it_stopped(tmp_path, played):
    out = tmp_path / "study.csv"
    study.study(out, rows=["hinge", "r1"], seeds=(0, 1), steps=200)
    assert played == [
        ("hinge", "none", 0, 200), ("non-saturating", "r1", 0, 200),
        ("hinge", "none", 1, 200), ("non-saturating", "r1", 1, 200),
    ]  # fmt: skip
    played.clear()
    rows = study.study(out, rows=["hinge", "minimax"], seeds=(0, 1, 2), steps=200)
    assert played == [("minimax", "none", 0, 200), ("minimax", "none", 1, 200), *[
        (objective, "none", 2, 200) for objective in ("minimax", "hinge")
    ]]  # fmt: skip
    assert out.read_text().splitlines() == [
        "objective,penalty,seed,steps,fid,kl,seconds",
        *(f"minimax,none,{seed},200,{seed + 2.0},0.001,1.5" for seed in range(3)),
        *(f"hinge,none,{seed},200,{seed + 2.0},0.001,1.5" for seed in range(3)),
        *(f"non-saturating,r1,{seed},200,{seed + 2.0},0.001,1.5" for seed in range(2)),
    ]
    assert sorted(rows) == sorted(study.read(out))
    played.clear()
    assert {row.steps for row in study.study(out, rows=["hinge"], seeds=(0,), steps=100)} == {100}
    assert played == [("hinge", "none", 0, 100)]
    assert len(study.read(out)) == 9


def test_an_interruption_keeps_what_is_done(tmp_path, played, monkeypatch, capsys):
    run = study.run

    def interrupted(game, seed, steps):
        if len(played) == 2:
            raise KeyboardInterrupt
        return run(game, seed, steps)

    monkeypatch.setattr(study, "run", interrupted)
    out = tmp_path / "study.csv"
    assert cli.main(["study", "--out", str(out)]) == 130
    assert len(study.read(out)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["study.csv"]
    monkeypatch.setattr(study, "run", run)
    assert cli.main(["study", "--out", str(out)]) == 0
    assert len(study.read(out)) == len(played) == len(set(played)) == 30
    assert {row.steps for row in study.read(out)} == {6000}
    assert capsys.readouterr().out.splitlines()[-10:] == [
        f"{study.name(game):<32} FID 61.00 (60.00 to 62.00)" for game in GAMES
    ]


def test_summary():
    rows = [Row("hinge", "none", seed, 10, fid, 0.0, 1.0) for seed, fid in enumerate((3.004, 1.0, 2.0))]
    assert study.summary(rows) == {Game("hinge", "none"): "2.00 (1.00 to 3.00)"}


def test_a_real_run(tmp_path, capsys):
    out = tmp_path / "study.csv"
    assert cli.main(["study", "--rows", "wgan-gp", "--steps", "20", "--seeds", "3", "--out", str(out)]) == 0
    (row,) = study.read(out)
    assert row[:4] == ("wasserstein", "wgan-gp", 3, 20)
    assert 80 < row.fid < 200  # 20 steps teach nothing
    assert row.seconds > 0
    assert capsys.readouterr().out.startswith("wasserstein, wgan-gp, seed 3: FID ")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--steps", "0"), "steps: expected an integer of at least 1, got 0"),
        (("--seeds", "0", "-1"), "seeds: expected an integer of at least 0, got -1"),
    ],
)
def test_refuses(argv, words, tmp_path, played, capsys):
    assert cli.main(["study", *argv, "--out", str(tmp_path / "study.csv")]) == 2
    assert words in capsys.readouterr().err
    assert played == []


@pytest.mark.parametrize("rows", [["hinge", "r3"], ["none"]])
def test_refuses_unknown_rows(rows, tmp_path, played):
    with pytest.raises(InputError, match=f"rows: expected some of non-saturating, minimax, .*, got '{rows[-1]}'"):
        study.study(tmp_path / "study.csv", rows=rows)
    assert played == []


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", ",".join(Row._fields) + "\nhinge,none,0,10,x,0,0\n", "\0"])
def test_refuses_another_file(text, tmp_path, played):
    path = tmp_path / "study.csv"
    path.write_text(text)
    with pytest.raises(
        InputError,
        match="out: expected a CSV file with the columns objective, penalty, seed",
    ):
        study.study(path)
    assert path.read_text() == text
