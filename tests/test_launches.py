"""`minigan bench --launches`, and how few things a training step asks a GPU to do."""

from collections import Counter

import pytest

from minigan import backend
from minigan.commands.bench import bench, launches, torch_loops
from minigan.commands.bench.cupti import Operation
from minigan.commands.bench.report import report
from minigan.commands.bench.whole_step import make_trainer
from minigan.errors import InputError

EMULATED = {"launch": "kernel", "blas": "product", "H2D": "upload", "D2H": "download", "D2D": "copy", "memset": "fill",
            "sync": "wait"}  # fmt: skip


def test_the_mean_over_steps(monkeypatch):
    steps = []

    def trace(task, device):
        task()
        return [Operation("kernel", 1e-5)] * 60 + [Operation("product", 2e-5)] * 40 + [Operation("wait")] * 20

    trainer = make_trainer("mlp", 4, "alternating", "cpu")
    step = trainer.step
    trainer.step = lambda: steps.append(step())
    monkeypatch.setattr(launches, "make_trainer", lambda *_: trainer)
    monkeypatch.setattr(launches, "trace", trace)
    counts = launches.count_launches("mlp", 4, "alternating", "cuda")
    assert len(steps) == launches.WARM_UP + launches.STEPS
    assert (counts["kernel"], counts["product"], counts["wait"], counts["upload"]) == (3, 2, 1, 0)
    assert (counts["total"], counts["kernel_ms"]) == (5, pytest.approx(0.07))


def test_nothing_that_counts(monkeypatch):
    monkeypatch.setattr(launches, "trace", lambda task, device: None)
    with pytest.raises(InputError, match="launches: expected CUPTI or PyTorch, which count, got neither"):
        launches.count_launches("mlp", 4, "alternating", "cpu")


def test_pytorch_counts_where_cupti_refuses(monkeypatch):
    def refuse(*_):
        raise RuntimeError

    monkeypatch.setattr(launches.cupti, "find_library", lambda: "CUPTI")
    monkeypatch.setattr(launches.cupti, "trace", refuse)
    monkeypatch.setattr(launches, "find_spec", lambda name: name)
    monkeypatch.setattr(torch_loops, "trace", lambda task: [Operation("fill")])
    assert launches.trace(print, "cuda") == [Operation("fill")]
    monkeypatch.setattr(launches, "find_spec", lambda name: None)
    assert launches.trace(print, "cuda") is None
    assert launches.trace(print, "cpu") is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Memset (Device)", "fill"),
        ("Memcpy HtoD (Pageable -> Device)", "pageable upload"),
        ("Memcpy HtoD (Pinned -> Device)", "upload"),
        ("Memcpy DtoH (Device -> Pageable)", "download"),
        ("Memcpy DtoD (Device -> Device)", "copy"),
        ("void gemv2T_kernel_val<int, int, float>", "product"),
        ("nvjet_sm90_tst_128x64", "product"),
        ("void at::native::vectorized_elementwise_kernel<4>", "kernel"),
    ],
)
def test_the_names_of_pytorchs_profiler(name, kind):
    assert torch_loops.operation(name, 1e-5).kind == kind


def test_the_table(monkeypatch):
    counts = {**dict.fromkeys(launches.KINDS, 0), "kernel": 61.05, "product": 43, "total": 104.05, "kernel_ms": 0.25}
    timed = {"ms": [1.0], "peak_memory_mb": 1.0, "threads": 1.0, "launches": 104}
    monkeypatch.setattr(bench, "_run_worker", lambda worker, *_: counts if worker == "launches" else timed)
    monkeypatch.setattr(bench, "resolve_device", lambda device: "cuda")
    result = bench.bench(model="mlp", torch=False, launches=True)
    assert result["operations"] == counts
    (row,) = [line.split() for line in report(result).splitlines() if "0.250" in line]
    assert row[2:] == ["61.05", "43", "0", "0", "0", "0", "0", "0", "104.05", "0.250"]


def test_only_on_a_gpu():
    with pytest.raises(InputError, match="launches: expected device 'cuda', got 'cpu'"):
        bench.bench(model="mlp", device="cpu", launches=True)


def trace(task):
    """Return the kinds of what a task asks the device for: an emulated one, or a GPU by CUPTI or PyTorch."""
    try:
        import emu
    except ImportError:
        operations = launches.trace(task, "cuda")
        if operations is None:
            pytest.skip("neither CUPTI nor PyTorch is there to count")
        return [operation.kind for operation in operations]
    # CuPy records an event behind each copy from pinned memory, to know when it may use that memory again
    asked = [(kind, what) for kind, what, _ in emu.trace(task)[1] if kind != "malloc"]
    following = [*asked[1:], ("", "")]
    kinds = []
    for (kind, what), (after, _) in zip(asked, following, strict=True):
        if kind == "H2D" and (what != "cudaMemcpyAsync" or after != "event"):
            kinds.append("pageable upload")
        elif kind != "event":
            kinds.append(EMULATED.get(kind, kind))
    return kinds


@pytest.mark.gpu
@pytest.mark.parametrize(("model", "most"), [("hybrid", 120), ("dcgan", 150)])
def test_few_operations_in_a_step(model, most):
    """Of whole steps of `minigan train` at batch size 64; between them nothing waits, and nothing comes back."""
    assert (problem := backend.cuda_problem()) is None, problem
    trainer = make_trainer(model, 64, "alternating", "cuda")
    for _ in range(2):
        trainer.step()
    for _ in range(3):
        counts = Counter(trace(trainer.step))
        print(model, dict(counts))
        assert not {"wait", "download", "pageable upload"} & set(counts), counts
        assert counts.total() <= most, counts
