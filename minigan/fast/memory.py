"""What a training step asks of the memory of the process."""

import ctypes


def retain_heap() -> None:
    """Ask the C library to keep freed memory for the next step instead of handing it back to the system.

    A training step allocates and frees the same blocks again and again. glibc gives large blocks back each time, and
    fetching fresh pages took a quarter of a `dcgan` step. With another C library this does nothing.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of <malloc.h>
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(mmap_threshold, 2**25)
