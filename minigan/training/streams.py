"""The random streams of a run: one seed gives them all, and each draws for one purpose only."""

import numpy as np

SHARED = {"weights", "clusters"}  # drawn alike on all ranks
STREAMS = ("weights", "order", "noise", "layers", "soft labels", "codes", "clusters")


def make_streams(seed: int, rank: int = 0) -> dict[str, np.random.Generator]:
    """Return the random number generators of one rank, by the names in `STREAMS`.

    Stream i is child i of the seed, ``SeedSequence(seed, spawn_key=(i,))``. Rank r > 0 takes child r of that child,
    except for the weights and the clusters, about which all ranks must agree. So rank 0 draws what a run without other
    ranks draws.
    """
    keys = {name: (i,) if rank == 0 or name in SHARED else (i, rank) for i, name in enumerate(STREAMS)}
    return {name: np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key)) for name, key in keys.items()}
