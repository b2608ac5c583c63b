"""One kernel for a chain of elementwise operations, written down by the chain itself.

On a GPU every operation on arrays is a kernel of its own: it takes about 5 microseconds to start, and it reads and
writes whole arrays. `fused` calls a function once with `Value` objects instead of arrays. They compute nothing, but
note each operation as a line of CUDA C. The lines together are one kernel, which computes the function from then on.

On the CPU, `fused` does nothing: there the function itself runs. It also runs on a GPU if it does something that a
kernel of this kind cannot do, such as a sum.
"""

from collections.abc import Callable, Sequence
from functools import cache, wraps
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np

from ..backend import Array, get_array_module

OPERATIONS = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "negative": "-{}",
    "absolute": "fabs({})",
    "square": "{0} * {0}",
    "sqrt": "sqrt({})",
    "exp": "exp({})",
    "log": "log({})",
    "log1p": "log1p({})",
    "tanh": "tanh({})",
    "maximum": "({0} > {1} || {0} != {0} ? {0} : {1})",  # as in NumPy, the result is NaN if one of the two is
    "minimum": "({0} < {1} || {0} != {0} ? {0} : {1})",
    "greater": "{} > {}",
    "less": "{} < {}",
    "where": "({} ? {} : {})",
}


class NotElementwiseError(TypeError):
    """A function does something that cannot be a line of an elementwise kernel."""


def compiles(xp: ModuleType) -> bool:
    """Return whether this array module compiles kernels in CUDA C, as CuPy does."""
    return xp is not np and hasattr(xp, "RawKernel")


class Value:
    """An element inside a kernel: ``text`` is the name of the variable that holds it.

    Raises
    ------
    NotElementwiseError
        In an operation that `OPERATIONS` does not contain, in a condition of Python, or with an array that is not an
        argument of the function.
    """

    def __init__(self, lines: list[str], text: str) -> None:
        self.lines, self.text = lines, text

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, out: Any = None, **options: Any) -> "Value":
        if method != "__call__" or options:
            raise NotElementwiseError(f"fused: expected an operation on elements, got {ufunc.__name__} with options")
        value = self._note(ufunc.__name__, operands)
        if out is None:
            return value
        (result,) = out
        result.text = value.text
        return result

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> "Value":
        return self._note(function.__name__, operands)

    def _note(self, operation: str, operands: Any) -> "Value":
        if operation not in OPERATIONS:
            raise NotElementwiseError(f"fused: expected an operation of {', '.join(OPERATIONS)}, got {operation}")
        name = f"v{len(self.lines)}"
        self.lines.append(f"const auto {name} = {OPERATIONS[operation].format(*map(self._text, operands))};")
        return Value(self.lines, name)

    @staticmethod
    def _text(operand: Any) -> str:
        if isinstance(operand, Value):
            return operand.text
        if isinstance(operand, int | float | np.floating):
            return f"T({float(operand)!r})"
        kind = type(operand).__name__
        raise NotElementwiseError(f"fused: expected numbers and arguments of the function, got {kind}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotElementwiseError(f"fused: expected an operation on elements, got {name}")

    def __bool__(self) -> bool:
        raise NotElementwiseError("fused: expected the same lines for every element, got a condition on a value")

    def astype(self, dtype: Any) -> "Value":
        """Return the value as T, the only type of numbers in a kernel."""
        name = f"v{len(self.lines)}"
        self.lines.append(f"const T {name} = {self.text};")
        return Value(self.lines, name)

    @property
    def dtype(self) -> None:
        """There is one type in a kernel, so a chain may ask for it and hand it on to `astype`."""
        return None

    def __setitem__(self, everywhere: Any, value: Any) -> None:
        """Take over another value, as ``y[...] = value`` does."""
        self.text = self._text(value)

    def __pow__(self, exponent: float) -> Any:
        if exponent != 2:
            raise NotElementwiseError(f"fused: expected the exponent 2, got {exponent!r}")
        return np.square(self)


def _complete() -> None:
    """Give `Value` the operators of Python: a + b is ``np.add(a, b)``, and so on."""

    def operator(f: np.ufunc) -> Callable[..., Any]:
        return lambda *operands: f(*operands)

    def reflected(f: np.ufunc) -> Callable[..., Any]:
        return lambda a, b: f(b, a)

    def in_place(f: np.ufunc) -> Callable[..., Any]:
        return lambda a, b: f(a, b, out=a)

    arithmetic = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide}
    for name, f in {**arithmetic, "gt": np.greater, "lt": np.less, "neg": np.negative, "abs": np.absolute}.items():
        setattr(Value, f"__{name}__", operator(f))
    for name, f in arithmetic.items():
        setattr(Value, f"__r{name}__", reflected(f))
        setattr(Value, f"__i{name}__", in_place(f))


_complete()


def cuda_text(function: Callable[..., Any], kinds: Sequence[str], outputs: int = 0) -> tuple[str, str, str]:
    """Return the parameters of a kernel, its outputs and its lines, as ``cupy.ElementwiseKernel`` takes them.

    Parameters
    ----------
    function : callable
        It returns its results or, if ``outputs`` > 0, stores them into its last arguments.
    kinds : sequence of str
        The types of the inputs: "T", the type of the numbers, or "bool".
    outputs : int
        How many of the last arguments are outputs.
    """
    lines: list[str] = []
    names = list(signature(function).parameters)
    values = [Value(lines, name) for name in names]
    results = function(*values)
    inputs = ", ".join(f"{kind} {name}" for kind, name in zip(kinds, names, strict=False))
    if outputs:
        names, stored = names[-outputs:], values[-outputs:]
    else:
        stored = list(results) if isinstance(results, tuple) else [results]
        names = [f"result{i}" for i in range(len(stored))]
    ends = [f"{name} = {value.text};" for name, value in zip(names, stored, strict=True)]
    return inputs, ", ".join(f"T {name}" for name in names), "\n".join(lines + ends)


@cache
def kernel(
    xp: ModuleType, function: Callable[..., Any], kinds: tuple[str, ...], outputs: int = 0
) -> Callable[..., Any]:
    """Compile the kernel of a function."""
    name = "fused_" + function.__name__.strip("<>")  # never the name of a function of CUDA, such as tanh
    return xp.ElementwiseKernel(*cuda_text(function, kinds, outputs), name)


def kinds_of(operands: Sequence[Any]) -> tuple[str, ...]:
    """Return the types of the inputs of a kernel."""
    return tuple("bool" if getattr(each, "dtype", None) == np.bool_ else "T" for each in operands)


def fused(function: Callable[..., Any], *, outputs: int = 0) -> Callable[..., Any]:
    """Return a function that computes the same: on a GPU in one kernel, and on the CPU by the function itself.

    Parameters
    ----------
    function : callable
        Takes arrays and numbers and returns one array or a tuple of arrays. It draws no random numbers, since it may be
        called only once. To be one kernel, it uses only `OPERATIONS`, numbers and its arguments.
    outputs : int
        If > 0, the function returns nothing, and changes so many of its last arguments in place.
    """

    @wraps(function)
    def run(*operands: Array) -> Any:
        xp = get_array_module(*operands)
        if not compiles(xp):
            return function(*operands)
        try:
            computed = kernel(xp, function, kinds_of(operands[: len(operands) - outputs]), outputs)
        except NotElementwiseError:
            computed = function
        return computed(*operands)

    return run
