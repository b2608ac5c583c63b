"""What the ranks of a distributed run can say to each other, and the communicator of a process that is alone.

K processes, the *ranks* 0 to K - 1, run the same program on different data. An operation of a communicator is
collective: every rank must call it, in the same order, and each call waits for the other ranks.

A sum is defined to the bit. It is the left-to-right sum ((v_0 + v_1) + v_2) + ... over the ranks, element by element,
and every rank gets the same bits. So the weights, which all ranks compute for themselves, never drift apart.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from ..backend import Array
from ..errors import InputError


class Communicator(Protocol):
    """One rank among others."""

    @property
    def rank(self) -> int:
        """The number of this process, from 0 to ``size`` - 1."""
        ...

    @property
    def size(self) -> int:
        """The number of ranks K."""
        ...

    def sum_(self, array: Array) -> None:
        """Replace ``array`` by its sum over the ranks, in place; all ranks bring the same shape and dtype.

        Raises
        ------
        InputError
            If ``array`` is not contiguous.
        """
        ...

    def broadcast(self, array: Array) -> None:
        """Replace ``array`` by that of rank 0, in place; the rest is as in `sum_`."""
        ...

    def gather(self, thing: Any) -> list[Any]:
        """Return the things of all ranks, in their order, on every rank; they should be small."""
        ...

    def abort(self) -> None:
        """End the other ranks at once: this rank has failed, and they would wait for it for ever."""
        ...


class Alone:
    """The communicator of a process that trains alone: rank 0 of 1, so there is nothing to say."""

    rank = 0
    size = 1

    def sum_(self, array: Array) -> None:
        """Leave the array as it is."""

    def broadcast(self, array: Array) -> None:
        """Leave the array as it is."""

    def gather(self, thing: Any) -> list[Any]:
        """Return the thing in a list."""
        return [thing]

    def abort(self) -> None:
        """Do nothing: no other rank waits."""


ALONE = Alone()


def average(communicator: Communicator, array: Array) -> None:
    """Replace ``array`` by its mean over the ranks, in place."""
    if communicator.size > 1:
        communicator.sum_(array)
        array /= communicator.size


def sum_in_order(arrays: Sequence[Array] | Array) -> Array:
    """Return the sum of arrays of one shape, from the first to the last, in a new array."""
    total = arrays[0].copy()
    for array in arrays[1:]:
        total += array
    return total


def flat(array: Array) -> Array:
    """Return the elements of a contiguous array as a vector that shares its memory.

    Raises
    ------
    InputError
        If the array is not contiguous, so that a vector would be a copy.
    """
    if not array.flags.c_contiguous:
        raise InputError(f"array: expected a contiguous array, got shape {array.shape} with other strides")
    return array.reshape(-1)
