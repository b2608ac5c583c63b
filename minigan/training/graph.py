"""Training steps that a GPU replays as a graph: one request of the host instead of hundreds.

The host takes about 5 us to ask a GPU for one operation, and a step has hundreds of them; in small networks the GPU
waits for the host. A CUDA graph is a list of operations with all their arguments. It is recorded once, without
computing anything, and then a single request replays it. A replay does what the step itself would do, because:

- What the host gives to the step (noise, indices of the batch, seeds, Adam's factors) is not part of the list. The step
  asks for it through `minigan.backend.feed`. While a step is recorded, each such function is remembered, and its values
  get a fixed place on the GPU. Before every replay the functions are called again, in the same order, so the random
  streams of the host go on as without a graph, and one copy brings all values to their places.
- The list holds addresses. The networks, the moments of Adam, the average and the data never move. What a step
  allocates comes from a memory pool that nobody else uses, and that lives as long as the graphs.
- Steps that do different things (with a penalty and without) have a graph each.
- Products use their own cuBLAS handle (see `minigan.fast.cublas`).

The first step of a kind is taken without a graph: it compiles the kernels and measures the values from the host. The
second is recorded and replayed, and all later ones are replayed.

This was tested with the compiled code of CuPy 14 on an emulated device that records and replays, not on a GPU.
"""

import gc
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from ..backend import Array, array_module, get_array_module, on_tape, to_device
from ..errors import InputError
from ..fast.cublas import Products
from ..network import Network

ALIGNMENT = 256  # bytes between the places of two values, as GPUs like it
TURNS = 4  # copies to the GPU that may be under way: so far ahead the host may run

Draw = Callable[[], Array]


class Measure:
    """The tape of a step that is not recorded: it adds up the sizes of the values from the host."""

    size = 0

    def feed(self, draw: Draw) -> Array:
        """Return what ``draw`` returns, on the GPU."""
        value = draw()
        if get_array_module(value) is np:
            self.size += _place(value.nbytes)
        return to_device(value, "cuda")


class Feeds:
    """The tape of a recorded step: it remembers how each value is drawn, and where on the GPU it belongs.

    Parameters
    ----------
    size : int
        How many bytes the values from the host take, as measured by `Measure`.
    """

    def __init__(self, size: int) -> None:
        xp = array_module("cuda")
        self.stream, self.allocator = xp.cuda.get_current_stream(), xp.cuda.get_allocator()
        self._cuda = xp.cuda
        self.size = max(size, 1)
        self.there = xp.empty(self.size, dtype=xp.uint8)
        rooms = (np.frombuffer(xp.cuda.alloc_pinned_memory(self.size), np.uint8, self.size) for _ in range(TURNS))
        self.turns = [(room, xp.cuda.Event(disable_timing=True)) for room in rooms]
        self.turn = 0
        self.used = 0
        self.draws: list[tuple[Draw, Callable[[Array], None]]] = []
        self.moves: list[tuple[Array, Array]] = []  # to a place on the GPU, from another one

    def feed(self, draw: Draw) -> Array:
        """Return the place on the GPU where the values of ``draw`` will be, and draw the first ones."""
        with self.stream, self._cuda.using_allocator(self.allocator):  # the recording does not see this
            value = draw()
            place, put = self._from_device(value) if get_array_module(value) is not np else self._from_host(value)
        self.draws.append((draw, put))
        put(value)
        return place

    def _from_device(self, value: Array) -> tuple[Array, Callable[[Array], None]]:
        place = get_array_module(value).empty_like(value)
        return place, lambda value: self.moves.append((place, value))

    def _from_host(self, value: np.ndarray) -> tuple[Array, Callable[[Array], None]]:
        some = slice(self.used, self.used + value.nbytes)
        self.used += _place(value.nbytes)
        if self.used > self.size:
            raise InputError("graph: expected steps of one kind that ask the host for the same, got one with more")

        def put(value: np.ndarray) -> None:
            room, _ = self.turns[self.turn]
            room[some].view(value.dtype).reshape(value.shape)[...] = value

        return self.there[some].view(value.dtype).reshape(value.shape), put

    def draw(self) -> None:
        """Draw the values of the next replay, when the copy that used the same memory of the host is over."""
        self.turn = (self.turn + 1) % TURNS
        sent = self.turns[self.turn][1]
        if not sent.done:
            sent.synchronize()
        for draw, put in self.draws:
            put(draw())

    def send(self) -> None:
        """Bring the values to their places, on the current stream."""
        room, sent = self.turns[self.turn]
        self.there.data.copy_from_host_async(room.ctypes.data, self.size)
        sent.record()
        for place, value in self.moves:
            place[...] = value
        self.moves.clear()


def _place(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


class Recorded(NamedTuple):
    """A recorded step: its graph, the values from the host, its results, and by how much each version grows."""

    graph: Any
    feeds: Feeds
    results: Array
    growth: list[int]


class Graphs:
    """The graphs of a run: one for every kind of step.

    Parameters
    ----------
    networks : iterable of Network
        Those that a step changes; a replay changes their versions as the step would.
    """

    def __init__(self, networks: Iterable[Network]) -> None:
        self._cuda = array_module("cuda").cuda
        self.networks = list(networks)
        self.stream = self._cuda.Stream(non_blocking=True)  # only to record: replays run on the current stream
        self.pool = self._cuda.MemoryPool()
        self.products = Products()
        self.sizes: dict[Hashable, int] = {}
        self.recorded: dict[Hashable, Recorded] = {}

    def take(self, kind: Hashable, step: Callable[[], Sequence[Array]]) -> Sequence[Array]:
        """Take a step and return its results, as ``step()`` does.

        Parameters
        ----------
        kind : hashable
            What ``step`` does; steps of one kind differ only in what they get through `feed`.
        step : function without arguments
            It returns arrays of shape () and one dtype.

        Raises
        ------
        InputError
            If the step cannot be recorded. The run cannot go on after that, because its random streams have moved.
        """
        if kind not in self.sizes:
            measure = Measure()
            with on_tape(measure), self.products.on(self._cuda.get_current_stream()):
                results = step()
            self.sizes[kind] = measure.size
            return results
        if kind not in self.recorded:
            self.recorded[kind] = self._record(step, self.sizes[kind])
        else:
            self.recorded[kind].feeds.draw()
        recorded = self.recorded[kind]
        recorded.feeds.send()
        recorded.graph.launch()
        for network, growth in zip(self.networks, recorded.growth, strict=True):
            network.version += growth
        return tuple(recorded.results.copy())

    def _record(self, step: Callable[[], Sequence[Array]], size: int) -> Recorded:
        """Record a step; nothing is computed, but the values of the host are drawn."""
        gc.collect()  # so that nothing is destroyed meanwhile for which the GPU would have to be idle
        versions = [network.version for network in self.networks]
        feeds = Feeds(size)
        with self.stream, self._cuda.using_allocator(self.pool.malloc), on_tape(feeds), self.products.on(self.stream):
            self.stream.begin_capture()
            try:
                results = step()
                stacked = get_array_module(*results).stack(results)
                graph = self.stream.end_capture()
            except BaseException as error:
                with suppress(RuntimeError):
                    self.stream.end_capture()
                if isinstance(error, (NotImplementedError, RuntimeError)):  # of CuPy
                    reason = " ".join(str(error).split())
                    raise InputError(f"graph: expected a step that CuPy can record, got: {reason}") from error
                raise
        growth = [network.version - version for network, version in zip(self.networks, versions, strict=True)]
        for network, version in zip(self.networks, versions, strict=True):
            network.version = version
        return Recorded(graph, feeds, stacked, growth)
