"""A stand-in for CuPy 14 on the CPU, so that the tests run "as if on CuPy" wherever there is no GPU.

It fails where CuPy fails (a NumPy array in a CuPy expression, an unknown function or keyword, an implicit
conversion to the host) and counts what CuPy does silently: host synchronisations and host-to-device copies.
It is stricter where CuPy's answer is undefined or where the project forbids what CuPy allows:

- NumPy functions refuse its arrays: `xp` has to come from the data;
- a NumPy array is never assigned into a slice: upload it with `asarray`, or use `.set`;
- no operator takes None or a NumPy array, not even `==` (CuPy compares with those that have one value);
- an index array holds integers, is bounds-checked (CuPy wraps around) and must not write two values into one place;
- a slice is made of Python integers (CuPy reads those that are on the device), an integer has no negative power;
- `empty` holds NaN, a broadcast view is read-only, and a ufunc takes no `where=`;
- functions take only the arguments that NumPy and CuPy share (a missing one is one word in `FUNCTIONS`).
"""

import contextlib
import dataclasses
import functools
import itertools
import re
import sys
import time
import types

import numpy as np


@dataclasses.dataclass(eq=False)
class Counts:
    synchronisations: int = 0  # the host waited for the device
    uploads: int = 0  # host-to-device copies

    def reset(self):
        self.synchronisations = self.uploads = 0


counts = Counts()
_listening = [counts]


@contextlib.contextmanager
def count():
    """Yield fresh `Counts` that see only what happens inside the block."""
    fresh = Counts()
    _listening.append(fresh)
    try:
        yield fresh
    finally:
        _listening.remove(fresh)


def _synchronise():
    for each in _listening:
        each.synchronisations += 1


def _upload():
    for each in _listening:
        each.uploads += 1


# Functions: the arguments are checked and unwrapped, NumPy computes, the result is wrapped.
# A row holds the parameters that NumPy 2 and CuPy 14 share (after `|`: by keyword only; with a leading `_`,
# where the names differ: by position only) and the functions that have them, with a dot if methods have too.
# The name of a parameter says what it may be: see CHECKS.
FUNCTIONS = """
a axis dtype out keepdims: .sum .prod .mean
a axis dtype out ddof keepdims: .std .var
a axis out keepdims: .all .any .max .min amax amin
a axis | out keepdims: .argmax .argmin
a axis dtype out: .cumsum .cumprod
a axis: .squeeze expand_dims flip count_nonzero
a: .nonzero flatnonzero argwhere shape ndim size diag ascontiguousarray atleast_1d fliplr flipud
a order: copy .ravel
a | axis: sort argsort
a kth axis: partition
a x y: where
a a_min a_max out: .clip
a b out: .dot
a b | out dtype casting: matmul
a b axes: tensordot
a b: inner outer vdot array_equal may_share_memory shares_memory
a indices axis: take_along_axis
a x rtol atol equal_nan: isclose allclose
a x casting | where: copyto
a x side: searchsorted
a offset axis1 axis2: .trace .diagonal
a k: tril triu
a k axes: rot90
a n axis: diff
a decimals out: .round
a indices axis out: .take
a axis1 axis2: .swapaxes
a axes: transpose
a source destination: moveaxis
a shape: broadcast_to
a _shape order: reshape
a shift axis: roll
a repeats axis: .repeat
a reps: tile
a pad_width mode | constant_values: pad
a _sections axis: split array_split
a q axis | method keepdims: percentile quantile
a | axis keepdims: median
a | weights minlength: bincount
a return_index return_inverse return_counts axis: unique
x | copy nan posinf neginf: nan_to_num
arrays axis out | dtype casting: concatenate stack
arrays: vstack hstack
subscripts *a | dtype optimize: einsum
*a | indexing sparse: meshgrid
*typed: result_type
typed to casting: can_cast
*shapes: broadcast_shapes
shape dtype order: zeros ones empty
shape fill_value dtype order: full
a dtype order | shape: zeros_like ones_like empty_like
a fill_value dtype order | shape: full_like
start stop step | dtype: arange
start stop num endpoint | dtype axis: linspace
N M k dtype order: eye
"""
METHODS = """
a dtype | order copy: astype
a dtype: view
a *shape | order: reshape
a *axes: transpose
a axis: sort argsort
a order: copy flatten
a x: fill
"""
LINALG = """
a ord axis keepdims: norm
a full_matrices: svd
a: eigh eigvalsh inv cholesky qr
a b: solve
"""
UFUNCS = """
abs absolute add arctan arctan2 arctanh bitwise_and bitwise_not bitwise_or bitwise_xor cbrt ceil copysign
cos cosh divide divmod equal exp exp2 expm1 fabs floor floor_divide fmax fmin fmod greater greater_equal
hypot invert isfinite isinf isnan left_shift less less_equal log log10 log1p log2 logaddexp logical_and
logical_not logical_or maximum minimum mod multiply negative not_equal positive power reciprocal
remainder right_shift rint sign signbit sin sinh sqrt square subtract tan tanh true_divide trunc"""
BORROWED = """
bool bool_ uint8 uint16 uint32 uint64 int8 int16 int32 int64 intp float16 float32 float64 complex64 complex128
floating integer number generic dtype finfo iinfo issubdtype promote_types isscalar e pi inf nan newaxis"""
REDUCTIONS = """
sum prod mean std var all any max min amax amin argmax argmin cumsum cumprod"""
SYNCHRONISING = """
nonzero flatnonzero argwhere unique bincount median svd eigh eigvalsh inv cholesky qr solve"""
SCALARS = (int, float, complex, np.number, np.bool_)


def _wrap(result):
    """NumPy's result as CuPy gives it: an array (0-d for a scalar), some of these, or a host value."""
    if type(result) is not np.ndarray:
        if isinstance(result, tuple | list):
            return (tuple if isinstance(result, tuple) else list)(map(_wrap, result))
        if not isinstance(result, np.generic):
            return result
        result = np.asarray(result)
    if result.dtype.kind not in "biufc" or result.dtype.char in "gG":
        raise ValueError(f"Unsupported dtype {result.dtype}")
    wrapped = object.__new__(ndarray)
    wrapped._a = result
    return wrapped


def _array(x):
    if type(x) is ndarray:
        return x._a
    raise TypeError(f"Unsupported type {type(x)}")


def _array_or_scalar(x):
    if type(x) is ndarray:
        return x._a
    if isinstance(x, SCALARS):
        return x
    raise TypeError(f"Unsupported type {type(x)}")


def _optional(x):
    return None if x is None else _array_or_scalar(x)


def _arrays(x):
    if not isinstance(x, list | tuple):
        raise TypeError(f"Unsupported type {type(x)}: a list or tuple of arrays is expected")
    return [_array(each) for each in x]


def _indices(x):
    if not isinstance(x, list | tuple):
        return _array_or_scalar(x)
    _upload()
    return np.asarray(x, np.int64)


def _host_value(x):
    """A shape, axis, dtype, mode, number; arrays of either kind are refused."""
    if isinstance(x, ndarray | np.ndarray):
        raise TypeError(f"Unsupported type {type(x)}")
    if isinstance(x, list | tuple):
        for each in x:
            _host_value(each)
    return x


CHECKS = {
    **dict.fromkeys(["a", "b"], _array),
    **dict.fromkeys(["out", "weights", "where"], lambda x: None if x is None else _array(x)),
    **dict.fromkeys(["x", "y", "fill_value"], _array_or_scalar),
    **dict.fromkeys(["a_min", "a_max"], _optional),
    "arrays": _arrays,
    "indices": _indices,
    "typed": lambda x: x.dtype if type(x) is ndarray else _host_value(x),
}


def _check(parameter):
    return CHECKS.get(parameter.removeprefix("*"), _host_value)


@functools.cache
def _ufunc(name):
    numpy_ufunc = getattr(np, name)
    n_in, n_args = numpy_ufunc.nin, numpy_ufunc.nargs

    def ufunc(*args, out=None, dtype=None, casting="same_kind"):
        if not n_in <= len(args) <= n_args:
            raise TypeError(f"{name}() takes {n_in} to {n_args} arguments but {len(args)} were given")
        if len(args) > n_in:
            args, out = args[:n_in], args[n_in]
        operands = [_array_or_scalar(arg) for arg in args]
        if out is None:
            return _wrap(numpy_ufunc(*operands, dtype=dtype, casting=casting))
        numpy_ufunc(*operands, out=_array(out), dtype=dtype, casting=casting)
        return out

    return ufunc


@functools.cache  # every test has a fresh module, made of the same functions
def _function(name, parameters, implementation):
    positional, _, by_keyword = parameters.partition("|")
    positional, by_keyword = positional.split(), by_keyword.split()
    variadic = positional[-1].startswith("*")
    checks = [_check(each) for each in positional]
    keyword_checks = {each: _check(each) for each in [*positional[1:], *by_keyword]}
    out_at = positional.index("out") if "out" in positional else len(positional) + 99
    synchronises = name in SYNCHRONISING.split()

    def function(*args, **kwargs):
        if len(args) > len(checks) and not variadic:
            raise TypeError(f"{name}() takes {len(checks)} positional arguments but {len(args)} were given")
        for_each = itertools.chain(checks, itertools.repeat(checks[-1])) if variadic else checks
        host_args = [check(arg) for check, arg in zip(for_each, args, strict=False)]
        out = kwargs.get("out", args[out_at] if len(args) > out_at else None)
        for key, value in kwargs.items():
            if key not in keyword_checks:
                raise TypeError(f"{name}() got an unexpected keyword argument {key!r}")
            kwargs[key] = keyword_checks[key](value)
        if synchronises or (name == "where" and len(args) == 1):
            _synchronise()
        result = implementation(*host_args, **kwargs)
        if out is not None:
            return out
        if type(result) is np.ndarray and host_args and result is host_args[0]:
            return args[0]
        return _wrap(result)

    return function


def _functions(table, source, methods_only=False):
    for row in table.strip().splitlines():
        parameters, names = row.split(": ")
        for name in names.split():
            if name.startswith(".") or not methods_only:
                name = name.removeprefix(".")
                special = SPECIAL.get(name) if source is np else None
                yield name, _function(name, parameters, special or getattr(source, name))


def _poisoned(create):
    def empty(*args, **kwargs):
        host_array = create(*args, **kwargs)
        if host_array.dtype.kind in "fc":
            host_array.fill(np.nan)
        return host_array

    return empty


def _contiguous(f):
    return lambda *args, **kwargs: np.ascontiguousarray(f(*args, **kwargs))


def _as_array(f):
    return lambda *args, **kwargs: np.asarray(f(*args, **kwargs))


def _along_an_axis(reduce):
    def reduction(a, axis=None, *args, **kwargs):
        if axis is not None:
            np.lib.array_utils.normalize_axis_tuple(axis, a.ndim)  # NumPy takes axis 0 of an array without axes
        return reduce(a, axis, *args, **kwargs)

    return reduction


def _clip(a, a_min, a_max, out=None):
    for bound in (a_min, a_max):
        if type(bound) is int:
            a.dtype.type(bound)  # NumPy takes a bound outside of the range of the type
    return np.clip(a, a_min, a_max, out)


def _matmul(a, b, out=None, **kwargs):
    product = np.matmul(a, b, **kwargs)
    if out is None:
        return product
    if out.shape != product.shape:  # NumPy repeats the product
        raise ValueError(f"Output array has an invalid size: {out.shape}, the product {product.shape}")
    np.copyto(out, product, casting="same_kind")
    return out


SPECIAL = {  # where CuPy differs: 0-d arrays for Python values, content and layout of memory, required arguments
    **{f.__name__: _as_array(f) for f in (np.array_equal, np.allclose, np.count_nonzero)},
    **{f.__name__: _poisoned(f) for f in (np.empty, np.empty_like)},
    **{f.__name__: _contiguous(f) for f in (np.sort, np.partition, np.argwhere)},
    **{name: _along_an_axis(getattr(np, name)) for name in REDUCTIONS.split()},
    "clip": _clip,
    "diag": lambda a: np.diag(a).copy(),
    "matmul": _matmul,
    "take_along_axis": lambda a, indices, axis: np.take_along_axis(a, indices, axis),
}


class ndarray:
    """A NumPy array behind CuPy's manners: views share memory, and there is no `__index__`."""

    __slots__ = ("_a",)
    __array_ufunc__ = None  # NumPy's operators hand over to these, NumPy's functions refuse

    def __init__(self, shape, dtype=float, order="C"):
        self._a = SPECIAL["empty"](shape, dtype, order)

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_function__(self, func, types, args, kwargs):
        raise TypeError(f"numpy.{func.__name__} was given a CuPy array: take xp from the array instead")

    device = property(lambda self: Device(0))
    data = property(lambda self: types.SimpleNamespace(ptr=self._a.ctypes.data))

    def get(self, stream=None, order="C", out=None, blocking=True):
        _synchronise()
        if out is None:
            return self._a.copy(order)
        if out.shape != self.shape or out.dtype != self.dtype:
            raise ValueError(f"out is {out.dtype} {out.shape}, the array {self.dtype} {self.shape}")
        if not out.flags.forc:
            raise RuntimeError("`out` cannot be specified when copying to non-contiguous ndarray")
        out[...] = self._a
        return out

    def set(self, arr, stream=None):
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.dtype != self.dtype:
            raise TypeError(f"{arr.dtype} array cannot be set to {self.dtype} array")
        if arr.shape != self.shape:
            raise ValueError(f"Shape mismatch. Old shape: {self.shape}, new shape: {arr.shape}")
        if not self._a.flags.forc:
            raise RuntimeError("Cannot set to non-contiguous array")
        _upload()
        self._a[...] = arr

    def item(self):
        return self.get().item()

    def tolist(self):
        return self.get().tolist()

    def __reduce__(self):
        return array, (self.get(),)

    def __deepcopy__(self, memo=None):
        return self.copy()

    __copy__ = __deepcopy__

    def __len__(self):
        return len(self._a)

    def __iter__(self):
        if self._a.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self._a)))

    def _key(self, key):
        """The key for NumPy, with an ellipsis so that even `a[0, 1]` is a view; whether it holds arrays."""
        entries, ellipsis, advanced = [], False, False
        for entry in key if type(key) is tuple else (key,):
            if entry is Ellipsis:
                ellipsis = True
            elif entry is not None and type(entry) not in (int, slice) and not isinstance(entry, np.integer):
                if type(entry) is ndarray:
                    entry = entry._a
                else:  # a list, a NumPy array, a bool
                    _upload()
                    entry = np.asarray(entry) if np.size(entry) else np.zeros(np.shape(entry), np.int64)
                if entry.dtype.kind == "b":
                    _synchronise()  # the number of True decides the shape
                advanced = True
            entries.append(entry)
        return tuple(entries if ellipsis else [*entries, Ellipsis]), advanced

    def __getitem__(self, key):
        return _wrap(self._a[self._key(key)[0]])

    def __setitem__(self, key, value):
        host_value = _array_or_scalar(value)
        key, advanced = self._key(key)
        if advanced and type(value) is not ndarray:
            _upload()  # CuPy makes an array of the scalar here
        elif advanced and host_value.size > 1:
            places = np.arange(self._a.size).reshape(self._a.shape)[key]
            if np.unique(places).size != places.size:
                raise ValueError("repeated indices: CuPy does not define which value is stored")
        self._a[key] = host_value


def _complete_ndarray():
    for name, method in itertools.chain(_functions(FUNCTIONS, np, methods_only=True), _functions(METHODS, np.ndarray)):
        setattr(ndarray, name, method)

    def attribute(name):
        return property(lambda self: getattr(self._a, name))

    def view(name):
        return property(lambda self: _wrap(getattr(self._a, name)))

    def conversion(convert):
        def method(self, *args):
            _synchronise()
            return convert(self._a, *args)

        return method

    def unary(f):
        return lambda self: _wrap(f(self._a))

    def binary(f):
        return lambda self, other: _wrap(f(self._a, _array_or_scalar(other)))

    def reflected(f):
        return lambda self, other: _wrap(f(_array_or_scalar(other), self._a))

    def in_place(f):
        def method(self, other):
            f(self._a, _array_or_scalar(other), out=self._a)
            return self

        return method

    for name in ("shape", "dtype", "ndim", "size", "strides", "itemsize", "nbytes", "flags"):
        setattr(ndarray, name, attribute(name))
    for name in ("T", "mT", "real", "imag"):
        setattr(ndarray, name, view(name))
    for convert in (float, int, bool, complex, repr, str, format):
        setattr(ndarray, f"__{convert.__name__}__", conversion(convert))
    for short, f in {"neg": np.negative, "pos": np.positive, "abs": np.abs, "invert": np.invert}.items():
        setattr(ndarray, f"__{short}__", unary(f))
    compare = {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
    for short, f in {**compare, "eq": np.equal, "ne": np.not_equal}.items():
        setattr(ndarray, f"__{short}__", binary(f))
    arithmetic = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide}
    arithmetic |= {"pow": np.power, "floordiv": np.floor_divide, "mod": np.mod, "divmod": np.divmod}
    bits = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
    bits |= {"lshift": np.left_shift, "rshift": np.right_shift}
    for short, f in {**arithmetic, **bits, "matmul": np.matmul}.items():
        setattr(ndarray, f"__{short}__", binary(f))
        setattr(ndarray, f"__r{short}__", reflected(f))
        if short not in ("matmul", "divmod"):  # `a @= b` makes a new array in CuPy
            setattr(ndarray, f"__i{short}__", in_place(f))
    ndarray.__hash__ = None


_complete_ndarray()


def array(obj, dtype=None, *, copy=True, order="K"):
    host = obj
    if type(obj) is ndarray:
        host = obj._a
    elif isinstance(obj, list | tuple) and obj and all(type(each) is ndarray for each in obj):
        host = [each._a for each in obj]
    else:
        _upload()
        copy = True
    result = np.array(host, dtype, copy=copy or None, order=order)
    return obj if result is host else _wrap(result)


def asarray(a, dtype=None, order="K", *, copy=None):
    return array(a, dtype, copy=bool(copy), order=order)


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    return a.get(stream, order, out) if type(a) is ndarray else np.asarray(a, order=order)


def fuse(*args, **kwargs):
    """As `cupy.fuse`, bare or with arguments; the function runs unfused."""
    return args[0] if args and callable(args[0]) else lambda function: function


class ElementwiseKernel:
    """Runs C statements `name = expression`, of operators, sqrt and one `?:` at most, on arrays given for every name.

    Types are T, one for all, and bool; outputs are given last and overwritten, as arrays of the full shape.
    """

    def __init__(self, in_params, out_params, operation, name="kernel"):
        self.inputs, self.outputs = ([each.split() for each in p.split(",")] for p in (in_params, out_params))
        choice = re.compile(r"(.+?) = (.+?) \? (.+?) : (.+)")
        self.code = [choice.sub(r"\1 = where(\2, \3, \4)", each.strip()) for each in operation.split(";")]

    def __call__(self, *args):
        params = [*self.inputs, *self.outputs]
        if len(args) != len(params):
            raise TypeError(f"Wrong number of arguments: {len(args)} for {len(params)}")
        scope = {"__builtins__": {}, "where": np.where, "sqrt": np.sqrt}
        types = set()
        for (kind, name), arg in zip(params, args, strict=True):
            value = _array_or_scalar(arg)
            if isinstance(arg, ndarray):
                if (value.dtype == bool) != (kind == "bool"):
                    raise TypeError(f"Type is mismatched: {name} {value.dtype} {kind}")
                types |= {value.dtype} if kind == "T" else set()
            scope[name] = value.copy() if isinstance(value, np.ndarray) else value
        if len(types) != 1:
            raise TypeError(f"Type is mismatched: T {types}")
        shape = np.broadcast_shapes(*(np.shape(value) for value in scope.values() if not callable(value)))
        for line in self.code:
            exec(line, scope)
        for (_, name), out in zip(self.outputs, args[len(self.inputs) :], strict=True):
            if out.shape != shape:
                raise ValueError(f"Out shape is mismatched: {out.shape}, {shape}")
            _array(out)[...] = scope[name]


class BitGenerator:
    def __init__(self, seed=None, *, size=-1):
        self._host = {"Philox4x3210": np.random.Philox, "XORWOW": np.random.SFC64}[type(self).__name__](seed)


class Philox4x3210(BitGenerator): ...


class XORWOW(BitGenerator): ...


class Generator:
    def __init__(self, bit_generator):
        if not isinstance(bit_generator, BitGenerator):
            raise TypeError(f"bit_generator must be a cupy.random.BitGenerator, not {type(bit_generator)}")
        self._host = np.random.Generator(bit_generator._host)

    def random(self, size=None, dtype=np.float64, out=None):
        result = self._host.random(size, dtype, CHECKS["out"](out))
        return _wrap(np.asarray(result)) if out is None else out

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        result = self._host.standard_normal(size, dtype, CHECKS["out"](out))
        return _wrap(np.asarray(result)) if out is None else out

    def integers(self, low, high=None, size=None, dtype=np.int64, endpoint=False):
        low, high = _host_value(low), _host_value(high)
        return _wrap(np.asarray(self._host.integers(low, high, size, dtype, endpoint), dtype))


def default_rng(seed=None):
    if isinstance(seed, Generator):
        return seed
    return Generator(seed if isinstance(seed, BitGenerator) else XORWOW(seed))


class _Context:
    """What streams and devices share."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None

    def use(self):
        return self

    def synchronize(self):
        _synchronise()


class Device(_Context):
    compute_capability = "90"

    def __init__(self, device=0):
        self.id = int(device)


class Stream(_Context):
    def __init__(self, null=False, non_blocking=False):
        self.ptr = 0


Stream.null = Stream(null=True)


class Event:
    def __init__(self, block=False, disable_timing=False):
        self._time = None

    def record(self, stream=None):
        self._time = time.perf_counter()

    def synchronize(self):
        _synchronise()


RUNTIME = {
    "CUDARuntimeError": type("CUDARuntimeError", (RuntimeError,), {}),
    "getDeviceCount": lambda: 1,
    "getDevice": lambda: 0,
    "getDeviceProperties": lambda device: {"name": b"strict stand-in", "totalGlobalMem": 2**30},
    "memGetInfo": lambda: (2**29, 2**30),  # free, total
    "driverGetVersion": lambda: 12080,
    "runtimeGetVersion": lambda: 12080,
    "deviceSynchronize": _synchronise,
}
CUDA = {
    "Device": Device,
    "Stream": Stream,
    "Event": Event,
    "get_current_stream": lambda device_id=-1: Stream.null,
    "get_elapsed_time": lambda start, end: 1e3 * (end._time - start._time),
    "is_available": lambda: True,
    "memory": types.SimpleNamespace(OutOfMemoryError=type("OutOfMemoryError", (MemoryError,), {})),
    "runtime": types.SimpleNamespace(**RUNTIME),
}
POOL = {"used_bytes": lambda: 0, "total_bytes": lambda: 0, "free_all_blocks": lambda stream=None: None}


def _module(name, *members):
    module = types.ModuleType(name)
    for each in members:
        vars(module).update(each)
    return module


def make_module():
    """A fresh module for `sys.modules["cupy"]`, its counts at zero; a name it lacks is an AttributeError."""
    counts.reset()
    samplers = (BitGenerator, Philox4x3210, XORWOW, Generator, default_rng)
    module = _module(
        "cupy",
        {name: getattr(np, name) for name in BORROWED.split()},
        {name: _ufunc(name) for name in UFUNCS.split()},
        _functions(FUNCTIONS, np),
        {each.__name__: each for each in (ndarray, array, asarray, asnumpy, fuse, ElementwiseKernel)},
    )
    module.__version__, module.__path__, module.counts = "14.0.0", [], counts
    module.is_available = lambda: True
    module.get_default_memory_pool = lambda: types.SimpleNamespace(**POOL)
    module.get_array_module = lambda *args: module if any(type(x) is ndarray for x in args) else np
    module.linalg = _module("cupy.linalg", _functions(LINALG, np.linalg))
    module.random = _module("cupy.random", {each.__name__: each for each in samplers})
    module.cuda = _module("cupy.cuda", CUDA)
    return module


def install(monkeypatch):
    """Put a fresh module and its submodules into `sys.modules` for one test, and return it."""
    module = make_module()
    monkeypatch.setitem(sys.modules, "cupy", module)
    for name in ("linalg", "random", "cuda"):
        monkeypatch.setitem(sys.modules, f"cupy.{name}", getattr(module, name))
    return module
