"""The trainer of a run: that of a game, or that of an autoencoder."""

from ..datasets.dataset import Dataset
from ..datasets.points import Points
from ..distributed import ALONE, Communicator
from .autoencoder import AutoencoderTrainer
from .base_trainer import BaseTrainer
from .config import ResolvedConfig
from .trainer import Trainer


def make_trainer(config: ResolvedConfig, dataset: Dataset | Points, communicator: Communicator = ALONE) -> BaseTrainer:
    """Return the trainer of the model in ``config``; parameters and errors are those of the trainers."""
    return (AutoencoderTrainer if config.spec.autoencodes else Trainer)(config, dataset, communicator)
