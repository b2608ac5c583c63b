"""`minigan.train` from options to a finished run: budgets, data, Ctrl-C, divergence, and what is printed."""

import io
import re
import signal
import sys
import warnings

import numpy as np
import pytest
import strict_cupy

import minigan
from minigan import DeviceError, DivergedError, InputError, backend
from minigan.backend import to_host
from minigan.datasets import Dataset
from minigan.runs import clock, loop, pictures, run_folder
from minigan.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 8, 8), dtype=np.uint8)
OPTIONS = {"model": "mlp", "batch_size": 4, "latent_dim": 8, "device": "cpu", "quiet": True}
COLUMNS = ["step", "d_loss", "g_loss", "d_real", "d_fake", "seconds", "images_per_second"]


def train(**options):
    return minigan.train(**{"data": IMAGES, "steps": 3, **OPTIONS, **options})


def raise_at(monkeypatch, step, error):
    """Let the step-th call of Trainer.step raise."""
    original, calls = Trainer.step, []

    def failing(self, share):
        calls.append(1)
        if len(calls) == step:
            raise error
        return original(self, share)

    monkeypatch.setattr(Trainer, "step", failing)


def signal_at(monkeypatch, step, number=signal.SIGINT):
    """Let a signal come in the step-th call of Trainer.step."""
    original, calls = Trainer.step, []

    def interrupted(self, share):
        calls.append(1)
        if len(calls) == step:
            signal.raise_signal(number)
        return original(self, share)

    monkeypatch.setattr(Trainer, "step", interrupted)


def counted(monkeypatch):
    """Count the calls of Trainer.step."""
    original, calls = Trainer.step, []
    monkeypatch.setattr(Trainer, "step", lambda self, share: calls.append(share) or original(self, share))
    return calls


@pytest.mark.parametrize("model", ["mlp", "hybrid"])
def test_train(model, device, monkeypatch):
    calls = counted(monkeypatch)
    run = train(model=model, device=device, steps=7, log_every=3)
    assert calls == [step / 7 for step in range(7)]  # the share of the run that is over
    assert run.history["step"].tolist() == [3, 6, 7]
    assert list(run.history.records[0]) == COLUMNS
    for record in run.history:
        assert {type(value) for value in record.values()} <= {int, float}
        assert np.isfinite(list(record.values())).all()
        assert 0 < record["d_real"] < 1
        assert 0 < record["d_fake"] < 1
        assert record["images_per_second"] > 0
    assert (np.diff(run.history["seconds"]) > 0).all()
    assert run.config.device == run.generator.device == device
    assert run.folder is None
    assert not run.interrupted


def test_a_record_is_the_mean_since_the_one_before(monkeypatch):
    metrics = []
    original = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self, share: metrics.append(original(self, share)) or metrics[-1])
    run = train(steps=7, log_every=3)
    for name in ("d_loss", "g_loss", "d_real", "d_fake"):
        values = [float(getattr(m, name)) for m in metrics]
        expected = [np.mean(values[:3]), np.mean(values[3:6]), values[6]]
        np.testing.assert_allclose(run.history[name], expected, rtol=1e-6)


def test_reading_a_record_is_the_only_time_the_host_waits(monkeypatch):
    strict_cupy.install(monkeypatch)
    backend.cuda_problem.cache_clear()
    try:
        backend.resolve_device("cuda")  # its probe reads one number
        waits = []
        for steps, log_every in ((10, 10), (10, 2), (20, 20)):
            with strict_cupy.count() as count:
                train(device="cuda", steps=steps, log_every=log_every)
            waits.append(count.synchronisations)
        assert waits[1] - waits[0] == 4  # one per record: five records instead of one
        assert waits[2] == waits[0]  # none per step
    finally:
        backend.cuda_problem.cache_clear()


def test_the_runs_generator_is_the_averaged_one(monkeypatch):
    trainers = []
    original = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self, share: trainers.append(self) or original(self, share))
    run = train(steps=3)
    np.testing.assert_array_equal(run.generator.theta, trainers[0].average.network.theta)
    assert (run.generator.theta != trainers[0].generator.theta).any()
    np.testing.assert_array_equal(run.discriminator.theta, trainers[0].discriminator.theta)


def test_seconds(monkeypatch):
    now, step = [0.0], Trainer.step
    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])

    def slow(self, share):
        now[0] += 0.25
        return step(self, share)

    monkeypatch.setattr(Trainer, "step", slow)
    calls = counted(monkeypatch)
    run = train(steps=None, seconds=1.1, log_every=1000)
    assert run.config.steps is None
    assert calls == pytest.approx([0, 0.25 / 1.1, 0.5 / 1.1, 0.75 / 1.1, 1 / 1.1])
    assert run.history["step"].tolist() == [5]
    assert run.history["seconds"].tolist() == [1.25]


@pytest.mark.parametrize(("steps", "seconds", "expected"), [(3, 1000, 3), (10**9, 1e-9, 1)])
def test_whichever_is_first(steps, seconds, expected):
    run = train(steps=steps, seconds=seconds)
    assert run.history["step"][-1] == expected


def test_nothing_is_written_without_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train(steps=2, log_every=1)
    assert list(tmp_path.rglob("*")) == []


def test_same_seed_same_file(tmp_path):
    a, b = (train(out=tmp_path / name, seed=3, log_every=log) for name, log in (("a", 1), ("b", 50)))
    assert (a.folder / "model.npz").read_bytes() != b""
    c = train(out=tmp_path / "c", seed=3, log_every=1)
    assert (a.folder / "model.npz").read_bytes() == (c.folder / "model.npz").read_bytes()
    assert (a.folder / "samples.png").read_bytes() == (c.folder / "samples.png").read_bytes()
    np.testing.assert_array_equal(a.generator.theta, b.generator.theta)  # logging changes nothing
    d = train(seed=4)
    assert (d.generator.theta != a.generator.theta).any()
    np.testing.assert_array_equal(train(seed=3).generator.theta, a.generator.theta)  # nor does writing


def test_uint8_and_float_images_are_the_same_data():
    floats = IMAGES.astype(np.float64) / 127.5 - 1
    runs = [train(data=data) for data in (IMAGES, floats, floats.astype(np.float32)[..., None], Dataset("x", IMAGES))]
    for run in runs:
        assert run.config.data == "array"
        assert run.sample(2).shape == (2, 8, 8)
        np.testing.assert_allclose(run.history["d_loss"], runs[0].history["d_loss"], rtol=1e-4)


def test_data_by_name_and_by_path(tmp_path):
    np.savez(tmp_path / "digits.npz", images=IMAGES)
    run = train(data=tmp_path / "digits.npz")
    assert run.config.data == str(tmp_path / "digits.npz")
    assert run.config.augment_shift == 0
    np.testing.assert_array_equal(run.generator.theta, train(data=IMAGES).generator.theta)
    run = train(data="mnist-5k", steps=1)
    assert run.config.augment_shift == 1
    assert run.sample(1).shape == (1, 28, 28)


def test_data_is_not_changed():
    data = IMAGES.copy()
    train(data=data)
    np.testing.assert_array_equal(data, IMAGES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": IMAGES[0]}, r"images: expected shape \(N, H, W\) or \(N, H, W, C\), got \(8, 8\)"),
        ({"data": IMAGES[None, None]}, "images: expected shape"),
        ({"data": IMAGES[:0]}, "images: expected at least one image, got the empty shape"),
        ({"data": IMAGES.transpose(1, 2, 0)[None]}, "images: expected shape .* channels last"),
        ({"data": IMAGES.astype(np.int64)}, "images: expected uint8 .*, got int64"),
        ({"data": IMAGES.astype(np.float32)}, "images: .*, got float32 pixels in"),
        ({"data": IMAGES / 255}, r"images: .*, got float64 pixels in \[0, 1\]; if 0 is black .* images \* 2 - 1 fits"),
        ({"data": IMAGES[:3]}, "batch_size: expected at most 3, the number of images, got 4"),
        ({"data": IMAGES[:, :6], "model": "hybrid"}, "data: .* multiples of 4.*, got 6 x 8"),
        ({"data": "imagenet"}, "data: expected .*, got 'imagenet'"),
        (
            {"data": "no/such/file.npz"},
            "data: expected a file or a folder, got 'no/such/file.npz'",
        ),
        ({"data": None}, "data: expected a name, a path, an array or a Dataset, got NoneType"),
        ({"data": IMAGES.tolist()}, "data: .*, got list"),
        ({"steps": 0}, "steps: expected"),
        ({"model": "gan"}, "model: expected one of"),
        ({"device": "tpu"}, "device: expected"),
    ],
)
def test_bad_input_leaves_nothing(options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        train(out=tmp_path / "run", **options)
    assert list(tmp_path.iterdir()) == []


def test_unknown_options(tmp_path):
    with pytest.raises(TypeError, match="epochs"):
        train(epochs=3, out=tmp_path / "run")
    with pytest.raises(TypeError, match="positional"):
        minigan.train("mlp")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # its import then fails, wherever the tests run
    backend.cuda_problem.cache_clear()
    yield
    backend.cuda_problem.cache_clear()


def test_cuda_without_a_gpu(no_gpu, tmp_path):
    with pytest.raises(DeviceError, match="device: expected a working GPU for 'cuda', got none: CuPy is not installed"):
        train(device="cuda", out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_auto_without_a_gpu_says_why(no_gpu, capsys):
    run = train(device="auto", quiet=False)
    assert run.config.device == "cpu"
    assert "No GPU is used: CuPy is not installed" in capsys.readouterr().out
    train(device="cpu", quiet=False)
    assert "No GPU" not in capsys.readouterr().out


def test_interrupted(monkeypatch, tmp_path, capsys):
    expected = train(steps=4)
    signal_at(monkeypatch, 4)
    run = train(steps=100, log_every=3, out=tmp_path / "run", quiet=False)
    assert (run.stopped, run.interrupted) == ("interrupt", True)
    np.testing.assert_array_equal(run.generator.theta, expected.generator.theta)
    np.testing.assert_array_equal(run.discriminator.theta, expected.discriminator.theta)
    assert run.history["step"].tolist() == [3, 4]
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("interrupted after 4 steps, 16 images") for line in lines)
    assert f"To go on: minigan resume {tmp_path / 'run'}" in lines
    loaded = minigan.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.generator.theta, expected.generator.theta)
    assert len(loaded.history) == 2
    for name in ("samples.png", "losses.png", "training.gif"):
        assert (tmp_path / "run" / name).stat().st_size > 0


def test_interrupted_before_the_first_record(monkeypatch, tmp_path, capsys):
    signal_at(monkeypatch, 1)
    run = train(steps=100, log_every=50, out=tmp_path / "run", quiet=False)
    assert run.history["step"].tolist() == [1]
    named = re.findall(r"\S+\.(?:png|gif|npz)", capsys.readouterr().out)
    assert len(named) >= 3
    assert [path for path in named if not (tmp_path / path).exists()] == []


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_request_to_end_saves_everything_and_then_ends(name, status, monkeypatch, tmp_path, capsys):
    expected = train(steps=4)
    signal_at(monkeypatch, 4, getattr(signal, name))
    with pytest.raises(SystemExit) as ended:
        train(steps=100, out=tmp_path / "run", quiet=False)
    assert ended.value.code == status
    assert f"To go on: minigan resume {tmp_path / 'run'}" in capsys.readouterr().out.splitlines()
    np.testing.assert_array_equal(minigan.load(tmp_path / "run").generator.theta, expected.generator.theta)
    assert not (tmp_path / "run" / "training.gif").exists()  # there may be no time for pictures


def test_ctrl_c_during_the_last_pictures_changes_nothing(monkeypatch, tmp_path):
    finished = run_folder.save_film
    monkeypatch.setattr(
        run_folder,
        "save_film",
        lambda *names, **options: signal.raise_signal(signal.SIGINT) or finished(*names, **options),
    )
    run = train(out=tmp_path / "run")
    assert run.stopped == "steps"
    assert (tmp_path / "run" / "training.gif").stat().st_size > 0


def test_a_second_ctrl_c_ends_it_at_once(monkeypatch, tmp_path):
    signal_at(monkeypatch, 4)
    second = lambda *names, **options: signal.raise_signal(signal.SIGINT)  # noqa: E731
    monkeypatch.setattr(run_folder, "save_film", second)
    with pytest.raises(KeyboardInterrupt):
        train(steps=100, out=tmp_path / "run")
    np.testing.assert_array_equal(minigan.load(tmp_path / "run").generator.theta, train(steps=4).generator.theta)


def test_a_run_that_is_done_is_not_interrupted(tmp_path):
    assert not train(out=tmp_path / "run").interrupted


@pytest.mark.parametrize(("player", "name"), [("discriminator", "d_loss"), ("generator", "g_loss")])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_diverged(player, name, value, device, monkeypatch, tmp_path):
    original, calls = Trainer.step, []

    def diverging(self, share):
        calls.append(1)
        metrics = original(self)
        return metrics._replace(**{name: metrics.d_loss * 0 + value}) if len(calls) == 4 else metrics

    monkeypatch.setattr(Trainer, "step", diverging)
    message = f"the {player}'s loss is {value} at step 4: training has diverged\\. .*Try a tenth of --learning-rate"
    with pytest.raises(DivergedError, match=message):
        train(steps=100, log_every=2, device=device, out=tmp_path / "run")
    assert len(calls) == 8  # four steps, and these again, to find the layer in which it began
    assert not (tmp_path / "run" / "model.npz").exists()
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 2


def test_another_error_passes_through(monkeypatch):
    raise_at(monkeypatch, 2, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        train()


def test_quiet_prints_nothing(capfd, tmp_path):
    train(out=tmp_path / "run", log_every=1)
    assert capfd.readouterr() == ("", "")


def test_plain_lines_without_a_terminal(capfd, tmp_path):
    train(quiet=False, steps=100, log_every=1, out=tmp_path / "run")
    out, err = capfd.readouterr()
    assert err == ""
    assert "\r" not in out
    lines = out.splitlines()
    assert lines[0] == "mlp on array: 16 images of 8 x 8 x 1, batches of 4, on the CPU"
    progress = [line for line in lines if line.startswith("step ")]
    assert 10 <= len(progress) <= 25  # about 20 of the 100 records
    number = r"\d+\.\d+"
    outputs = rf"D\(x\) {number} D\(G\(z\)\) {number}"
    pattern = rf"step +[\d,]+  loss D {number} G {number} {outputs} \d+ samples/s, \d+ s left"
    for line in progress:
        assert re.fullmatch(pattern, line), line
    assert any(re.fullmatch(rf"100 steps, 400 images, {number} s", line) for line in lines)
    assert f"More digits: minigan sample {tmp_path / 'run'}" in lines


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch):
    """Make stderr a terminal; inside the test, because pytest puts its own there after the fixtures."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    shown = terminal(monkeypatch)
    train(quiet=False, steps=5, log_every=1)
    text = shown.getvalue()
    for part in ("5/5 |", "left, loss D", " samples/s"):
        assert part in text
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("mlp on array")
    assert lines[1].startswith("5 steps, 20 images")


def test_quiet_on_a_terminal(monkeypatch, capsys):
    shown = terminal(monkeypatch)
    train(log_every=1)
    assert shown.getvalue() == capsys.readouterr().out == ""


def test_a_bar_of_seconds_on_a_terminal(monkeypatch):
    shown = terminal(monkeypatch)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(quiet=False, steps=None, seconds=0.02, log_every=1)
    assert [str(warning.message) for warning in caught] == []
    assert "0/0 s |###" in shown.getvalue()  # full, and no fuller


def test_snapshots_are_of_one_fixed_z(monkeypatch, tmp_path):
    """Few steps: one picture of every step, all of the same noise and of the averaged generator."""
    seen = []
    generate = loop.generate

    def watched(generator, z):
        seen.append((to_host(z).copy(), to_host(generator.theta).copy()))
        return generate(generator, z)

    monkeypatch.setattr(loop, "generate", watched)
    run = train(steps=5, out=tmp_path / "run")
    assert len(seen) == 6
    for z, _ in seen:
        np.testing.assert_array_equal(z, seen[0][0])
    np.testing.assert_array_equal(seen[-1][1], run.generator.theta)


def test_snapshots_are_denser_at_the_start_and_bounded(monkeypatch, tmp_path):
    monkeypatch.setattr(loop, "GRID", {"images": 1})
    train(steps=400, out=tmp_path / "run")
    steps = [int(path.stem.removeprefix("step-")) for path in sorted((tmp_path / "run" / "samples").iterdir())]
    assert steps[0] == 0
    assert steps[-1] == 400
    assert 30 <= len(steps) <= pictures.SNAPSHOTS + 1
    gaps = np.diff(steps)
    assert gaps[:5].mean() < gaps[-5:].mean() / 3
