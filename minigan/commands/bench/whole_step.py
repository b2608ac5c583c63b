"""The trainer whose whole steps are measured: with the options that `minigan train` gives a model, on mnist-5k."""

from ...backend import Device
from ...datasets import load_dataset
from ...training.config import TrainConfig
from ...training.trainer import Trainer


def make_trainer(model: str, batch_size: int, update: str, device: Device) -> Trainer:
    """Return a trainer before its first step."""
    dataset = load_dataset("mnist-5k")
    config = TrainConfig(model=model, batch_size=batch_size, update=update, data=dataset.name, device=device)
    return Trainer(config.resolve(dataset=dataset.name, device=device), dataset)
