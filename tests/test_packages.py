"""Packages that an export needs: one line says which is missing."""

import json
import sys

import pytest

from minigan.errors import InputError
from minigan.exchange.packages import need


def test_a_package_is_returned():
    assert need("json", "onnx") is json


def test_a_missing_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError) as error:
        need("onnx", "onnx")
    assert str(error.value).startswith("to: expected an installed onnx, got none (")
    assert str(error.value).endswith("run pip install '.[onnx]' in the folder of minigan")
