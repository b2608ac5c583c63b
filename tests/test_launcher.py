"""What mpiexec says to a process."""

import pytest

from minigan.launcher import LAUNCHERS, started_as


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (0, 1)),
        ({"PMI_RANK": "1", "PMI_SIZE": "3"}, (1, 3)),
        ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}, (2, 4)),
        ({"PMI_RANK": "1"}, (0, 1)),
        ({"PMI_RANK": "one", "PMI_SIZE": "3"}, (0, 1)),
    ],
)
def test_what_mpiexec_tells(variables, expected, monkeypatch):
    for name in LAUNCHERS:
        monkeypatch.delenv(f"{name}_RANK", raising=False)
        monkeypatch.delenv(f"{name}_SIZE", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert started_as() == expected
