"""Data-parallel training: every rank has the whole network and a part of the batch, and all take the same step."""

from ..distributed import Communicator, average
from .optimizer import Optimizer, Wrapper


class DataParallel(Wrapper):
    """Replace the gradient by its mean over the ranks, in one sum, and let an optimiser step.

    dtheta <- 1/K sum_r dtheta_r

    If the loss of rank r is a mean over its N samples, this is the gradient of the mean over all K N samples: the ranks
    do what one process does on the whole batch. All ranks have the same weights before, and so the same weights after.
    The optimiser may clip; then it clips the mean.

    Parameters
    ----------
    optimizer : Optimizer
        Takes the step. Its network gets the weights and the statistics of rank 0.
    communicator : Communicator
        Joins the ranks; all of them must make this object, and call ``step``, in the same order.
    """

    def __init__(self, optimizer: Optimizer, communicator: Communicator) -> None:
        super().__init__(optimizer)
        self.communicator = communicator
        for vector in (self.network.theta, self.network.stats):
            communicator.broadcast(vector)
        self.network.version += 1

    def step(self) -> None:
        """Find the mean gradient, and let the optimiser step."""
        average(self.communicator, self.network.dtheta)
        self.optimizer.step()
