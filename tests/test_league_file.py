"""The CSV file of the league holds what was found, and keeps what other processes and other versions wrote."""

import math
import multiprocessing

import pytest
from filelock import FileLock
from test_league_table import HEADER, LEAGUE, results

from minigan import InputError
from minigan.runs import league_file
from minigan.runs.league import Entry, Result
from minigan.runs.league_file import merge, read, write


def test_the_csv_holds_what_was_found(tmp_path):
    diverged = Result(Entry("mnist-5k", "mlp", "hinge", "none", 0, 2.5), 0, math.inf, math.inf, math.nan)
    found = [diverged, *results("r1", 4.5, 0.125), *results("hinge", 3.0, model="hybrid"), *results("hinge", 2.0)]
    path = tmp_path / "study.csv"
    write(found, path)
    assert path.read_text().splitlines() == [
        HEADER,
        "mnist,hybrid,hinge,none,0,60.0,1000,3.0,7.0,0.25",
        "mnist,mlp,hinge,none,0,60.0,1000,2.0,8.0,0.25",
        "mnist,mlp,non-saturating,r1,0,60.0,1000,4.5,5.5,0.25",
        "mnist,mlp,non-saturating,r1,1,60.0,1001,0.125,9.875,0.25",
        "mnist-5k,mlp,hinge,none,0,2.5,0,inf,inf,nan",
    ]
    assert sorted(map(str, read(path))) == sorted(map(str, found))
    write(read(path), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "\0",
        f"{HEADER}\nmnist,mlp,hinge,none,0,60.0,x,1,1,0\n",
        f"{HEADER}\nmnist,mlp,hinge,none,0,60.0,5,1,1\n",
        f"{HEADER}\nmnist,mlp,hinge,none,0,60.0,5,1,1,0,0\n",
        f"{HEADER}\nmnist,mlp,hinge,none,-1,60.0,5,1,1,0\n",
        f"{HEADER}\nmnist,mlp,hinge,none,0,nan,5,1,1,0\n",
        f"{HEADER}\nmnist,mlp,hinge,none,0,60.0,5,nan,1,0\n",
        f"{HEADER}\nmnist,mlp,hinge,none,0,60.0,5,1,-1,0\n",
        f"{HEADER}\n{'9' * 200_000}\n",
    ],
)
def test_another_file_is_refused(text, tmp_path):
    path = tmp_path / "study.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="summary: expected a CSV file of the study with the columns data, model, obj"):
        read(path, name="summary")


def test_no_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="out: expected a CSV file, got no file at"):
        read(tmp_path / "study.csv")


def test_merge_leaves_out_copies():
    diverged = Result(LEAGUE[0].entry._replace(seed=9), 0, math.inf, math.inf, float("nan"))
    again = diverged._replace(kl=float("nan"))
    assert merge([*LEAGUE, diverged, again, LEAGUE[3]]) == [*LEAGUE, diverged]
    with pytest.raises(
        InputError,
        match="summary: expected one result for each run, got two that differ for mlp, hinge, seed 0",
    ):
        merge([*LEAGUE, LEAGUE[0]._replace(fid=3.001)])


def test_what_lies_in_the_file_stays(tmp_path):
    path = tmp_path / "study.csv"
    later = ["mnist,vae,hinge,none,0,60.0,5,1,1,0", "mnist,mlp,hinge,r9:weight=2,0,60.0,5,1,1,0"]
    path.write_text("\n".join([HEADER, later[0], "mnist,mlp,hinge,none,0,60.0,1000,3.0,7.0,0.25", later[1]]))
    first, second, _ = results("hinge", 8.0, 1.0, 2.0)
    assert len(write([first, second], path)) == 2
    assert path.read_text().splitlines() == [
        HEADER,
        "mnist,mlp,hinge,none,0,60.0,1000,3.0,7.0,0.25",
        "mnist,mlp,hinge,none,1,60.0,1001,1.0,9.0,0.25",
        *later,
    ]
    assert [result.fid for result in read(path)] == [3.0, 1.0]


def _write_many(path, game):
    for result in results(game, *[0.25] * 40):
        write([result], path)


def test_several_processes_lose_no_row(tmp_path):
    path = tmp_path / "study.csv"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, game)) for game in ("hinge", "minimax", "r1")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert len(read(path)) == 120


def test_a_file_that_another_process_holds_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(league_file, "PATIENCE", 0.05)
    with FileLock(tmp_path / ".study.csv.lock"), pytest.raises(InputError, match="out: expected a file that no other"):
        write([], tmp_path / "study.csv")
