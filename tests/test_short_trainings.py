"""Every model, and every option that changes a step, trains on a GPU as it does on a CPU."""

import numpy as np
import pytest

from minigan import TrainConfig
from minigan.backend import Device, to_device, to_host
from minigan.datasets import Dataset, Points, load_dataset
from minigan.layers import Dropout
from minigan.models import MODELS, get_model_spec
from minigan.objectives import OBJECTIVES, PENALTIES
from minigan.objectives.conditional import CONDITIONALS
from minigan.training.trainers import make_trainer

STEPS = 6
CLOSE = 1e-3  # of a number of the log, or of 0.1 if that is more; rounding grows from step to step
DIGIT = np.kron(np.eye(10, 16, dtype=np.uint8).reshape(10, 4, 4), np.full((2, 2), 200, np.uint8))  # one square for each

OPTIONS = {
    "hybrid": [
        {"plain": True},
        *({"penalty": penalty} for penalty in [*PENALTIES, "r1:weight=10,every=4"]),
        {"minibatch_std": True},
        {"spectral_norm": True},
        {"packing": 2},
        {"discriminators": 2},
        {"discriminators": 2, "combine": "max"},
        {"discriminator_steps": 2},
        {"augment_shift": 2},
        {"instance_noise": 0.3},
        {"real_label": 0.9, "fake_label": 0.1},
        {"label_noise": 0.1, "label_flip": 0.1},
        {"update": "simultaneous", "penalty": "r1"},
        {"clip_gradient_norm": 0.1},
        {"clip_gradient_value": 0.01},
        {"clip_weights": 0.05},
        {"learning_rate_decay": "linear"},
    ],
    "conv": [{"plain": True}, {"conditional": "clusters", "clusters": 2, "recluster": 1, "update": "simultaneous"}],
    "mlp": [
        *({"objective": objective} for objective in OBJECTIVES),
        *({"conditional": conditional} for conditional in ["none", *CONDITIONALS]),
    ],
    "dcgan": [{"plain": True}, {"penalty": "r1", "update": "simultaneous"}],
    "dirac": [{"penalty": "r1"}],
}
CASES = [(name, {}) for name in MODELS]
CASES += [(name, options) for name, cases in OPTIONS.items() for options in cases]


def dataset_of(model: str) -> Dataset | Points:
    if model in ("points", "dirac"):
        return load_dataset({"points": "ring", "dirac": "dirac"}[model])
    labels = np.arange(80) % 10
    noise = np.random.default_rng(1).integers(0, 50, (80, 8, 8), dtype=np.uint8)
    return Dataset("numbers", DIGIT[labels] + noise, labels.astype(np.uint8))


def losses(device: Device, model: str, options: dict) -> np.ndarray:
    """The log of a short run, (STEPS, 4)."""
    dataset = dataset_of(model)
    config = TrainConfig(model=model, batch_size=8, seed=3, steps=STEPS, **options)
    trainer = make_trainer(config.resolve(dataset=dataset.name, device=device), dataset)
    for net in (trainer.generator, trainer.discriminator):  # black pixels are on the kink of LeakyReLU: move them away
        shift = 0.05 * np.random.default_rng(0).standard_normal(net.theta.size)
        net.theta += to_device(shift.astype(net.theta.dtype), device)
    log = [[float(to_host(number)) for number in trainer.step(i / STEPS)] for i in range(STEPS)]
    assert all(bool(np.isfinite(to_host(net.theta)).all()) for net in (trainer.generator, trainer.discriminator))
    return np.array(log)


def draws_on_the_device(model: str) -> bool:
    spec = get_model_spec(model)
    return any(isinstance(layer, Dropout) for layer in spec.discriminator(spec.example_shape(8)))


@pytest.mark.parametrize("device", ["strict", pytest.param("cupy", marks=pytest.mark.gpu)], indirect=True)
@pytest.mark.parametrize(
    ("model", "options"),
    [pytest.param(name, each, id=" ".join([name, *(f"{k}={v}" for k, v in each.items())])) for name, each in CASES],
)
def test_the_losses_are_those_of_the_cpu(model, options, device):
    """Masks of dropout are drawn on the device; without them a run is the same up to rounding."""
    there = losses(device, model, options)
    assert np.isfinite(there).all()
    if not draws_on_the_device(model):
        here = losses("cpu", model, options)
        error = np.abs(there - here) / np.maximum(np.abs(here), 0.1)
        assert error.max() < CLOSE
