"""Fuzzers: whatever comes in as a file, an option or a command line, the answer is a result or one clear line.

In the suite each fuzzer takes a few dozen cases, always the same. To try others, give their number:

    MINIGAN_FUZZ=20000 python -m pytest -s tests/test_fuzz.py

Each fuzzer then takes its share of so many cases, with a new seed every time, and the last line says how many came.
"""

import dataclasses
import gzip
import json
import math
import os
import warnings
import zipfile
from collections import Counter
from contextlib import contextmanager, suppress
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import get_args

import bombs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minigan
from minigan import DivergedError, History, InputError, TrainConfig, cli
from minigan.archive import Archive, read_verified, write_archive
from minigan.commands import study
from minigan.commands.bench import bench
from minigan.datasets import read_idx, read_npz
from minigan.runs.diagnosis import diagnose
from minigan.runs.figures import save_losses
from minigan.runs.history import COLUMNS
from minigan.runs.run_folder import RunFolder
from minigan.runs.symptoms import Symptoms, of_history

TOTAL = int(os.environ.get("MINIGAN_FUZZ", "0"))
SEEN = Counter()  # by target and outcome


def fuzz(share, small):
    """Run a test on ``small`` cases, or on its share of MINIGAN_FUZZ fresh ones."""
    return settings(
        max_examples=round(share * TOTAL) if TOTAL else small,
        derandomize=not TOTAL,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def answers(target):
    """Let a block end without an error, or with an `InputError` of one line."""
    refusal = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", minigan.errors.MiniganWarning)
            yield
    except InputError as error:
        refusal = str(error)
    assert refusal is None or (len(refusal.splitlines()) == 1 and len(refusal) < 2000), refusal
    SEEN[target, "refused" if refusal else "taken"] += 1


@pytest.fixture(scope="module", autouse=True)
def count():
    yield
    if TOTAL:
        print("\n" + ", ".join(f"{target}: {number:,} {outcome}" for (target, outcome), number in sorted(SEEN.items())))
        print(f"{sum(SEEN.values()):,} cases")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


# What a file can be.


@st.composite
def mutated(draw, originals):
    """Return one of several byte strings after one to four changes."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        piece = draw(st.sampled_from((b"\0", b"\xff", b"\xff\xff\xff\xff", b"(", b"9" * 30)) | st.binary(max_size=8))
        length = draw(st.sampled_from((0, 1, len(piece), 50)))
        data = draw(st.sampled_from((data[:at] + piece + data[at + length :], data[:at], data + data[at:])))
    return data


def unzipped(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zip_again(members, path):
    """Write members to a zip archive, whose checksums fit."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


WORDS = np.arange(24, dtype=np.uint8).reshape(4, 3, 2)
IDX = bombs.idx_header(*WORDS.shape) + WORDS.tobytes()


@fuzz(0.2, 100)
@given(raw=mutated([IDX, gzip.compress(IDX, mtime=0)]) | mutated([IDX]).map(gzip.compress) | st.binary(max_size=50))
def test_idx(folder, raw):
    path = folder / "fuzzed-idx3-ubyte.gz"
    path.write_bytes(raw)
    with answers("idx"):
        array = read_idx(path)
        assert array.dtype == np.uint8
        assert raw.startswith(b"\x1f\x8b") or array.tobytes() == raw[4 + 4 * array.ndim :]


HEADERS = st.builds(
    bombs.npy_header,
    st.sampled_from(((5, 4, 3), (-1,), (2**40,), (2**70, 0), "()", "(5.0,)", "(" * 99, "[5, 4, 3]", "None", "5")),
    st.sampled_from(("|u1", "<f4", ">f4", "<f8", "|b1", "|i1", "<M8[s]", "|O", "<U3", "<c8", "V8", "|S5", "x", "")),
    version=st.sampled_from((1, 1, 2, 3)),
    length=st.sampled_from((None, None, 0, 1, 70, 60_000)),
)


@pytest.fixture(scope="module")
def data_files(folder):
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    np.savez(folder / "plain.npz", images=images, labels=np.arange(5))
    np.savez_compressed(folder / "packed.npz", images=images / np.float32(127.5) - 1)
    return [folder / "plain.npz", folder / "packed.npz"]


@fuzz(0.15, 60)
@given(data=st.data())
def test_npz(folder, data_files, data):
    path = folder / "fuzzed.npz"
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(mutated([each.read_bytes() for each in data_files])))
    else:
        members = unzipped(data_files[0])
        changed = mutated([members["images.npy"]]) | st.builds(bytes.__add__, HEADERS, st.binary(max_size=99))
        name = data.draw(st.sampled_from(("images.npy", "labels.npy")))
        zip_again(members | {name: data.draw(changed)}, path)
    with answers("npz"):
        dataset = read_npz(path)
        assert dataset.images.dtype in (np.uint8, np.float32)
        assert np.isfinite(dataset.images).all()


@pytest.fixture(scope="module")
def run_folder(folder):
    options = {"data": "dirac", "steps": 2, "log_every": 1, "batch_size": 4, "quiet": True, "device": "cpu"}
    minigan.train(**options, out=folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def model_files(run_folder):
    (checkpoint,) = (run_folder / "checkpoints").iterdir()
    return [run_folder / "model.npz", checkpoint]


def check_load(path):
    """Load a model or a checkpoint, and use it."""
    with answers("model"):
        run = minigan.load(path)
        try:
            samples = run.sample(3)
        except DivergedError:
            return
        assert samples.shape == (3, *run.generator.output_shape)
    with answers("checkpoint"), suppress(DivergedError):
        minigan.train(resume=path, steps=4, quiet=True, out=None)


@fuzz(0.1, 40)
@given(data=st.data())
def test_model_bytes(folder, model_files, data):
    path = folder / "fuzzed-model.npz"
    original = data.draw(st.sampled_from(model_files))
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(mutated([original.read_bytes()])))
    else:
        members = unzipped(original)
        name = data.draw(st.sampled_from(sorted(members)))
        content = mutated([members[name]]) | st.builds(bytes.__add__, HEADERS, st.binary(max_size=99))
        zip_again(members | {name: data.draw(content)}, path)
    check_load(path)


NUMBERS = st.integers() | st.sampled_from((0, -1, 2**31, 2**63, 10**400)) | st.floats()
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=9) | st.sampled_from(("\ud800", "none", "cuda", "mlp")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ARRAYS = st.sampled_from(
    [np.zeros(shape, dtype) for shape in ((), (1,), (2,), (0,), (2, 1)) for dtype in ("float32", "float64", "uint8")]
    + [np.full(2, value, "float32") for value in (np.nan, np.inf, 1e38)]
)


def leaves(tree, path=()):
    """The paths of all entries in objects inside objects."""
    for name, value in tree.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))


@fuzz(0.15, 60)
@given(data=st.data())
def test_model_contents(folder, model_files, data):
    """The file is whole, and its checksums fit, but what it says is odd."""
    path = folder / "odd-model.npz"
    with Archive(data.draw(st.sampled_from(model_files))) as archive:
        description = archive.description()
        arrays = read_verified(archive, description)
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.sampled_from(sorted(leaves(description))))
        place = description
        for name in where[:-1]:
            place = place.get(name) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[where[-1]] = data.draw(JSON)
            if data.draw(st.booleans()):
                del place[where[-1]]
    if data.draw(st.booleans()):
        arrays[data.draw(st.sampled_from(sorted(arrays)))] = data.draw(ARRAYS)
    write_archive(path, description, arrays)
    check_load(path)


# What an option can be.


TEXTS = (
    "", " ", "0", "-1", "1", "2", "64", "1e9", "1e400", "nan", "-inf", "None", "none", "\0", "\ud800", "\udcff",
    "a\nb", "~", "~/x", "~nobody/x", "~0", "..", "/", "x" * 300,
    "9" * 30, "9" * 5000, "--", "-", "-x", "r1", "r1:every=0",
    "r1:weight=nan", "r1:every=" + "9" * 5000, "wgan-gp:", "ring", "mnist", "fid<1", "d_loss>0", "dirac", "0.5",
    "1_0", "٣", "clusters", "\x1b[0m", "C:\\x", "max", "simultaneous", "mean", "linear", "hinge", "points",
    "projection", "./nowhere.npz", "cpu", "infogan",
)  # fmt: skip
OBJECTS = (
    ..., int, np.array([1, 2]), np.array("none"), np.float32(1), np.int64(3), np.bool_(True), np.array(7),
    Path("x"), Path("a\0b"), {1}, {}, [], (), [[]], b"none", 1j, Decimal("1"), Fraction(1, 2), range(3), lambda: 0,
    len, np.float16(2), bytearray(b"x"), np.zeros((2, 2)), 10**400, -(10**400), 10**5000, Fraction(10**400, 3),
    memoryview(b"r1"), "x" * 10**6,
)  # fmt: skip
VALUES = st.sampled_from(TEXTS) | st.sampled_from(OBJECTS) | JSON | st.text(max_size=30)
FIELDS = {field.name: field for field in dataclasses.fields(TrainConfig)}
USUAL = {int: (1, 2, 8), float: (0.5, 0.9), bool: (True, False), str: ("dirac", "d_loss<1", "r1:every=2")}


@st.composite
def options_of_a_run(draw):
    """Return up to five options, of which most have values that can be right."""
    options = {}
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=5, unique=True)):
        kind = (*get_args(FIELDS[name].type), FIELDS[name].type)[0]
        usual = st.sampled_from(list(FIELDS[name].metadata["choices"] or USUAL[kind]))
        options[name] = draw(usual if draw(st.integers(0, 9)) else VALUES)
    return options


@fuzz(0.2, 150)
@given(options=options_of_a_run())
def test_config(options):
    with answers("config"):
        config = TrainConfig(**options)
        resolved = config.resolve(dataset="ring", device="cpu")
        assert resolved.resolve(dataset="ring", device="cpu") == resolved
        json.dumps(dataclasses.asdict(resolved), allow_nan=False)


@fuzz(0.05, 60)
@given(value=VALUES, split=VALUES)
def test_arguments_of_functions(value, split):
    for function, arguments in (
        (minigan.datasets.load_dataset, (value, split)),
        (minigan.datasets.load_dataset, (value,)),
        (read_idx, (value,)),
        (read_npz, (value,)),
        (minigan.load, (value,)),
    ):
        with answers("arguments"):
            function(*arguments)


SHORT = {"steps": 1, "batch_size": 4, "quiet": True, "device": "cpu", "latent_dim": 3, "model": "mlp"}
LISTS = st.lists(NUMBERS | st.sampled_from((-1.0, 0.5)), max_size=4) | st.lists(
    st.lists(NUMBERS, max_size=3), max_size=3
)


@pytest.fixture(scope="module")
def runs():
    data = minigan.datasets.Dataset("shades", np.arange(60 * 64, dtype=np.uint8).reshape(60, 8, 8), np.arange(60) % 3)
    return [minigan.train(data=data, conditional=game, **SHORT) for game in ("none", "projection", "infogan")]


@fuzz(0.05, 60)
@given(
    game=st.integers(0, 2),
    options=st.dictionaries(st.sampled_from(("label", "codes", "truncation", "reject", "seed")), VALUES | LISTS),
)
def test_samples(runs, game, options):
    with answers("samples"):
        assert runs[game].sample(2, **options).shape == (2, 8, 8)


# What a log can be.

RECORD = {name: 0.5 for name in COLUMNS if name != "classes"} | {"step": 5, "classes": [1] * 10}
RECORDS = st.builds(dict.__or__, st.just(RECORD), st.dictionaries(st.sampled_from(sorted(RECORD)), JSON, max_size=2))
LINES = (
    RECORDS.map(json.dumps).map(str.encode)
    | mutated([json.dumps(RECORD).encode()])
    | JSON.map(json.dumps).map(str.encode)
    | st.binary(max_size=100)
    | st.just(b"[" * 60_000)
)


def read_lines(folder, lines):
    path = folder / "fuzzed.jsonl"
    path.write_bytes(b"\n".join(lines))
    history = History()
    with answers("metrics"):
        history = History.read(path)
    return history


CONFIG = TrainConfig(data="ring").resolve(dataset="ring", device="cpu")


@fuzz(0.1, 60)
@given(lines=st.lists(LINES, max_size=6))
def test_metrics(folder, lines):
    history = read_lines(folder, lines)
    for name in history.columns:
        assert history[name].dtype in (np.int64, np.float64)
        assert len(history[name]) == len(history)
    str(diagnose(Symptoms(**of_history(history, CONFIG))))


@fuzz(0.005, 4)
@given(records=st.lists(RECORDS, min_size=1, max_size=5), evaluated=st.sampled_from(("fid", "modes_found", None)))
def test_metrics_are_plotted(folder, records, evaluated):
    history = read_lines(folder, [json.dumps(record).encode() for record in records])
    if len(history) and (evaluated is None or evaluated in history.columns):
        save_losses(history, folder / "losses.png", evaluated=evaluated)


# What a command line can be.


MEASURED = {"ms": [1.0], "peak_memory_mb": 1.0, "threads": 1, "launches": 1, "rest_ms": 1.0}
MEASURED["rows"] = [{"network": "G", "layer": "Dense(1)", "forward_ms": 1.0, "backward_ms": 1.0}]


@pytest.fixture(scope="module")
def no_work():
    """Let no command take long: nothing is drawn, measured or played."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "pictures", lambda self, run: {})
        patch.setattr(RunFolder, "add_snapshot", lambda *arguments: None)
        patch.setattr(study, "play", lambda entry: minigan.runs.league.Result(entry, 1, 1.0, 1.0, 0.1))
        patch.setattr(bench, "_run_worker", lambda worker, *rest: MEASURED)
        yield patch


def actions_of(command):
    parser = cli.Parser(prog="minigan")
    import_module(f"minigan.commands.{command}").add_arguments(parser)
    return [action for action in parser._actions if action.option_strings]


FUZZED = ("train", "resume", "sample", "evaluate", "gradcheck", "data", "bench", "study", "museum", "models")
ACTIONS = {command: actions_of(command) for command in FUZZED}
PLACES = ("mnist", "a.png", "a.npz", "a.csv", "new")
ODD = st.sampled_from((*TEXTS, *PLACES)) | st.text(max_size=9)


def usual(action):
    """Values that an option can have."""
    if action.choices:
        return st.sampled_from(list(action.choices))
    return st.sampled_from({int: ("0", "1", "2", "8"), float: ("0", "0.5", "1")}.get(action.type, (*TEXTS, *PLACES)))


@st.composite
def command_lines(draw, run):
    """Return a command, its path if it needs one, and up to four options, some of them odd."""
    command = draw(st.sampled_from((*FUZZED, "train", "train", "sample", "resume")))
    argv = [command]
    if command in ("resume", "sample", "evaluate"):
        argv.append(draw(st.sampled_from((run, run, run, "mnist")) if draw(st.integers(0, 5)) else ODD))
    for _ in range(draw(st.integers(0, 4)) if ACTIONS[command] else 0):
        action = draw(st.sampled_from(ACTIONS[command]))
        argv.append(action.option_strings[0])
        if not draw(st.integers(0, 7)):
            argv += draw(st.lists(ODD, max_size=2))
        elif action.nargs != 0:
            argv.append(draw(usual(action)))
    if command in ("models", "data", "museum") and draw(st.booleans()):
        argv.append(draw(ODD))
    if command == "train":
        argv += ["--data", "dirac"] if draw(st.booleans()) else []
    if command in ("train", "resume"):
        argv += ["--steps", draw(st.sampled_from(("1", "3", "5")))]
    return argv + (["--model", "dirac"] if command == "gradcheck" else [])


@fuzz(0.05, 60)
@given(data=st.data())
def test_command_lines(folder, run_folder, no_work, capfd, data):
    no_work.chdir(folder)
    no_work.setenv("HOME", str(folder))
    no_work.setenv("MINIGAN_DATA", str(folder))
    argv = data.draw(command_lines(str(run_folder)))
    capfd.readouterr()
    try:
        status = cli.main(argv)
    except SystemExit as stop:
        status = stop.code
    _, err = capfd.readouterr()
    assert status in (0, 1, 2), (status, argv)
    problems = [line for line in err.splitlines() if line.startswith("minigan")]
    assert status != 2 or len(problems) >= 1, (argv, err)
    assert "Traceback" not in err, argv
    assert len(problems) == len(err.splitlines()), (argv, err)
    SEEN["command lines", f"with exit {status}"] += 1
    assert math.isfinite(status)
