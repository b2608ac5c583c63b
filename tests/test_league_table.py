"""The table of the league: places, intervals and tables are as by hand."""

import math
import re
from itertools import product
from pathlib import Path

import pytest

from minigan import InputError
from minigan.commands.study import LEAGUE as GAME_NAMES
from minigan.commands.study import MODELS, SECONDS, SEEDS
from minigan.runs.league import GAMES, Entry, Result
from minigan.runs.league_file import COLUMNS, read
from minigan.runs.league_table import Interval, headline, intervals, places, report, table

ROOT = Path(__file__).parents[1]
HEADER = "data,model,objective,penalty,seed,seconds,steps,fid,fid_second,kl"


def results(game, *distances, model="mlp", data="mnist", seconds=60.0):
    """One result for each distance, with the seeds 0, 1, ..."""
    return [
        Result(Entry(data, model, *GAMES[game], seed, seconds), 1000 + seed, fid, 10 - fid, 0.25)
        for seed, fid in enumerate(distances)
    ]


LEAGUE = [
    *results("hinge", 3.0, 1.0, 2.0),
    *results("r1", 4.0, 0.5, 1.5),
    *results("minimax", 5.0, math.inf, 3.0),
    *results("hinge", 7.0, 8.0, 9.0, model="hybrid"),
    *results("minimax", 6.0, 6.5, 8.5, model="hybrid"),
]


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_the_probability_of_an_interval(n):
    """Each value is above or below the median of all with probability 1/2, so all 2^n cases are equally probable."""
    between = [min(above) < max(above) for above in product((0, 1), repeat=n)]
    assert Interval((1.0,) * n).probability == sum(between) / 2**n


def test_intervals():
    found = intervals(LEAGUE, "fid")
    assert len(found) == 5
    assert found[GAMES["hinge"], "mlp"] == Interval((3.0, 1.0, 2.0))
    assert found[GAMES["hinge"], "mlp"].median == 2.0
    assert found[GAMES["hinge"], "mlp"].text(2) == "2.00 (1.00 to 3.00)"
    assert found[GAMES["minimax"], "mlp"].text(1) == "5.0 (3.0 to inf)"
    assert intervals(LEAGUE, "steps")[GAMES["r1"], "mlp"].text(0) == "1,001 (1,000 to 1,002)"


def test_places():
    assert list(places(LEAGUE).items()) == [(GAMES["r1"], 1.0), (GAMES["minimax"], 2.0), (GAMES["hinge"], 2.0)]
    assert list(places(LEAGUE, "fid_second").items()) == [
        (GAMES["minimax"], 1.5), (GAMES["hinge"], 1.5), (GAMES["r1"], 3.0),
    ]  # fmt: skip
    tie = [*results("hinge", 1.0), *results("minimax", 1.0), *results("wasserstein", 2.0)]
    assert places(tie) == {GAMES["minimax"]: 1.0, GAMES["hinge"]: 1.0, GAMES["wasserstein"]: 3.0}


def test_table():
    assert table(LEAGUE, "fid").splitlines() == [
        "| game | hybrid | mlp | mean place |",
        "| --- | --- | --- | --- |",
        "| non-saturating, r1 | - | 1.50 (0.50 to 4.00) | 1.0 |",
        "| minimax | 6.50 (6.00 to 8.50) | 5.00 (3.00 to inf) | 2.0 |",
        "| hinge | 8.00 (7.00 to 9.00) | 2.00 (1.00 to 3.00) | 2.0 |",
    ]
    assert table(LEAGUE, "steps").splitlines() == [
        "| game | hybrid | mlp |",
        "| --- | --- | --- |",
        "| non-saturating, r1 | - | 1,001 (1,000 to 1,002) |",
        "| minimax | 1,001 (1,000 to 1,002) | 1,001 (1,000 to 1,002) |",
        "| hinge | 1,001 (1,000 to 1,002) | 1,001 (1,000 to 1,002) |",
    ]


def test_report():
    text = report(LEAGUE)
    assert text.startswith("60 s of training on mnist\n\nFrechet distance, evaluator three-convolutions\n| game |")
    for column in ("fid", "fid_second", "steps"):
        assert table(LEAGUE, column) in text
    assert "of which each game has 3 or more" in text
    assert text.endswith("with a probability of 75 % or more.")
    assert report([*LEAGUE, *results("wasserstein", 1.0, 2.0)]).endswith("50 % or more.")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "got none"),
        ([*LEAGUE, *results("hinge", 1.0, seconds=10.0)], "got 10 s on mnist, 60 s on mnist"),
        ([*LEAGUE, *results("hinge", 1.0, data="mnist-5k")], "got 60 s on mnist, 60 s on mnist-5k"),
    ],
)
def test_what_cannot_be_compared_is_refused(found, words):
    for show in (headline, report):
        with pytest.raises(InputError, match=f"summary: expected runs of one data set and one time, {words}; choose"):
            show(found)


def test_the_columns():
    assert ",".join(COLUMNS) == HEADER


def test_the_study_on_the_page_is_that_in_the_csv():
    found = read(ROOT / "data" / "study.csv")
    games = product(MODELS, GAME_NAMES, SEEDS)
    expected = [Entry("mnist", model, *GAMES[game], seed, SECONDS) for model, game, seed in games]
    assert sorted(result.entry for result in found) == sorted(expected)
    page = (ROOT / "minigan" / "objectives" / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"<!-- minigan study --summary data/study\.csv -->\n(.*?)\n\n", page, flags=re.DOTALL)
    assert shown == table(found, "fid")
