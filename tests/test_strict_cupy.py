"""The stand-in refuses what CuPy refuses, counts what CuPy hides, and computes what NumPy computes."""

import copy
import operator
import pickle
import sys

import numpy as np
import pytest
import strict_cupy
from conftest import need_gpu

from minigan.backend import array_module


@pytest.fixture
def strict(monkeypatch):
    """The stand-in, for what it does and CuPy does not: it counts, and it is stricter."""
    return strict_cupy.install(monkeypatch)


@pytest.fixture(params=["strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def cp(request, monkeypatch):
    """The stand-in, and CuPy itself where there is a GPU: they pass the same tests."""
    if request.param == "strict":
        return strict_cupy.install(monkeypatch)
    need_gpu()
    return array_module("cuda")


def a34(cp, dtype=np.float32):
    return cp.asarray(np.arange(12).reshape(3, 4).astype(dtype))


HOST = np.ones((3, 4), np.float32)
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod]
BINARY += [operator.pow, operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]
IN_PLACE = [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod]
IN_PLACE += [operator.ipow]


# --- refusals

IMPLICIT = {
    "asarray": lambda cp, a: np.asarray(a),
    "array of a list": lambda cp, a: np.array([a, a]),
    "assignment to a NumPy slice": lambda cp, a: HOST.copy().__setitem__(..., a),
}


@pytest.mark.parametrize("attempt", IMPLICIT.values(), ids=IMPLICIT)
def test_implicit_conversion_is_refused(cp, attempt):
    with pytest.raises(TypeError, match=r"Implicit conversion to a NumPy array is not allowed.*`\.get\(\)`"):
        attempt(cp, a34(cp))


@pytest.mark.parametrize("other", [HOST, HOST[0, 0, ...], [1.0] * 4, None, "1"], ids=repr)
@pytest.mark.parametrize("op", [*BINARY, *IN_PLACE, operator.matmul, divmod], ids=lambda op: op.__name__)
def test_operators_refuse_numpy_arrays_and_lists(strict, op, other):
    with pytest.raises(TypeError, match="Unsupported type"):
        op(a34(strict), other)


@pytest.mark.parametrize("op", [operator.add, operator.lt, operator.imul, operator.matmul], ids=lambda op: op.__name__)
def test_operators_of_cupy_refuse_numpy_arrays_and_lists(cp, op):
    for other in (HOST, [1.0] * 4):
        with pytest.raises(TypeError):
            op(a34(cp), other)
        with pytest.raises(TypeError):
            op(other, a34(cp))


@pytest.mark.parametrize("op", [*BINARY, *IN_PLACE, operator.matmul], ids=lambda op: op.__name__)
def test_operators_refuse_numpy_arrays_on_the_left(strict, op):
    with pytest.raises(TypeError, match=r"Unsupported type|does not support ufuncs"):
        op(HOST.copy(), a34(strict))


NUMPY_FUNCTIONS = {
    "exp": np.exp,
    "add": lambda a: np.add(a, 1),
    "sum": np.sum,
    "concatenate": lambda a: np.concatenate([a, a]),
    "where": lambda a: np.where(a, 1, 0),
    "einsum": lambda a: np.einsum("ij->j", a),
    "zeros_like": np.zeros_like,
    "out": lambda a: np.exp(HOST, out=a),
    "norm": np.linalg.norm,
}


@pytest.mark.parametrize("f", NUMPY_FUNCTIONS.values(), ids=NUMPY_FUNCTIONS)
def test_numpy_functions_refuse(strict, f):
    with pytest.raises(TypeError):
        f(a34(strict))


MIXED = {
    "ufunc": lambda cp, a: cp.maximum(a, HOST),
    "ufunc, 0-d": lambda cp, a: cp.maximum(a, np.array(1.0)),
    "ufunc of a NumPy array": lambda cp, a: cp.exp(HOST),
    "ufunc out": lambda cp, a: cp.exp(a, out=HOST.copy()),
    "ufunc positional out": lambda cp, a: cp.exp(a, HOST.copy()),
    "matmul": lambda cp, a: cp.matmul(a, HOST.T),
    "matmul out": lambda cp, a: cp.matmul(a, a.T, out=np.ones((3, 3), np.float32)),
    "dot": lambda cp, a: a.dot(HOST.T),
    "reduction out": lambda cp, a: a.sum(axis=0, out=HOST[0].copy()),
    "where": lambda cp, a: cp.where(a > 1, a, HOST),
    "clip": lambda cp, a: cp.clip(a, HOST, None),
    "concatenate": lambda cp, a: cp.concatenate([a, HOST]),
    "stack of scalars": lambda cp, a: cp.stack([a, 1.0]),
    "copyto": lambda cp, a: cp.copyto(a, HOST),
    "device value as a shape": lambda cp, a: cp.zeros(cp.asarray(3)),
    "device value in a shape": lambda cp, a: a.reshape((cp.asarray(12), 1)),
    "device value as an index": lambda cp, a: range(cp.asarray(3)),
    "set from the device": lambda cp, a: a.set(a),
    "random out": lambda cp, a: cp.random.default_rng(0).random(4, cp.float32, out=HOST[0].copy()),
}
STRICTER = {  # CuPy converts these, or waits for the device
    "einsum": lambda cp, a: cp.einsum("ij,ij", a, HOST),
    "reduction": lambda cp, a: cp.sum(HOST),
    "reduction of a list": lambda cp, a: cp.sum([1.0, 2.0]),
    "concatenate one array": lambda cp, a: cp.concatenate(a),
    "take": lambda cp, a: cp.take(a, np.array([0, 1])),
    "full": lambda cp, a: cp.full((2,), np.array(1.0)),
    "fill": lambda cp, a: a.fill(np.array(1.0)),
    "NumPy array as a shape": lambda cp, a: cp.zeros(np.array([2, 3])),
    "NumPy array in a shape": lambda cp, a: a.reshape([np.array(12), 1]),
    "device value as a constant": lambda cp, a: cp.pad(a, 1, constant_values=a[0, 0]),
    "NumPy bit generator": lambda cp, a: cp.random.Generator(np.random.Philox(0)),
}


@pytest.mark.parametrize("attempt", MIXED.values(), ids=MIXED)
def test_mixing_is_refused(cp, attempt):
    with pytest.raises((TypeError, ValueError)):
        attempt(cp, a34(cp))


@pytest.mark.parametrize("attempt", [*MIXED.values(), *STRICTER.values()], ids=[*MIXED, *STRICTER])
def test_mixing_is_a_type_error(strict, attempt):
    with pytest.raises(TypeError):
        attempt(strict, a34(strict))


KEYWORDS = {
    "ufunc where": lambda cp, a: cp.exp(a, where=a > 1),
    "sum initial": lambda cp, a: cp.sum(a, initial=0.0),
    "sum method initial": lambda cp, a: a.sum(initial=0.0),
    "max where": lambda cp, a: cp.max(a, where=a > 1),
    "mean where": lambda cp, a: a.mean(where=a > 1),
    "zeros device": lambda cp, a: cp.zeros(3, device="cpu"),
    "clip min": lambda cp, a: cp.clip(a, min=0),
    "clip without a_max": lambda cp, a: cp.clip(a, 0),
    "reshape shape": lambda cp, a: cp.reshape(a, shape=(4, 3)),
    "count_nonzero keepdims": lambda cp, a: cp.count_nonzero(a, keepdims=True),
    "too many": lambda cp, a: cp.max(a, 0, None, False, 0),
    "too few": lambda cp, a: cp.add(a),
}


@pytest.mark.parametrize("attempt", KEYWORDS.values(), ids=KEYWORDS)
def test_arguments_that_cupy_lacks_are_refused(cp, attempt):
    with pytest.raises(TypeError):
        attempt(cp, a34(cp))


@pytest.mark.parametrize("name", ["errstate", "nditer", "block", "insert", "float128", "polydiv", "typo"])
def test_unknown_names_are_attribute_errors(cp, name):
    with pytest.raises(AttributeError, match=name):
        getattr(cp, name)


@pytest.mark.parametrize("name", ["at", "outer", "reduce", "accumulate"])
def test_ufuncs_have_no_methods(strict, name):
    with pytest.raises(AttributeError):
        getattr(strict.add, name)


def test_random_has_no_module_state(strict):
    assert not hasattr(strict.random, "seed")
    assert not hasattr(strict.random, "randn")


@pytest.mark.parametrize("value", [HOST, HOST[0], np.array(1.0), [1.0] * 4], ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("key", [..., 0, slice(None)], ids=repr)
def test_assigning_host_arrays_is_refused(strict, key, value):
    with pytest.raises(TypeError, match="Unsupported type"):
        a34(strict)[key] = value


@pytest.mark.parametrize("bad", [np.array(["x"]), np.array([None]), np.ones(2, np.longdouble)], ids=repr)
def test_dtypes_that_cupy_lacks_are_refused(cp, bad):
    with pytest.raises(ValueError, match="Unsupported dtype"):
        cp.asarray(bad)


def test_in_place_casts_by_same_kind_only(cp):
    a = cp.arange(3)
    with pytest.raises(TypeError, match="same_kind"):
        a += 0.5
    b = same = cp.ones(3, cp.float32)
    b += cp.ones(3, cp.float64)
    assert b is same
    assert b.dtype == np.float32


def test_index_arrays_are_checked(strict):
    a = strict.zeros(4)
    with pytest.raises(IndexError):
        a[strict.asarray([5])]
    with pytest.raises(ValueError, match="repeated indices"):
        a[strict.asarray([1, 1])] = strict.ones(2)
    with pytest.raises(ValueError, match="repeated indices"):
        a[strict.asarray([1, -3])] += strict.ones(2)
    a[strict.asarray([1, 1])] = 5.0
    a[strict.asarray([2, 3])] = strict.ones(2)
    assert a.tolist() == [0, 5, 1, 1]


def test_set_checks_dtype_shape_and_layout(cp):
    a = cp.zeros((2, 3), cp.float32)
    with pytest.raises(TypeError, match="float64 array cannot be set to float32 array"):
        a.set(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        a.set(np.zeros(3, np.float32))
    with pytest.raises(RuntimeError, match="non-contiguous"):
        a[:, 1:].set(np.zeros((2, 2), np.float32))
    a.set(HOST[:2, :3])
    assert a.get().tolist() == [[1, 1, 1], [1, 1, 1]]


def test_unhashable_and_no_length_without_axes(cp):
    with pytest.raises(TypeError, match="unhashable"):
        hash(cp.ones(2))
    with pytest.raises(TypeError, match="0-d"):
        iter(cp.asarray(1.0))
    with pytest.raises(TypeError):
        len(cp.asarray(1.0))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(cp.ones(2))


NO_AXIS = ["sum", "mean", "max", "argmin", "all", "std", "cumsum"]


@pytest.mark.parametrize("name", NO_AXIS)
def test_an_array_without_axes_has_no_axis_0(cp, name):
    """NumPy reduces it along axis 0 all the same."""
    for reduce in (getattr(cp, name), lambda a, axis: getattr(a, name)(axis=axis)):
        for axis in (0, -1):
            with pytest.raises(IndexError, match="out of"):
                reduce(cp.asarray(1.0), axis=axis)
        assert reduce(cp.asarray(1.0), axis=None).size == 1


def test_a_product_is_not_repeated(cp):
    """NumPy fills an out of more axes with copies."""
    a = a34(cp)
    with pytest.raises(ValueError, match="size"):
        cp.matmul(a, a.T, out=cp.empty((2, 3, 3), np.float32))
    with pytest.raises(ValueError, match=r"size|shape"):
        cp.matmul(a, a.T, out=cp.empty((4, 3), np.float32))
    with pytest.raises(TypeError, match="same_kind"):
        cp.matmul(a, a.T, out=cp.empty((3, 3), np.int64))
    out = cp.empty((5, 3), np.float32)
    cp.matmul(a, a.T, out=out[1:4])
    np.testing.assert_array_equal(out[1:4].get(), a.get() @ a.get().T)


@pytest.mark.parametrize("clip", [lambda cp, *args: cp.clip(*args), lambda cp, a, *args: a.clip(*args)])
def test_bounds_of_another_range_are_refused(cp, clip):
    """NumPy takes a bound of -1 for numbers from 0 to 255."""
    for bounds in ((-1, 3), (0, 256)):
        with pytest.raises(OverflowError):
            clip(cp, a34(cp, np.uint8), *bounds)
    assert clip(cp, a34(cp, np.uint8), None, 3).max() == 3


def test_get_fills_contiguous_arrays(cp):
    with pytest.raises(RuntimeError, match="non-contiguous"):
        a34(cp).get(out=np.empty((3, 8), np.float32)[:, ::2])
    assert a34(cp).get(out=np.empty((3, 4), np.float32)).tolist() == a34(cp).tolist()


# --- memory

VIEWS = {
    "slice": lambda cp, a: a[1:, ::2],
    "row": lambda cp, a: a[1],
    "element": lambda cp, a: a[1, 2],
    "NumPy integer": lambda cp, a: a[np.int64(1)],
    "negative step": lambda cp, a: a[::-1],
    "new axis": lambda cp, a: a[:, None],
    "ellipsis": lambda cp, a: a[..., 0],
    "reshape": lambda cp, a: a.reshape(4, 3),
    "reshape tuple": lambda cp, a: cp.reshape(a, (2, -1)),
    "ravel": lambda cp, a: a.ravel(),
    "transpose": lambda cp, a: a.transpose(1, 0),
    "T": lambda cp, a: a.T,
    "moveaxis": lambda cp, a: cp.moveaxis(a, 0, 1),
    "swapaxes": lambda cp, a: a.swapaxes(0, 1),
    "squeeze": lambda cp, a: a[None].squeeze(0),
    "split": lambda cp, a: cp.split(a, 2, axis=1)[1],
    "view": lambda cp, a: a.view(cp.int32),
    "flip": lambda cp, a: cp.flip(a, 0),
    "iteration": lambda cp, a: next(iter(a)),
    "asarray": lambda cp, a: cp.asarray(a),
    "ascontiguousarray": lambda cp, a: cp.ascontiguousarray(a),
    "astype without copy": lambda cp, a: a.astype(cp.float32, copy=False),
}
COPIES = {
    "index list": lambda cp, a: a[[0, 1]],
    "index array": lambda cp, a: a[cp.asarray([0, 1])],
    "0-d index array": lambda cp, a: a[cp.asarray(1)],
    "mask": lambda cp, a: a[a > 1],
    "copy": lambda cp, a: a.copy(),
    "flatten": lambda cp, a: a.flatten(),
    "deepcopy": lambda cp, a: copy.deepcopy(a),
    "array": lambda cp, a: cp.array(a),
    "astype": lambda cp, a: a.astype(cp.float32),
    "ravel of a transpose": lambda cp, a: a.T.ravel(),
    "concatenate": lambda cp, a: cp.concatenate([a]),
    "take": lambda cp, a: cp.take(a, 1, axis=0),
    "diag": lambda cp, a: cp.diag(a),
}


@pytest.mark.parametrize("make", VIEWS.values(), ids=VIEWS)
def test_views_share_memory(cp, make):
    a = a34(cp)
    view = make(cp, a)
    assert type(view) is cp.ndarray
    view[...] = 77
    assert (a == 77).any() or (a.view(cp.int32) == 77).any()
    assert view.ndim == 0 or cp.shares_memory(a, view)  # CuPy answers no for an array without axes


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES)
def test_copies_do_not_share_memory(cp, make):
    a = a34(cp)
    made = make(cp, a)
    made[...] = 77
    assert not (a == 77).any()
    assert not cp.shares_memory(a, made)


def test_host_and_device_never_share_memory(cp):
    host = np.zeros(3)
    a = cp.asarray(host)
    down = a.get()
    host[:], down[:] = 1, 2
    assert a.tolist() == [0, 0, 0]
    cp.asnumpy(a)[:] = 3
    assert a.tolist() == [0, 0, 0]
    assert a.get(out=down) is down
    assert down.tolist() == [0, 0, 0]


def test_broadcast_views_are_read_only(strict):
    a = strict.broadcast_to(strict.ones(3), (2, 3))
    assert a.strides == (0, 8)
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 1


def test_identity(cp):
    a = a34(cp)
    assert cp.asarray(a) is a
    assert cp.ascontiguousarray(a) is a
    assert a.astype(cp.float32, copy=False) is a
    assert cp.exp(a, out=a) is a
    assert cp.multiply(a, 0, a) is a
    out = cp.empty(4, cp.float32)
    assert a.sum(axis=0, out=out) is out
    assert cp.sum(a, 0, None, out) is out
    square = cp.empty((3, 3), cp.float32)
    assert cp.matmul(a, a.T, out=square) is square


@pytest.mark.parametrize("op", IN_PLACE, ids=lambda op: op.__name__)
def test_in_place_keeps_identity_dtype_and_address(cp, op):
    a, host = a34(cp), a34(cp).get()
    address = a.data.ptr
    result = op(a, 2)
    assert result is a
    assert (a.data.ptr, a.dtype) == (address, np.float32)
    np.testing.assert_array_equal(a.get(), op(host, 2))


def test_in_place_matmul_makes_a_new_array(cp):
    a = before = cp.eye(2)
    a @= cp.ones((2, 2))
    assert a is not before
    assert before.tolist() == [[1, 0], [0, 1]]


def test_empty_is_poisoned(strict):
    for a in (strict.empty((2, 2)), strict.empty_like(a34(strict)), strict.ndarray((2,), np.float32)):
        assert strict.isnan(a).all()


def test_sorted_arrays_lie_in_order(cp):
    a = a34(cp).T
    for made in (cp.sort(a), cp.sort(a, axis=0), cp.partition(a, 1, axis=1), cp.argwhere(a > 3)):
        assert made.flags.c_contiguous


def test_layout_attributes(cp):
    a = a34(cp)
    assert (a.shape, a.ndim, a.size, a.itemsize, a.nbytes, a.strides) == ((3, 4), 2, 12, 4, 48, (16, 4))
    assert a.flags.c_contiguous
    assert not a.T.flags.c_contiguous
    assert a.T.flags.f_contiguous
    assert len(a) == 3
    assert [row.shape for row in a] == [(4,)] * 3
    assert a.device.id == 0


# --- dtypes and 0-d results

PROMOTIONS = [
    (np.float32, 2.0, np.float32),
    (np.float32, 2, np.float32),
    (np.float32, np.float32(2), np.float32),
    (np.float32, np.float64(2), np.float64),
    (np.float32, np.int64(2), np.float64),
    (np.uint8, 2, np.uint8),
    (np.uint8, 2.0, np.float64),
    (np.int64, np.float32(2), np.float64),
    (np.float16, np.float32(2), np.float32),
]


@pytest.mark.parametrize(("dtype", "scalar", "expected"), PROMOTIONS)
def test_scalars_promote_as_in_numpy_2(cp, dtype, scalar, expected):
    a = a34(cp, dtype)
    for result in (a + scalar, scalar + a, a * scalar, scalar - a, cp.maximum(a, scalar), cp.add(scalar, a)):
        assert type(result) is cp.ndarray
        assert result.dtype == expected
    assert (scalar > a).dtype == np.bool_
    assert (scalar == a).dtype == np.bool_


def test_arrays_promote_whatever_their_dimension(cp):
    a = a34(cp)
    assert (a + cp.asarray(1.0)).dtype == np.float64
    assert (a + a.mean()).dtype == np.float32
    assert (a * cp.arange(4)).dtype == np.float64
    assert cp.result_type(a, cp.float64) == np.float64
    assert cp.result_type(a, 2.0) == np.float32


REDUCTIONS = ["sum", "mean", "max", "min", "prod", "std", "var", "all", "any", "argmax", "argmin"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_are_0d_arrays(cp, name):
    a = a34(cp) + 1
    with strict_cupy.count() as counted:
        for result in (getattr(a, name)(), getattr(cp, name)(a)):
            assert type(result) is cp.ndarray
            assert (result.shape, result.ndim) == ((), 0)
        assert getattr(a, name)(axis=0).shape == (4,)
        assert getattr(a, name)(axis=1, keepdims=True).shape == (3, 1)
    assert (counted.synchronisations, counted.uploads) == (0, 0)
    host = getattr(a.get(), name)()
    assert result.dtype == host.dtype
    assert result.item() == host


@pytest.mark.parametrize("name", ["array_equal", "allclose", "dot", "vdot", "count_nonzero", "linalg.norm"])
def test_functions_with_one_value_give_0d_arrays(cp, name):
    f = operator.attrgetter(name)(cp)
    a = cp.ones(3)
    result = f(a) if name in ("count_nonzero", "linalg.norm") else f(a, a)
    assert type(result) is cp.ndarray
    assert result.shape == ()


def test_ufuncs_of_scalars_and_of_0d_arrays_give_0d_arrays(cp):
    for result in (
        cp.exp(0.0),
        cp.exp(cp.asarray(0.0)),
        -cp.asarray(1.0),
        cp.asarray(1.0) + 1,
        cp.ones(2)[0],
    ):
        assert type(result) is cp.ndarray
        assert result.shape == ()


# --- values

FUNCTIONS = {
    "exp": lambda xp, a: xp.exp(-a),
    "log1p": lambda xp, a: xp.log1p(a),
    "tanh": lambda xp, a: xp.tanh(a),
    "maximum": lambda xp, a: xp.maximum(a, 3),
    "where": lambda xp, a: xp.where(a > 3, a, 0.5 * a),
    "clip": lambda xp, a: xp.clip(a, 2, None),
    "clip method": lambda xp, a: a.clip(2, 5),
    "matmul": lambda xp, a: xp.matmul(a, a.T),
    "@": lambda xp, a: a.T @ a,
    "dot": lambda xp, a: a.dot(a.T),
    "tensordot": lambda xp, a: xp.tensordot(a, a, axes=([0], [0])),
    "einsum": lambda xp, a: xp.einsum("ij,kj->ik", a, a, optimize=True),
    "sum": lambda xp, a: xp.sum(a, axis=0, dtype=np.float64),
    "mean": lambda xp, a: a.mean(axis=(0, 1), keepdims=True),
    "var": lambda xp, a: a.var(axis=0, ddof=1),
    "cumsum": lambda xp, a: a.cumsum(axis=1),
    "argmax": lambda xp, a: a.argmax(axis=1),
    "sort": lambda xp, a: xp.sort(-a, axis=1),
    "concatenate": lambda xp, a: xp.concatenate([a, a], axis=1),
    "stack": lambda xp, a: xp.stack([a, a + 1], axis=-1),
    "pad": lambda xp, a: xp.pad(a, ((1, 0), (0, 2)), constant_values=7),
    "pad edge": lambda xp, a: xp.pad(a, 1, mode="edge"),
    "take": lambda xp, a: xp.take(a, [1, 0], axis=0),
    "take_along_axis": lambda xp, a: xp.take_along_axis(a, a.argmin(axis=1)[:, None], 1),
    "broadcast_to": lambda xp, a: xp.broadcast_to(a[0], (2, 4)),
    "roll": lambda xp, a: xp.roll(a, 1, axis=1),
    "flip": lambda xp, a: xp.flip(a, (0, 1)),
    "repeat": lambda xp, a: a.repeat(2, axis=0),
    "tile": lambda xp, a: xp.tile(a, (2, 1)),
    "linspace": lambda xp, a: xp.linspace(0, 1, 5, dtype=np.float32),
    "arange": lambda xp, a: xp.arange(2, 8, 3),
    "eye": lambda xp, a: xp.eye(3, dtype=np.float32),
    "full": lambda xp, a: xp.full((2, 2), 3, np.uint8),
    "full_like": lambda xp, a: xp.full_like(a, 3),
    "zeros_like": lambda xp, a: xp.zeros_like(a, dtype=np.float64),
    "bincount": lambda xp, a: xp.bincount(a.astype(np.int64).ravel() % 3, minlength=5),
    "isfinite": lambda xp, a: xp.isfinite(a),
    "nan_to_num": lambda xp, a: xp.nan_to_num(xp.where(a > 3, xp.nan, a), nan=-1.0),
    "norm": lambda xp, a: xp.linalg.norm(a, axis=0),
    "divmod": lambda xp, a: divmod(a, 5)[1],
    "logic": lambda xp, a: ~(a > 3) | ((a < 2) & (a != 1)) ^ (a == 5),
    "signs": lambda xp, a: abs(-a) + +a,
    "advanced": lambda xp, a: a[[0, 2], 1:3][:, ::-1],
    "mask": lambda xp, a: a[a > 3],
    "two arrays": lambda xp, a: a[xp.arange(3), xp.asarray([1, 0, 3])],
}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_values_and_dtypes_are_those_of_numpy(cp, f):
    a = a34(cp)
    ours, expected = f(cp, a), f(np, a.get())
    assert type(ours) is cp.ndarray
    assert ours.dtype == expected.dtype
    np.testing.assert_allclose(ours.get(), expected, rtol=1e-6)
    np.testing.assert_array_equal(a.get(), np.arange(12).reshape(3, 4))


@pytest.mark.parametrize("name", strict_cupy.UFUNCS.split())
def test_every_ufunc(cp, name):
    host = getattr(np, name)
    dtype = np.int64 if "shift" in name or "bitwise" in name or name == "invert" else np.float32
    arguments = [np.array([0.25, 0.5, 0.75] if dtype is np.float32 else [1, 2, 3], dtype)] * host.nin
    ours, expected = getattr(cp, name)(*map(cp.asarray, arguments)), host(*arguments)
    for one, other in zip(*[x if host.nout > 1 else (x,) for x in (ours, expected)], strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one.get(), other, rtol=1e-6)


def test_assignment(cp):
    a, host = a34(cp), a34(cp).get()
    for x, xp in ((a, cp), (host, np)):
        x[0] = 5
        x[1:, 1:3] = xp.ones((2, 2))
        x[:, 3] += x[:, 0]
        x[x > 6] = np.float32(0)
        x[[0, 1], 2] = -1
        xp.copyto(x[2:], x[:1])
    np.testing.assert_array_equal(a.get(), host)


# --- counters

SYNCHRONISING = {
    "get": lambda cp, a: a.get(),
    "asnumpy": lambda cp, a: cp.asnumpy(a),
    "item": lambda cp, a: a[0, 0].item(),
    "tolist": lambda cp, a: a.tolist(),
    "float": lambda cp, a: float(a[0, 0]),
    "int": lambda cp, a: int(a[0, 0]),
    "bool": lambda cp, a: bool((a >= 0).all()),
    "if": lambda cp, a: 1 if a.sum() > 0 else 2,
    "repr": lambda cp, a: repr(a),
    "str": lambda cp, a: str(a),
    "format": lambda cp, a: f"{a[0, 0]:.3f}",
    "nonzero": lambda cp, a: cp.nonzero(a),
    "one-argument where": lambda cp, a: cp.where(a > 1),
    "mask": lambda cp, a: a[a > 1],
    "mask assignment": lambda cp, a: a.__setitem__(a > 1, a[0, 0]),
    "unique": lambda cp, a: cp.unique(a),
    "bincount": lambda cp, a: cp.bincount(a.ravel().astype(cp.int64)),
    "pickle": lambda cp, a: pickle.dumps(a),
    "device": lambda cp, a: cp.cuda.Device().synchronize(),
    "stream": lambda cp, a: cp.cuda.Stream.null.synchronize(),
    "runtime": lambda cp, a: cp.cuda.runtime.deviceSynchronize(),
}
UPLOADING = {
    "asarray": lambda cp, a: cp.asarray(HOST),
    "asarray of a list": lambda cp, a: cp.asarray([1.0, 2.0]),
    "array": lambda cp, a: cp.array(HOST, dtype=cp.float64),
    "set": lambda cp, a: a.set(HOST),
    "index list": lambda cp, a: a[[0, 1]],
    "NumPy index array": lambda cp, a: a[np.array([0, 1])],
    "scalar at an index array": lambda cp, a: a.__setitem__(cp.arange(2), 1.0),
    "take": lambda cp, a: cp.take(a, [0, 1]),
}
FREE = {
    "arithmetic": lambda cp, a: (a @ a.T + 2 * a.sum()) / np.float32(3),
    "asarray of an array": lambda cp, a: cp.asarray(a, dtype=cp.float64),
    "array of arrays": lambda cp, a: cp.array([a, a]),
    "slices": lambda cp, a: a[1:, ::2],
    "fill a slice": lambda cp, a: a.__setitem__(slice(1, 2), 0.0),
    "index array": lambda cp, a: a[cp.arange(2)],
    "creation": lambda cp, a: (
        cp.zeros(3),
        cp.full_like(a, 2),
        cp.arange(3),
        cp.eye(2),
        cp.linspace(0, 1, 3),
    ),
    "three-argument where": lambda cp, a: cp.where(a > 1, a, 0),
    "comparison": lambda cp, a: cp.array_equal(a, a),
    "random": lambda cp, a: cp.random.default_rng(0).random((2, 3)),
    "iteration": lambda cp, a: list(a),
    "deepcopy": lambda cp, a: copy.deepcopy(a),
    "attributes": lambda cp, a: (a.shape, a.dtype, a.nbytes, len(a), a.T.flags.c_contiguous),
}


@pytest.mark.parametrize("action", SYNCHRONISING.values(), ids=SYNCHRONISING)
def test_one_synchronisation(strict, action):
    a = a34(strict)
    with strict_cupy.count() as counted:
        action(strict, a)
    assert (counted.synchronisations, counted.uploads) == (1, 0)


@pytest.mark.parametrize("action", UPLOADING.values(), ids=UPLOADING)
def test_one_upload(strict, action):
    a = a34(strict)
    with strict_cupy.count() as counted:
        action(strict, a)
    assert (counted.synchronisations, counted.uploads) == (0, 1)


@pytest.mark.parametrize("action", FREE.values(), ids=FREE)
def test_no_traffic(strict, action):
    a = a34(strict)
    with strict_cupy.count() as counted:
        action(strict, a)
    assert (counted.synchronisations, counted.uploads) == (0, 0)


def test_counts_nest_and_reset(strict):
    assert (strict.counts.synchronisations, strict.counts.uploads) == (0, 0)
    a = a34(strict)
    with strict_cupy.count() as outer:
        a.get()
        with strict_cupy.count() as inner:
            a.get()
    a.get()
    assert (inner.synchronisations, outer.synchronisations, strict.counts.synchronisations) == (1, 2, 3)
    assert strict.counts.uploads == 1
    strict.counts.reset()
    assert (strict.counts.synchronisations, strict.counts.uploads) == (0, 0)


# --- the rest of the module


def test_pickle_round_trip(cp):
    a = a34(cp)
    back = pickle.loads(pickle.dumps(a))
    assert type(back) is cp.ndarray
    assert cp.array_equal(back, a)


def test_get_array_module(cp):
    assert cp.get_array_module(cp.ones(1)) is cp
    assert cp.get_array_module(HOST, cp.ones(1)) is cp
    assert cp.get_array_module(HOST, 1.0) is np


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["Philox4x3210", "XORWOW"])
def test_random(cp, kind, dtype):
    def draws():
        rng = cp.random.Generator(getattr(cp.random, kind)(7))
        return rng.random((50, 4), dtype=dtype), rng.standard_normal(200, dtype=dtype)

    for first, second in zip(draws(), draws(), strict=True):
        assert type(first) is cp.ndarray
        assert first.dtype == dtype
        assert cp.array_equal(first, second)
    uniform, normal = draws()
    assert uniform.shape == (50, 4)
    assert 0 <= float(uniform.min()) < float(uniform.max()) < 1
    assert float(normal.min()) < -1 < 1 < float(normal.max())


def test_random_integers_and_out(strict):
    rng = strict.random.default_rng(3)
    assert strict.random.default_rng(rng) is rng
    assert rng.random().shape == ()
    drawn = rng.integers(2, 5, size=(4, 25))
    assert (drawn.dtype, drawn.shape) == (np.int64, (4, 25))
    assert strict.unique(drawn).tolist() == [2, 3, 4]
    assert rng.integers(3).shape == ()
    out = strict.empty(5, strict.float32)
    assert rng.random(5, dtype=strict.float32, out=out) is out
    assert strict.isfinite(out).all()


def test_device_functions(strict):
    assert strict.is_available()
    assert strict.__version__.startswith("14")
    runtime = strict.cuda.runtime
    assert runtime.getDeviceCount() == 1
    assert runtime.getDeviceProperties(0)["name"] == b"strict stand-in"
    free, total = runtime.memGetInfo()
    assert 0 < free <= total == runtime.getDeviceProperties(0)["totalGlobalMem"]
    assert runtime.driverGetVersion() >= runtime.runtimeGetVersion() >= 12000
    with strict.cuda.Stream(non_blocking=True) as stream, strict.cuda.Device(0):
        start, end = strict.cuda.Event(), strict.cuda.Event()
        start.record(stream)
        end.record()
        end.synchronize()
    assert strict.cuda.get_elapsed_time(start, end) >= 0
    strict.cuda.get_current_stream().synchronize()
    pool = strict.get_default_memory_pool()
    assert pool.used_bytes() <= pool.total_bytes()
    pool.free_all_blocks()
    assert issubclass(strict.cuda.memory.OutOfMemoryError, MemoryError)


def test_fuse_runs_the_function(strict):
    assert strict.fuse(lambda x: x + 1)(strict.ones(1)).tolist() == [2]
    assert strict.fuse(kernel_name="inc")(lambda x: x + 1)(strict.ones(1)).tolist() == [2]


def test_install_serves_imports(strict):
    import cupy
    import cupy.cuda
    from cupy.random import Generator

    assert cupy is strict is sys.modules["cupy"]
    assert cupy.cuda is strict.cuda
    assert Generator is strict.random.Generator


def test_modules_are_fresh():
    one, other = strict_cupy.make_module(), strict_cupy.make_module()
    assert one is not other
    one.exp = None
    assert callable(other.exp)
    assert one.ndarray is other.ndarray is strict_cupy.ndarray


def names_of(table):
    return [name.removeprefix(".") for row in table.strip().splitlines() for name in row.split(": ")[1].split()]


def test_real_cupy_has_all_these_names():
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed", exc_type=ImportError)
    functions = [*names_of(strict_cupy.FUNCTIONS), *strict_cupy.UFUNCS.split(), *strict_cupy.BORROWED.split()]
    assert not [name for name in functions if not hasattr(cupy, name)]
    assert not [name for name in names_of(strict_cupy.LINALG) if not hasattr(cupy.linalg, name)]
    methods = {name for name in dir(strict_cupy.ndarray) if not name.startswith("_")}
    operators = {name for name in vars(strict_cupy.ndarray) if name.startswith("__")} - {"__module__"}
    assert not [name for name in methods | operators if not hasattr(cupy.ndarray, name)]
    assert not hasattr(cupy.ndarray, "__index__")
    assert not hasattr(cupy.ndarray, "__imatmul__")
