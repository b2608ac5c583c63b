"""The page of `minigan replay`: one file, small, without addresses, and no text of a run becomes HTML in it."""

import base64
import dataclasses
import hashlib
import html.parser
import json
import re
import shutil

import numpy as np
import pytest

import minigan
from minigan import cli
from minigan.errors import MiniganWarning
from minigan.replay import save_page
from minigan.replay.left_out import LeftOut
from minigan.replay.page import SCRIPTS, page_data, page_text
from minigan.replay.parts import find_explorer, find_neighbours, find_timeline
from minigan.runs.history import History

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
SHORT = {"model": "mlp", "steps": 4, "batch_size": 4, "latent_dim": 8, "log_every": 2, "quiet": True, "device": "cpu"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{script}}&lt;'\""


class Reader(html.parser.HTMLParser):
    """What a browser would see: the elements, their attributes, and the texts of the scripts and of the style."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.open = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.open = tag

    def handle_endtag(self, tag):
        self.open = None

    def handle_data(self, data):
        self.texts.setdefault(self.open, []).append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return minigan.train(**SHORT, data=IMAGES, out=tmp_path_factory.mktemp("runs") / "first")


def replay(*argv):
    try:
        return cli.main(["replay", *map(str, argv)])
    except SystemExit as stop:
        return stop.code


def data_of(path):
    """The data in a page."""
    (text,) = (t for t in Reader(path.read_text(encoding="utf-8")).texts["script"] if t.startswith("{"))
    return json.loads(text)


def test_a_run_folder(run, capsys):
    assert replay(run.folder) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{run.folder / 'replay.html'}  0.")
    data = data_of(run.folder / "replay.html")
    assert data["timeline"]["stops"] == [0, 1, 2, 3, 4]
    assert len(data["timeline"]["frames"]) == 5
    assert [chart["title"] for chart in data["timeline"]["charts"]] == ["Losses", "What D thinks"]
    assert data["explorer"]["shape"] == {"height": 8, "width": 8, "channels": 1}
    assert data["explorer"]["noise"] == 8
    reason = "This part is left out, because the run was trained on an array, which it does not keep."
    assert data["neighbours"] == {"missing": reason}
    assert reason in printed
    assert ["Model", "mlp"] in data["about"]


def test_a_page_of_a_shipped_model(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert replay("mnist") == 0
    page = tmp_path / "replay.html"
    assert page.stat().st_size < 3_000_000
    assert "There is no record of the training here" in capsys.readouterr().out
    data = data_of(page)
    explorer = data["explorer"]
    assert (explorer["noise"], explorer["kinds"], explorer["clusters"], explorer["word"]) == (128, 100, 1, "cluster")
    assert sum(explorer["shares"]) == pytest.approx(1)
    assert "missing" in data["timeline"]


def test_the_page_names_no_address(run, tmp_path):
    save_page(run, tmp_path / "page.html", title="a run")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r"https?:|//\w+\.\w|@import|url\(", text) == []
    reader = Reader(text)
    assert {tag for tag, _ in reader.elements} & {"link", "iframe", "object", "embed", "base", "form"} == set()
    assert all("src" not in attributes and "href" not in attributes for _, attributes in reader.elements)


def test_the_policy_allows_this_script_and_this_style_alone(run, tmp_path):
    save_page(run, tmp_path / "page.html", title="a run")
    reader = Reader((tmp_path / "page.html").read_text(encoding="utf-8"))
    (policy,) = (a["content"] for tag, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy")
    (script,) = (text for text in reader.texts["script"] if not text.startswith("{"))
    for name, text in (("script-src", script), ("style-src", reader.texts["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_no_text_of_a_run_becomes_html(run, tmp_path):
    """Whatever a title, an option or a name holds, the elements of the page are the same."""
    save_page(run, tmp_path / "plain.html", title="plain")
    hostile = minigan.load(run.folder)
    hostile.config = dataclasses.replace(hostile.config, data=HOSTILE.replace("/", "\\"))
    save_page(hostile, tmp_path / "hostile.html", title=HOSTILE)
    plain, found = (Reader((tmp_path / f"{name}.html").read_text(encoding="utf-8")) for name in ("plain", "hostile"))
    assert found.elements == plain.elements
    assert found.texts["h1"] == [HOSTILE]
    assert ["Data", HOSTILE.replace("/", "\\")] in data_of(tmp_path / "hostile.html")["about"]
    assert "<img src=x onerror=alert(2)>" in data_of(tmp_path / "hostile.html")["neighbours"]["missing"]


def test_the_page_does_not_tell_where_the_run_lies(run):
    assert replay(run.folder) == 0
    assert str(run.folder.parent) not in (run.folder / "replay.html").read_text(encoding="utf-8")


def test_every_file_of_the_folder_is_in_the_page():
    """Each script is in the list, and each identifier that the scripts ask for stands in the page."""
    folder = minigan.replay.page.FOLDER
    assert {path.stem for path in folder.glob("*.js")} == set(SCRIPTS)
    text = page_text({}, title="x")
    assert "{{" not in text
    there = {attributes.get("id") for _, attributes in Reader(text).elements}
    asked = set(re.findall(r'byId\("([\w-]+)"\)', text)) - {"kind"}  # which the script makes
    assert asked <= there
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= 250 for path in folder.iterdir() if path.is_file())


def test_points(tmp_path):
    run = minigan.train(**{**SHORT, "model": "points"}, data="ring", out=tmp_path / "ring")
    data = page_data(run)
    assert data["explorer"] is data["neighbours"] is None
    assert data["timeline"]["stops"] == [0, 1, 2, 3, 4]
    assert len(data["timeline"]["game"]["fields"]) == 5
    assert "beside points of the generator" in data["timeline"]["caption"]
    assert "circles" in data["timeline"]["caption"]
    shutil.rmtree(tmp_path / "ring" / "samples")
    assert "only its end is shown" in find_timeline(run)["caption"]


def test_a_run_without_snapshots_shows_its_curves(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "samples")
    found = find_timeline(minigan.load(tmp_path / "copy"))
    assert found["frames"] is None
    assert found["stops"] == [2, 4]
    (tmp_path / "copy" / "metrics.jsonl").unlink()
    with pytest.raises(LeftOut, match="no record of the training"):
        find_timeline(minigan.load(tmp_path / "copy"))


def test_a_long_run_without_snapshots_has_few_stops(run):
    loaded = minigan.load(run.folder / "model.npz")
    loaded.history = History([{**run.history.records[0], "step": step} for step in range(1, 3001)])
    found = find_timeline(loaded)
    assert len(found["stops"]) == 60
    assert found["stops"][-1] == 3000


def test_a_killed_run_shows_its_checkpoint(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "copy")
    (tmp_path / "copy" / "model.npz").unlink()
    with pytest.warns(MiniganWarning, match="its checkpoint of step 4 is loaded"):
        loaded = minigan.load(tmp_path / "copy")
    assert page_data(loaded)["timeline"]["stops"] == [0, 1, 2, 3, 4]


def test_neighbours_of_digits(tmp_path):
    run = minigan.train(**SHORT, data="mnist-5k")
    found = find_neighbours(run)
    assert "5,000 training images" in found["text"]
    assert [len(each["pairs"]) for each in found["sets"]] == [8, 8]
    closest = [pair["distance"] for pair in found["sets"][1]["pairs"]]
    assert closest == sorted(closest)
    assert closest[0] <= min(pair["distance"] for pair in found["sets"][0]["pairs"])


def test_large_images_have_fewer_neighbours_or_none(tmp_path):
    found = []
    for size in (100, 250):
        np.savez(tmp_path / "images.npz", images=np.zeros((16, size, size), np.uint8))
        run = minigan.train(**{**SHORT, "model": "writeup-4", "steps": 1}, data=str(tmp_path / "images.npz"))
        found.append(page_data(run)["neighbours"])
    assert [len(each["pairs"]) for each in found[0]["sets"]] == [4, 4]
    assert found[1] == {"missing": "This part is left out, because the images would make the page too large."}


def test_a_generator_that_draws_nan_has_no_neighbours():
    run = minigan.train(**SHORT, data="mnist-5k")
    run.generator.theta[...] = np.nan
    run.generator.version += 1
    assert page_data(run)["neighbours"]["missing"].endswith("draws NaN or infinite pixels.")
    assert page_data(run)["explorer"]["missing"].endswith("no finite number in float16.")


def test_a_large_generator_has_no_explorer():
    run = minigan.train(**{**SHORT, "model": "infogan", "steps": 1}, data="mnist-5k")
    assert "weights would make the page too large" in page_data(run)["explorer"]["missing"]


@pytest.mark.parametrize(
    ("conditional", "kinds", "clusters", "continuous", "word"),
    [("none", 0, 0, 0, "class"), ("infogan", 10, 1, 2, "class"), ("projection", 10, 1, 0, "class")],
)
def test_the_codes_of_a_game(conditional, kinds, clusters, continuous, word):
    run = minigan.train(**SHORT, data="mnist-5k", conditional=conditional)
    found = find_explorer(run)
    assert found["noise"] == 8
    assert (found["kinds"], found["clusters"], found["continuous"], found["word"]) == (
        kinds,
        clusters,
        continuous,
        word,
    )


def test_clusters_in_labels():
    run = minigan.train(**SHORT, data="mnist-5k", conditional="projection", clusters=3)
    found = find_explorer(run)
    assert (found["noise"], found["kinds"], found["clusters"], len(found["shares"])) == (8, 30, 3, 30)


# errors


def test_an_unknown_run(capsys):
    assert replay("nowhere") == 2
    assert "got no file at 'nowhere'" in capsys.readouterr().err


def test_another_ending(run, capsys):
    assert replay(run.folder, "--out", "page.png") == 2
    assert "out: expected a name that ends in .html, got 'page.png'" in capsys.readouterr().err


def test_a_folder_that_does_not_exist(run, tmp_path, capsys):
    assert replay(run.folder, "--out", tmp_path / "no" / "page.html") == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_leaves_the_old_one(run, tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    page.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    assert replay(run.folder, "--out", page) == 2
    assert page.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
