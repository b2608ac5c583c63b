"""Hostile files: whatever their bytes say, a reader refuses them in one line, soon, and with little memory."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import bombs
import numpy as np
import pytest

from minigan import TrainConfig
from minigan.archive import write_archive

STATUS = Path("/proc/self/status")
MOST = 300  # MiB, with 40 for Python, NumPy and minigan
READ = """
import sys, time
from pathlib import Path
import minigan
from minigan.datasets import read_idx, read_npz

for path in sorted(Path(sys.argv[1]).iterdir()):
    start = time.perf_counter()
    try:
        (read_npz if path.suffix == ".npz" else read_idx)(path)
        verdict = "taken"
    except minigan.InputError as error:
        verdict = "refused" if str(error).startswith(f"{path}: ") and "\\n" not in str(error) else str(error)
    if path.suffix == ".npz":
        try:
            minigan.load(path)
            verdict = "loaded"
        except minigan.InputError:
            pass
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
    print(path.stem, verdict, f"{time.perf_counter() - start:.1f}", peak, sep="\\t")
"""


def write_models(folder):
    """Write small model files whose checksums fit, and whose networks would be large."""
    config = TrainConfig(model="mlp", conditional="none").resolve(dataset="mnist-5k", device="cpu")
    odd = {
        "long noise": ({"latent_dim": 4_000_000}, {}),
        "allowed noise": ({"latent_dim": 100_000}, {}),
        "many discriminators": ({"discriminators": 1000}, {}),
        "too many discriminators": ({"discriminators": 10**9}, {}),
        "large image": ({}, {"image_shape": [2**30, 2**30, 4]}),
        "allowed image": ({"model": "writeup-2"}, {"image_shape": [56, 56, 4]}),
        "many codes": ({"conditional": "clusters", "code_weight": None}, {"codes": 2**30}),
        "large batch": ({"batch_size": 2**60}, {}),
    }
    arrays = {
        f"{player}_{name}": np.zeros(1, "float32")
        for player in ("generator", "discriminator")
        for name in ("theta", "stats")
    }
    for name, (options, entries) in odd.items():
        description = {"kind": "model", "format": 1, "image_shape": [28, 28, 1], "codes": 0} | entries
        description["config"] = dataclasses.asdict(config) | options
        write_archive(folder / f"model, {name}.npz", description, arrays | {"class_shares": np.empty(0)})


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells how much memory a process had at most")
def test_small_files_never_take_much_memory(tmp_path):
    for suffix, made in ((".npz", bombs.zip_bombs()), (".gz", bombs.gzip_bombs())):
        for name, content in made.items():
            (tmp_path / f"{name}{suffix}").write_bytes(content)
    write_models(tmp_path)
    done = subprocess.run([sys.executable, "-c", READ, tmp_path], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(rows) == len(list(tmp_path.iterdir()))
    assert {verdict for _, verdict, _, _ in rows} == {"refused"}
    assert max(float(seconds) for _, _, seconds, _ in rows) < 20
    assert max(int(peak) for *_, peak in rows) < MOST, rows
