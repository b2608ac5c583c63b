"""Shards: the part of the data that one of several ranks learns from."""

import numpy as np

from ..errors import InputError


def shard(samples: np.ndarray, rank: int, size: int) -> np.ndarray:
    """Return the samples r, r + K, r + 2 K, ... for rank r of K, as a view.

    The last samples are left out if K does not divide their number, so the shards of all ranks have the same length.
    Labels are sharded in the same way.

    Parameters
    ----------
    samples : ndarray of shape (N, ...)
    rank, size : int
        r and K.

    Raises
    ------
    InputError
        If there are fewer samples than ranks.
    """
    if size > len(samples):
        raise InputError(f"data: expected at least one sample for each of {size} ranks, got {len(samples)}")
    return samples[rank : len(samples) - len(samples) % size : size]


def unshard(shards: list[np.ndarray]) -> np.ndarray:
    """Return the samples in their own order, given the shards of all ranks; what was left out is missing."""
    together = np.stack(shards, axis=1)  # (N/K, K, ...)
    return together.reshape(-1, *together.shape[2:])


def share_of_batch(batch_size: int, size: int, *, packing: int = 1) -> int:
    """Return the number of samples that each rank gets of a batch.

    Parameters
    ----------
    batch_size : int
        Of all ranks together.
    size : int
        The number of ranks K.
    packing : int
        Number of samples that a discriminator judges together; each rank packs its own.

    Raises
    ------
    InputError
        If the samples cannot be shared out equally, or each rank would get only one.
    """
    share = batch_size // size
    if batch_size % (size * packing) or (share < 2 <= size):
        least = packing * -(-2 // packing) * size
        raise InputError(
            f"batch_size: expected a multiple of {size * packing} for {size} ranks, at least {least}, got {batch_size}"
        )
    return share
