"""Trains the models that are part of the package, and writes their files.

    python -m minigan.runs.train_pretrained

It needs all of MNIST; ``minigan data`` shows where the digits are looked for. The weights are rounded to float16, so
that a file has less than 2 MB. Another BLAS or a GPU rounds in another way and so gives another model.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from .pretrained import PRETRAINED, file_of
from .train import train


def main(argv: Sequence[str] | None = None) -> None:
    """Train, and write the files."""
    parser = argparse.ArgumentParser(prog="python -m minigan.runs.train_pretrained", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"Which models to train: {', '.join(PRETRAINED)}. Default: all of them.",
    )
    parser.add_argument("--out", type=Path, help="Folder for the files. Default: the one in the package.")
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.names if name not in PRETRAINED]
    if unknown:
        parser.error(f"NAME: expected one of {', '.join(PRETRAINED)}, got {unknown[0]!r}")
    folder = arguments.out or file_of("mnist").parent
    folder.mkdir(parents=True, exist_ok=True)  # before the training, so that its end is not in vain
    for name in arguments.names or PRETRAINED:
        path = folder / file_of(name).name
        train(**PRETRAINED[name]).save(path, dtype="float16")
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
