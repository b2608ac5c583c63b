"""The state of a trainer: a trainer that gets it goes on to the bit as the first one."""

import json

import numpy as np
import pytest

from minigan import InputError, TrainConfig
from minigan.backend import to_host
from minigan.datasets import Dataset, load_dataset
from minigan.models import MODELS
from minigan.training.state import State, put, take
from minigan.training.trainers import make_trainer

STEPS = 8  # of a run, half of them before its state is taken

# Every model, and every option that keeps something from one step to the next.
GAMES = {
    **{name: {"model": name, "batch_size": 8} for name in MODELS},
    "clusters found again": {"model": "conv", "conditional": "clusters", "clusters": 3, "recluster": 2},
    "clusters within labels": {"model": "conv", "conditional": "projection", "clusters": 2, "recluster": 1},
    "ac-gan": {"model": "hybrid", "conditional": "ac-gan"},
    "infogan": {"model": "hybrid", "conditional": "infogan"},
    "projection": {"model": "mlp", "conditional": "projection"},
    "packing": {"model": "mlp", "conditional": "none", "packing": 2},
    "lazy r1": {"model": "mlp", "penalty": "r1:weight=1,every=3"},
    "points between": {"model": "mlp", "penalty": "wgan-gp:every=2"},
    "instance noise": {"model": "mlp", "instance_noise": 0.3},
    "shifts and decay": {"model": "hybrid", "augment_shift": 2, "learning_rate_decay": "linear"},
    "soft labels": {"model": "mlp", "real_label": 0.9, "label_noise": 0.1, "label_flip": 0.1},
    "spectral norm": {"model": "dcgan", "spectral_norm": True},
    "minibatch std": {"model": "mlp", "minibatch_std": True},
    "discriminators": {"model": "mlp", "discriminators": 2, "conditional": "none"},
    "two steps of D": {"model": "mlp", "discriminator_steps": 2, "objective": "wasserstein"},
    "simultaneous": {"model": "mlp", "update": "simultaneous"},
    "plain": {"model": "hybrid", "plain": True},
    "clipped": {"model": "mlp", "clip_gradient_norm": 0.1, "clip_gradient_value": 0.01},
}


@pytest.fixture(scope="module")
def digits():
    full = load_dataset("mnist-5k")
    return Dataset("mnist-5k", full.images[:61], full.labels[:61])  # an epoch ends within the steps


def make(options, digits, device="cpu"):
    points = options.get("model") in ("points", "dirac")
    dataset = load_dataset("dirac" if options["model"] == "dirac" else "ring") if points else digits
    config = TrainConfig(**{"batch_size": 20, **options, "data": dataset.name})
    return make_trainer(config.resolve(dataset=dataset.name, device=device), dataset)


def steps(trainer, begin, end):
    return [[float(to_host(number)) for number in trainer.step(i / STEPS)] for i in range(begin, end)]


def as_json(state):
    """Send the state through what a file holds: arrays, and numbers as JSON."""
    return State({name: array.copy() for name, array in state.arrays.items()}, json.loads(json.dumps(state.numbers)))


def assert_equal(a, b):
    assert a.numbers == b.numbers
    assert a.arrays.keys() == b.arrays.keys()
    for name, array in a.arrays.items():
        np.testing.assert_array_equal(array, b.arrays[name], strict=True, err_msg=name)


def check_goes_on(name, digits, device="cpu"):
    first = make(GAMES[name], digits, device)
    steps(first, 0, STEPS // 2)
    state = as_json(take(first))
    seen = steps(first, STEPS // 2, STEPS)
    second = make(GAMES[name], digits, device)
    put(second, state)
    assert steps(second, STEPS // 2, STEPS) == seen
    assert_equal(take(second), take(first))


@pytest.mark.parametrize("name", GAMES)
def test_a_new_trainer_goes_on_to_the_bit(name, digits):
    check_goes_on(name, digits)


@pytest.mark.parametrize("name", ["mlp", "clusters found again"])
def test_on_every_device(name, digits, device):
    check_goes_on(name, digits, device)


def test_from_the_cpu_to_a_device_and_back(digits, device):
    trainer = make(GAMES["clusters found again"], digits)
    steps(trainer, 0, STEPS // 2)
    for where in (device, "cpu"):
        state = as_json(take(trainer))
        trainer = make(GAMES["clusters found again"], digits, where)
        put(trainer, state)
        assert_equal(take(trainer), state)
    assert np.isfinite(steps(trainer, STEPS // 2, STEPS)).all()


def test_what_was_taken_does_not_change_with_the_trainer(digits):
    trainer = make(GAMES["clusters found again"], digits)
    before = take(trainer)
    copy = as_json(before)
    steps(trainer, 0, STEPS)
    assert_equal(before, copy)
    put(trainer, before)
    steps(trainer, 0, STEPS)
    assert_equal(before, copy)


@pytest.fixture(scope="module")
def state(digits):
    trainer = make(GAMES["clusters found again"], digits)
    steps(trainer, 0, STEPS // 2)
    return take(trainer)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("generator_theta", np.zeros(3, np.float32), "generator_theta: expected float32 of shape"),
        ("generator_m", None, "generator_m: expected float32 of shape .* got none"),
        ("shares", np.zeros(3, np.float32), "shares: expected float64"),
        ("shares", np.array([0.5, 0.7, -0.2]), "shares: expected the probabilities"),
        ("order", np.zeros(3, np.int64), "order: expected int64 of shape"),
        ("order", np.array(5), "order: expected int64 of shape"),
        ("order", np.full(61, 61), "order: expected integers from 0 to 60"),
        ("labels", np.full(61, -1), "labels: expected integers from 0 to 2"),
        ("generator_t", 1.5, "generator_t: expected an integer"),
        ("position", -1, "position: expected an integer"),
        ("discriminator_steps", None, "discriminator_steps: expected an integer"),
        ("streams", {}, "streams: expected the state of the random stream 'weights'"),
        ("streams", None, "streams: expected the state"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(name, value, problem, state, digits):
    arrays, numbers = dict(state.arrays), dict(state.numbers)
    changed = arrays if name in arrays else numbers
    changed[name] = value
    if value is None:
        del changed[name]
    trainer = make(GAMES["clusters found again"], digits)
    before = take(trainer)
    with pytest.raises(InputError, match=problem):
        put(trainer, State(arrays, numbers))
    assert_equal(take(trainer), before)
