"""A short training on one rank, and the program that `test_mpi` gives to mpiexec.

The program takes the name of one of `JOBS`. Rank 0 prints one line of JSON with what all ranks say.
"""

import hashlib
import json
import os
import signal
import sys
import time

import numpy as np

from minigan import TrainConfig
from minigan.datasets import Dataset
from minigan.distributed import connect, ending_together
from minigan.training.trainer import Trainer

OPTIONS = {"model": "infogan", "conditional": "none", "batch_size": 12, "latent_dim": 6, "steps": 3, "seed": 4}


def samples():
    return np.random.default_rng(0).uniform(-1, 1, (41, 8, 8)).astype(np.float32)


def resolved(**options):
    return TrainConfig(**{**OPTIONS, "distributed": True, **options}).resolve(dataset="array", device="cpu")


def train_rank(communicator, **options):
    """Return the weights and the statistics of both players after the steps."""
    config = resolved(**options)
    trainer = Trainer(config, Dataset("array", samples()), communicator)
    for i in range(config.steps):
        trainer.step(i / config.steps)
    return vectors(trainer)


def vectors(game):
    return [vector.copy() for net in (game.generator, game.discriminator) for vector in (net.theta, net.stats)]


def digest(arrays):
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


def sums(communicator):
    """The sum of a short vector, of one that is cut into parts, and of none; and a broadcast."""
    for n in (0, 1, 4096, 4097, 10_000):
        for dtype in ("float32", "float64", "int64"):
            v = (1000 * np.random.default_rng(communicator.rank).standard_normal(n)).astype(dtype)
            communicator.sum_(v)
            w = v + communicator.rank
            communicator.broadcast(w)
            yield v
            yield w


def fail(how):
    if how == "raise":
        raise KeyError("its own error")
    if how == "exit":
        sys.exit(5)
    os.kill(os.getpid(), signal.SIGKILL)


def failing(how):
    def job(communicator):
        communicator.gather(0)
        if communicator.rank == communicator.size - 1:
            fail(how)
        communicator.gather(1)  # the others wait here
        time.sleep(60)

    return job


JOBS = {
    "sums": lambda communicator: digest(sums(communicator)),
    "train": lambda communicator: digest(train_rank(communicator, model="mlp")),
    "synchronised": lambda communicator: digest(train_rank(communicator, model="mlp", synchronised_batch_norm=True)),
    **{how: failing(how) for how in ("raise", "exit", "kill")},
}

if __name__ == "__main__":
    communicator = connect()
    with ending_together(communicator):
        said = {name: communicator.gather(JOBS[name](communicator)) for name in sys.argv[1:]}
    if communicator.rank == 0:
        print(json.dumps(said))
