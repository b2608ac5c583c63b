"""``minigan doctor``: show what this computer offers, and what is missing."""

import argparse
import os
import platform
import sys
from importlib import import_module

import numpy as np

from ..backend import cuda_problem
from ..datasets import mnist
from ..fast.blas import blas_kernels
from ..terminal import say
from .speed import copy_speed, cores, matmul_speed

ABOUT = "Show what this computer offers and what is missing."
DETAILS = "It looks at Python, NumPy and its speed, the GPU, and the data sets."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def command(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    say(doctor())
    return 0


def doctor() -> str:
    """Return the report: Python, NumPy and how fast it multiplies and copies, CuPy and the GPU, the data sets."""
    from .. import __version__

    lines = [
        f"minigan {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        f"NumPy   {np.__version__} with {_blas()}: {_speed()}",
        f"GPU     {_gpu()}",
        f"device  'auto' means {'cuda' if cuda_problem() is None else 'cpu'} here",
    ]
    lines += [f"data    {row.name}: {row.state}, {row.where}" for row in mnist.status()]
    return "\n".join(lines)


def _blas() -> str:
    config = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"] if config else {}
    kernels = f", {name} kernels" if (name := blas_kernels()) else ""
    return f"{blas.get('name', 'an unknown BLAS')} {blas.get('version', '')}".strip() + kernels


def _speed() -> str:
    """Measure a float32 product and a copy, and name the settings that limit them."""
    gflops, busy = matmul_speed()
    settings = [f"{k}={v}" for k, v in sorted(os.environ.items()) if k.endswith(("_NUM_THREADS", "BLAS_CORETYPE"))]
    told = f"; {', '.join(settings)}" if settings else ""
    return f"{gflops:.0f} GFLOP/s in float32 on {busy} of {cores()} cores, copy {copy_speed():.0f} GB/s{told}"


def _gpu() -> str:
    problem = cuda_problem()
    cupy = sys.modules.get("cupy")
    name = f"CuPy {cupy.__version__}, " if cupy else ""
    if problem is not None:
        return f"{name}not usable: {problem}"
    runtime = import_module("cupy").cuda.runtime
    device = runtime.getDeviceProperties(runtime.getDevice())
    free, total = runtime.memGetInfo()
    return (
        f"{name}{device['name'].decode()}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free, "
        f"CUDA driver {_cuda_version(runtime.driverGetVersion())}, runtime "
        f"{_cuda_version(runtime.runtimeGetVersion())}: {_gpu_speed()}"
    )


def _gpu_speed() -> str:
    try:
        return f"{matmul_speed('cuda')[0]:.0f} GFLOP/s in float32, copy {copy_speed('cuda'):.0f} GB/s"
    except MemoryError:
        return "its speed is not measured, because other programs fill its memory"


def _cuda_version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
