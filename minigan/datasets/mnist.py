"""Finds the handwritten digits: the 5,000 in the package, and all 70,000 of them in a folder or on a mirror.

All data are checked before use. The SHA-256 is taken of the *decompressed* data, because a mirror may compress them
in another way. MNIST is by LeCun, Cortes and Burges (CC BY-SA 3.0).
"""

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from .. import validation
from ..errors import InputError
from ..files import atomic_path
from ..terminal import is_terminal
from .dataset import Dataset, read_npz
from .idx import find_idx, parse_idx, read_payload

NAMES = ("mnist-5k", "mnist")
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SPLITS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
FILES = SPLITS["train"] + SPLITS["test"]
COUNTS = {"mnist-5k": 5_000, **dict.fromkeys(SPLITS["train"], 60_000), **dict.fromkeys(SPLITS["test"], 10_000)}
SHA256 = {
    "mnist-5k": "1574f5562c64a6afc9dae0cf8e23cbe02ecee011e4eddd5b8c2ca01821426cc0",  # images, then labels
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class Row(NamedTuple):
    """One file, as ``minigan data`` shows it.

    name : of the file
    images : number of images or labels in it
    shape : of one image; () for a label
    where : the file, or the folder in which it is missing
    state : `status` says "present" or "missing"; `verify` and `fetch` say "ok", "damaged" or "missing"
    """

    name: str
    images: int
    shape: tuple[int, ...]
    where: str
    state: str


def mnist_5k() -> Dataset:
    """Return the 5,000 training digits that ship with the package, 500 of each class; no network is needed.

    Returns
    -------
    Images (5000, 28, 28) uint8 and labels (5000,) uint8 in the order 0, 1, ..., 9, 0, 1, ...

    Raises
    ------
    InputError : the file is missing or damaged
    """
    path = _find("mnist-5k")
    if path is None:
        raise InputError(
            f"mnist-5k: expected mnist-5k.npz in {_places('mnist-5k')[0]}, got no such file; install minigan again"
        )
    dataset = read_npz(path, name="mnist-5k")
    labels = b"" if dataset.labels is None else dataset.labels.tobytes()
    _check_hash("mnist-5k", dataset.images.tobytes() + labels, path)
    return dataset


def mnist(split: str = "train") -> Dataset:
    """Return all training digits or all test digits of MNIST, with labels.

    The files are looked for in the folder that the environment variable MINIGAN_DATA names, and in its subfolder
    ``mnist``. When it is not set, they are looked for in the cache, which is filled from the network on first use.

    Parameters
    ----------
    split : "train" for 60,000 digits, "test" for 10,000

    Returns
    -------
    Images (N, 28, 28) uint8 and labels (N,) uint8.

    Raises
    ------
    InputError : ``split`` is something else, or the files cannot be found or downloaded
    """
    validation.one_of("split", split, SPLITS)
    images, labels = (parse_idx(_obtain(stem)) for stem in SPLITS[split])
    return Dataset("mnist", images, labels)


def fetch() -> list[Row]:
    """Check the four MNIST files, download those that are missing or damaged, and return a Row for each.

    Raises
    ------
    InputError : a file cannot be found or downloaded
    """
    for stem in FILES:
        _obtain(stem)
    return [_row(stem, "ok") for stem in FILES]


def status(name: str | None = None) -> list[Row]:
    """Say where the files of "mnist-5k", of "mnist", or of both are, without reading them."""
    return [_row(file, "present" if _find(file) else "missing") for file in _files(name)]


def verify(name: str | None = None) -> list[Row]:
    """Check the contents of the files against the published hashes.

    Parameters
    ----------
    name : "mnist-5k", "mnist" (four files), or None for both

    Returns
    -------
    A Row for each file. A missing or damaged file is a Row, not an error.

    Raises
    ------
    InputError : the name is unknown
    """
    return [_row(file, _verified_state(file)) for file in _files(name)]


def cache_folder() -> Path:
    """Return the folder in which downloads are kept; it need not exist yet."""
    import pooch

    return Path(pooch.os_cache("minigan")) / "mnist"


def _obtain(stem: str) -> bytes:
    """Return the verified, decompressed bytes of one MNIST file, from a folder, the cache or a mirror."""
    path = _find(stem)
    if os.environ.get("MINIGAN_DATA"):
        if path is None:
            looked = " or ".join(map(str, _places(stem)))
            raise InputError(
                f"MINIGAN_DATA: expected {stem}[.gz] in {looked}, got no such file; put it there, or unset MINIGAN_DATA"
            )
        return _checked_payload(stem, path)
    if path is not None:
        with suppress(InputError):  # a damaged file in the cache is fetched again
            return _checked_payload(stem, path)
    return _download(stem)


def _download(stem: str) -> bytes:
    import pooch

    folder, problems = cache_folder(), []
    progress = is_terminal(sys.stderr)
    get = pooch.HTTPDownloader(progressbar=progress, chunk_size=1 << 16, timeout=30)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(folder / f"{stem}.gz") as temporary:
            for mirror in MIRRORS:
                try:
                    get(f"{mirror}{stem}.gz", os.fspath(temporary), None)
                    return _checked_payload(stem, temporary)
                except (InputError, OSError) as error:  # what requests raises is an OSError
                    problems.append(f"{urlsplit(mirror).netloc} {_download_problem(error)}")
            raise InputError(
                f"mnist: expected {stem}.gz in the cache or on a mirror, got no such file here, and "
                f'{" and ".join(problems)}. You can use data="mnist-5k"; or set MINIGAN_DATA to a folder with the '
                "four files; or run `minigan data fetch mnist` on a machine with a network and copy its cache folder "
                f"to {folder}"
            )
    except OSError as error:
        raise InputError(
            f"mnist: expected a cache folder that can be written, got {folder} ({error.strerror})"
        ) from None


def _download_problem(error: Exception) -> str:
    if isinstance(error, InputError):
        return "sent other contents"
    answer = getattr(error, "response", None)
    return f"failed ({type(error).__name__})" if answer is None else f"answered {answer.status_code}"


def _checked_payload(stem: str, path: Path) -> bytes:
    payload = read_payload(path)
    _check_hash(stem, payload, path)
    return payload


def _check_hash(name: str, payload: bytes, path: Path) -> None:
    came = hashlib.sha256(payload).hexdigest()
    if came != SHA256[name]:
        raise InputError(
            f"{path}: expected the published {name} (SHA-256 {SHA256[name][:9]}...), got another file ({came[:9]}...)"
        )


def _places(name: str) -> list[Path]:
    """Return the folders in which a file is looked for, in this order."""
    if name == "mnist-5k":
        here = Path(__file__).resolve()
        return [here.parent, here.parents[2] / "data"]  # in a wheel; in a checkout
    if root := os.environ.get("MINIGAN_DATA"):
        return [Path(os.path.expanduser(root)), Path(os.path.expanduser(root), "mnist")]
    return [cache_folder()]


def _find(name: str) -> Path | None:
    for folder in _places(name):
        path = folder / "mnist-5k.npz" if name == "mnist-5k" else find_idx(folder, name)
        if path and os.path.isfile(path):
            return path
    return None


def _files(name: str | None) -> tuple[str, ...]:
    if name is not None:
        validation.one_of("name", name, NAMES)
    return {"mnist-5k": ("mnist-5k",), "mnist": FILES, None: ("mnist-5k", *FILES)}[name]


def _verified_state(name: str) -> str:
    path = _find(name)
    if path is None:
        return "missing"
    try:
        if name == "mnist-5k":
            mnist_5k()
        else:
            _checked_payload(name, path)
    except InputError:
        return "damaged"
    return "ok"


def _row(name: str, state: str) -> Row:
    where = _find(name) or _places(name)[0]
    return Row(name, COUNTS[name], () if "labels" in name else (28, 28), os.fspath(where), state)
