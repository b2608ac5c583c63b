"""A setting for the memory that a training step uses."""

import ctypes


def retain_heap() -> None:
    """Ask the C library to keep freed memory for the next step instead of returning it to the system.

    A training step allocates and frees the same blocks again and again. glibc returns large blocks every time, and to
    get new pages took a quarter of a `dcgan` step. With another C library this function does nothing.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of <malloc.h>
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(mmap_threshold, 2**25)
