"""Tests are left out only where what they need is missing, and never where they are asked for."""

import importlib.util
import os
from types import SimpleNamespace

import conftest
import pytest
import threadpoolctl

from minigan import backend


def config(markexpr=""):
    hook = SimpleNamespace(pytest_deselected=lambda items: None)
    return SimpleNamespace(option=SimpleNamespace(markexpr=markexpr), hook=hook)


@pytest.fixture
def machine(monkeypatch):
    """machine(gpu=..., torch=..., required=...): what the tests seem to find."""

    def pretend(gpu=False, torch=True, required=False):
        monkeypatch.setattr(backend, "cuda_problem", lambda: None if gpu else "no GPU answers")
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if torch else None)
        monkeypatch.setattr(conftest, "REQUIRE_GPU", required)

    return pretend


@pytest.mark.parametrize(
    ("found", "markexpr", "expected"),
    [
        ({"gpu": False}, "", {"gpu"}),
        ({"gpu": True}, "", set()),
        ({"gpu": False}, "gpu", set()),
        ({"gpu": False}, "gpu and not parity", set()),
        ({"gpu": False, "required": True}, "", set()),
        ({"gpu": True, "torch": False}, "", {"parity"}),
        ({"gpu": False, "torch": False}, "parity", {"gpu", "parity"}),
    ],
)
def test_what_is_left_out(found, markexpr, expected, machine):
    machine(**found)
    assert set(conftest.left_out(config(markexpr))) == expected
    assert len(conftest.pytest_report_header(config(markexpr))) == len(expected)


class Item:
    def __init__(self, *marks):
        self.get_closest_marker = lambda mark: mark in marks


def test_only_the_marked_tests_are_left_out(machine):
    plain, gpu, parity, both = items = [Item(), Item("gpu"), Item("parity"), Item("gpu", "parity")]
    machine(gpu=True)
    conftest.pytest_collection_modifyitems(config(), items)
    assert items == [plain, gpu, parity, both]
    machine(gpu=False)
    conftest.pytest_collection_modifyitems(config(), items)
    assert items == [plain, parity]
    machine(gpu=False, torch=False)
    conftest.pytest_collection_modifyitems(config(), items)
    assert items == [plain]


def test_one_thread_computes_a_product():
    """Also in the workers of pytest-xdist: several threads on arrays as small as these only wait for each other."""
    threads = {library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"}
    assert threads == {int(os.environ["OPENBLAS_NUM_THREADS"])}
