"""CUPTI through ctypes: records laid out as in ``cupti_activity.h``, handed over by a library that is made up here."""

import ctypes

import pytest

from minigan.commands.bench import cupti
from minigan.commands.bench.cupti import Operation


def record(kind, **fields):
    """A record of 216 bytes, the size of a kernel's, with numbers at the places that the header gives them."""
    place = {"start": (16, 8), "end": (24, 8), "name": (104, 8), "direction": (4, 1), "source": (5, 1), "type": (4, 4)}
    memory = bytearray(216)
    memory[:4] = kind.to_bytes(4, "little")
    for name, value in fields.items():
        start, size = place[name]
        memory[start : start + size] = value.to_bytes(size, "little")
    return bytes(memory)


def kernel(name, nanoseconds, kind=10):
    text = ctypes.create_string_buffer(name)
    names.append(text)
    return record(kind, start=1000, end=1000 + nanoseconds, name=ctypes.addressof(text))


names: list = []  # keeps the texts where they are


class Library:
    """As much of CUPTI as is called, with the records of a task."""

    def __init__(self, fails=()):
        self.enabled, self.log, self.records, self.fails = set(), [], [], fails

    def ask(self, kind, data):
        if kind in self.enabled:
            self.records.append(data)

    def __getattr__(self, name):
        def call(*arguments):
            self.log.append(name)
            return 999 if name in self.fails else getattr(self, "_" + name)(*arguments)

        return call

    def _cuptiActivityRegisterCallbacks(self, request, complete):
        self.request, self.complete = request, complete
        return 0

    def _cuptiActivityEnable(self, kind):
        self.enabled.add(kind)
        return 0

    def _cuptiActivityDisable(self, kind):
        self.enabled.discard(kind)
        return 0

    def _cuptiActivityFlushAll(self, forced):
        """Hand over the records in two buffers."""
        assert forced == 1
        middle = len(self.records) // 2
        for some in (self.records[:middle], self.records[middle:]):
            place, size, most = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_size_t(7)
            self.request(ctypes.byref(place), ctypes.byref(size), ctypes.byref(most))
            assert most.value == 0
            assert place.value % 8 == 0
            data = b"".join(some)
            assert len(data) <= size.value
            ctypes.memmove(place.value, data, len(data))
            self.complete(None, 0, place.value, size.value, len(data))
        return 0

    def _cuptiActivityGetNextRecord(self, buffer, valid, record):
        here = record._obj
        following = buffer.value if here.value is None else here.value + 216
        if following >= buffer.value + valid.value:
            return 12  # CUPTI_ERROR_MAX_LIMIT_REACHED
        here.value = following
        return 0


def test_what_a_task_asks_for():
    library = Library()

    def task():
        library.ask(10, kernel(b"adam", 2000))
        library.ask(10, kernel(b"sm90_xmma_gemm_f32f32", 3000))
        library.ask(10, kernel(b"cublasGemvTensor", 500, kind=3))
        library.ask(1, record(1, direction=1, source=2))
        library.ask(1, record(1, direction=1, source=1))
        library.ask(1, record(1, direction=2, source=3))
        library.ask(1, record(1, direction=8, source=3))
        library.ask(2, record(2))
        library.ask(38, record(38, type=3))
        library.ask(38, record(38, type=2))  # one stream waits for another
        library.ask(10, record(4))  # a kind that nobody asked for

    def wait():
        library.log.append("wait")
        library.ask(38, record(38, type=3))

    found = cupti.trace(library, task, wait)
    assert found == [
        Operation("kernel", pytest.approx(2e-6)),
        Operation("product", pytest.approx(3e-6)),
        Operation("product", pytest.approx(0.5e-6)),
        Operation("upload"),
        Operation("pageable upload"),
        Operation("download"),
        Operation("copy"),
        Operation("fill"),
        Operation("wait"),
    ]
    assert not library.enabled
    assert library.log.index("wait") < library.log.index("cuptiActivityEnable")


def test_no_records():
    library = Library()
    assert cupti.trace(library, lambda: None, lambda: None) == []


def test_a_task_that_fails_ends_the_trace():
    library = Library()
    with pytest.raises(ZeroDivisionError):
        cupti.trace(library, lambda: 1 / 0, lambda: None)
    assert not library.enabled


@pytest.mark.parametrize("function", ["RegisterCallbacks", "Enable", "FlushAll"])
def test_cupti_refuses(function):
    library = Library(fails=["cuptiActivity" + function])
    with pytest.raises(RuntimeError, match="999"):
        cupti.trace(library, lambda: None, lambda: None)
    assert not library.enabled


def test_it_is_not_installed(monkeypatch):
    def not_there(name):
        raise ImportError(name)

    monkeypatch.setattr(cupti, "import_module", not_there)
    assert cupti.find_library() is None


def test_the_places_are_those_of_the_header(tmp_path):
    """Compiled from the header itself, where there is a compiler and a CUDA toolkit."""
    import shutil
    import subprocess
    from pathlib import Path

    header = next(iter(sorted(Path("/usr/local").glob("cuda*/**/include/cupti.h"))), None)
    compiler = shutil.which("gcc")
    if not header or not compiler:
        pytest.skip("there is no gcc, or no CUPTI header below /usr/local")
    kernel = max(
        (line.split()[1].rstrip(";") for line in (header.parent / "cupti_activity.h").read_text().splitlines()
         if line.startswith("} CUpti_ActivityKernel")),
        key=lambda name: int(name.removeprefix("CUpti_ActivityKernel")),
    )  # fmt: skip
    places = [f"offsetof({kernel}, {field})" for field in ("start", "end", "name")]
    places += [f"offsetof(CUpti_ActivityMemcpy6, {field})" for field in ("copyKind", "srcKind")]
    places += ["offsetof(CUpti_ActivitySynchronization, type)"]
    kinds = ["MEMCPY", "MEMSET", "KERNEL", "CONCURRENT_KERNEL", "SYNCHRONIZATION"]
    numbers = [*(f"(size_t){each}" for each in places), *(f"(size_t)CUPTI_ACTIVITY_KIND_{kind}" for kind in kinds)]
    source = tmp_path / "places.c"
    prints = "".join(f'printf("%zu ", {number});' for number in numbers)
    source.write_text(f"#include <stddef.h>\n#include <stdio.h>\n#include <cupti.h>\nint main() {{ {prints} }}\n")
    done = subprocess.run(
        [compiler, "-w", f"-I{header.parent}", source, "-o", tmp_path / "places"], capture_output=True
    )
    if done.returncode:
        pytest.skip("the header does not compile here")
    found = subprocess.run([tmp_path / "places"], capture_output=True, text=True, check=True).stdout.split()
    assert [*map(int, found)] == [
        *(cupti.START, cupti.END, cupti.NAME, 4, 5, 4),
        *(cupti.MEMCPY, cupti.MEMSET, cupti.KERNEL, cupti.CONCURRENT_KERNEL, cupti.SYNCHRONIZATION),
    ]
