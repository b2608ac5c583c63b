"""Each kind of model gets its own trainer."""

import numpy as np
import pytest

from minigan import TrainConfig
from minigan.datasets import Dataset
from minigan.models import MODELS, get_model_spec
from minigan.training.autoencoder import AutoencoderTrainer
from minigan.training.trainer import Trainer
from minigan.training.trainers import make_trainer

IMAGES = np.zeros((4, 8, 8), dtype=np.uint8)


@pytest.mark.parametrize("model", [name for name in MODELS if get_model_spec(name).samples == "images"])
def test_the_kind_of_trainer(model):
    """A GAN plays a game, and the trainer of an autoencoder knows none."""
    config = TrainConfig(model=model, batch_size=2, conditional="none").resolve(dataset="zeros", device="cpu")
    trainer = make_trainer(config, Dataset("zeros", IMAGES))
    assert type(trainer) is (AutoencoderTrainer if model == "vae" else Trainer)
    assert hasattr(trainer, "game") == (model != "vae")
