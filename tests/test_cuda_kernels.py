"""The CUDA C of every kernel that a training starts: NVRTC compiles it, and it is given what its parameters say.

Both need no GPU. The stand-in for CuPy writes down the kernels and runs none of them, nor any product of matrices that
adds to its result, so the numbers are nonsense.
"""

import ctypes
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import strict_cupy
from test_short_trainings import dataset_of
from test_two_floors import one_step, shape_of

from minigan import TrainConfig
from minigan.models import GANS
from minigan.training.trainers import make_trainer

CASES = [
    *({"model": model} for model in GANS),
    {"model": "hybrid", "objective": "non-saturating", "update": "simultaneous"},
    {"model": "hybrid", "penalty": "r1", "spectral_norm": True},
    {"model": "hybrid", "minibatch_std": True, "clip_gradient_norm": 0.1},
    {"model": "mlp", "objective": "hinge", "augment_shift": 2},
    {"model": "mlp", "objective": "wasserstein"},
    {"model": "mlp", "objective": "minimax", "real_label": 0.9, "label_noise": 0.1},
    {"model": "writeup-1", "as_published": True},
]
TYPES = {"bool": "bool", "int32": "int", "int64": "long long", "uint32": "unsigned", "uint64": "unsigned long long"}
HOST = {"float": np.float32, "double": np.float64, "int": np.int32, "long long": np.int64}
ELEMENTWISE = """
typedef {T} T;
template <typename A> struct Raw {{  // what a kernel may ask of an array that CuPy hands on as it is
    A *data;
    ptrdiff_t lengths[8];
    __device__ const ptrdiff_t *shape() const {{ return lengths; }}
    __device__ A &operator[](ptrdiff_t i) const {{ return data[i]; }}
    __device__ A &operator[](const ptrdiff_t *place) const {{ return data[place[0]]; }}
}};
extern "C" __global__ void {name}({parameters}, const long long size) {{
    for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < size; i += gridDim.x * blockDim.x) {{
        {elements}
        {operation};
    }}
}}
"""


class Recorded:
    """The kernels by their CUDA C, and what is wrong with the calls."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.mistakes: list[str] = []
        self.called: set[str] = set()


def make_elementwise_kernel(recorded: Recorded, cupy: Any) -> type:
    class ElementwiseKernel:
        def __init__(self, in_params: str, out_params: str, operation: str, name: str = "kernel") -> None:
            self.name = name
            self.inputs, self.outputs = ([each.split() for each in p.split(",")] for p in (in_params, out_params))
            for number in ("float", "double"):
                recorded.texts[f"{name} {number} {operation}"] = self.text(number, operation)

        def text(self, number: str, operation: str) -> str:
            """A kernel as CuPy makes it, but for arrays without gaps only."""
            parameters, elements = [], []
            for each, const in [*((p, "const ") for p in self.inputs), *((p, "") for p in self.outputs)]:
                kind, name = TYPES.get(each[-2], each[-2]), each[-1]
                raw = each[0] == "raw"
                parameters.append(f"const Raw<{const}{kind}> {name}" if raw else f"{const}{kind} *{name}_")
                if not raw:
                    elements.append(f"{const}{kind} &{name} = {name}_[i];")
            return ELEMENTWISE.format(
                T=number,
                name=self.name,
                parameters=", ".join(parameters),
                elements=" ".join(elements),
                operation=operation,
            )

        def __call__(self, *operands: Any, size: int | None = None) -> Any:
            """Return the outputs, made by the kernel or given to it, as CuPy does."""
            recorded.called.add(self.name)
            params = [*self.inputs, *self.outputs]
            if len(operands) not in (len(self.inputs), len(params)):
                recorded.mistakes.append(f"{self.name}: {len(operands)} operands for {len(params)}")
            given = list(zip(params, operands, strict=False))
            types = {x.dtype for each, x in given if each[-2] == "T" and isinstance(x, strict_cupy.ndarray)}
            if len(types) != any(each[-2] == "T" for each in params):
                recorded.mistakes.append(f"{self.name}: T is {types}")
            shapes = (np.shape(getattr(x, "_a", x)) for each, x in given if each[0] != "raw")
            shape = np.broadcast_shapes(*shapes) if size is None else (size,)
            missing = self.outputs[: len(params) - len(given)]
            made = [cupy.empty(shape, next(iter(types)) if kind == "T" else kind) for kind, _ in missing]
            outputs = [*operands[len(self.inputs) :], *made]
            if any(output.shape != shape for output in outputs):
                recorded.mistakes.append(f"{self.name}: outputs {[output.shape for output in outputs]}, inputs {shape}")
            return outputs[0] if len(outputs) == 1 else tuple(outputs)

    return ElementwiseKernel


def make_raw_kernel(recorded: Recorded) -> type:
    class RawKernel:
        def __init__(self, code: str, name: str) -> None:
            recorded.texts[code] = code
            self.name = name
            found = re.search(rf'extern "C" __global__ void {name}\(([^)]*)\)', code)
            assert found, name
            self.parameters = [re.sub(r"\bconst\b|\s+", " ", each).strip() for each in found[1].split(",")]
            self.types = HOST | {"T": HOST[re.search(r"typedef (\w+) T;", code)[1]]}

        def __call__(self, grid: tuple, block: tuple, operands: tuple) -> None:
            """CuPy checks neither the number of the operands nor their types: the kernel reads what lies there."""
            recorded.called.add(self.name)
            threads = int(np.prod(block))
            if not 1 <= threads <= 1024 or any(n < 1 for n in (*grid, *block)) or any(n > 65535 for n in grid[1:]):
                recorded.mistakes.append(f"{self.name}: grid {grid}, block {block}")
            if len(operands) != len(self.parameters):
                recorded.mistakes.append(f"{self.name}: {len(operands)} operands for {len(self.parameters)}")
            for parameter, operand in zip(self.parameters, operands, strict=False):
                kind, pointer = parameter.rpartition(" ")[0].strip(), "*" in parameter
                array = isinstance(operand, strict_cupy.ndarray)
                if array != pointer or operand.dtype != self.types[kind.replace("*", "").strip()]:
                    recorded.mistakes.append(f"{self.name}: {parameter} is given {type(operand)} {operand.dtype}")
                if array and not operand.flags.c_contiguous:
                    recorded.mistakes.append(f"{self.name}: {parameter} has gaps")

    return RawKernel


@pytest.fixture(scope="module")
def recorded() -> Iterator[Recorded]:
    """What one step of every model, and of some options, starts: of a training, and in float64."""
    kernels = Recorded()
    with pytest.MonkeyPatch.context() as patch:
        cupy = strict_cupy.install(patch)
        cupy.cuda.device = SimpleNamespace(get_cublas_handle=lambda: 0)
        cupy.cuda.cublas = SimpleNamespace(gemmEx=lambda *arguments: None)
        cupy.ElementwiseKernel, cupy.RawKernel = make_elementwise_kernel(kernels, cupy), make_raw_kernel(kernels)
        for options in CASES:
            dataset = dataset_of(options["model"])
            config = TrainConfig(batch_size=8, steps=1, **options).resolve(dataset=dataset.name, device="cuda")
            make_trainer(config, dataset).step()
            one_step(options, shape_of(options["model"]), batch=8, device="cuda")
        yield kernels


def test_every_kernel_is_given_what_it_takes(recorded):
    assert not recorded.mistakes
    assert len(recorded.called) > 20


@cache
def nvrtc() -> ctypes.CDLL | None:
    """Return the compiler of CUDA C, which is a package of its own and needs no GPU."""
    package = importlib.util.find_spec("nvidia")
    folders = [Path(folder) for folder in package.submodule_search_locations] if package else []
    found = [path for folder in folders for path in sorted(folder.glob("*/lib/libnvrtc.so.*"))]
    return ctypes.CDLL(str(found[0])) if found else None


def problems_in(text: str) -> str:
    """Return what the compiler says about a kernel, or nothing."""
    library, program, size = nvrtc(), ctypes.c_void_p(), ctypes.c_size_t()
    assert not library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernel.cu", 0, None, None)
    options = (ctypes.c_char_p * 2)(b"--std=c++17", b"--gpu-architecture=compute_75")
    failed = library.nvrtcCompileProgram(program, len(options), options)
    assert not library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    assert not library.nvrtcGetProgramLog(program, log)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return log.value.decode() or f"NVRTC fails with {failed}" if failed else ""


@pytest.fixture
def compiler() -> None:
    if nvrtc() is None:
        pytest.skip("NVRTC is not installed: pip install nvidia-cuda-nvrtc-cu12")


def test_every_kernel_compiles(recorded, compiler):
    assert len(recorded.texts) > 50
    wrong = {name: problems for name, text in recorded.texts.items() if (problems := problems_in(text))}
    assert not wrong, "\n".join(f"{name}\n{problems}" for name, problems in wrong.items())


@pytest.mark.parametrize("mistake", ["y = z", "x = y", "y = x +", "y = sqroot(x)"])
def test_a_mistake_is_seen(mistake, compiler):
    """Canary: an unknown name, an input that is changed, a missing operand, an unknown function."""
    kernels = Recorded()
    make_elementwise_kernel(kernels, None)("T x", "T y", mistake, "wrong")
    assert [bool(problems_in(text)) for text in kernels.texts.values()] == [True, True]
