"""The Dirac GAN: its field is what the networks compute, its Jacobian is the field's, and training circles."""

import numpy as np
import pytest

import minigan
from minigan import InputError
from minigan.backend import to_device, to_host
from minigan.layers import Constant
from minigan.models import build_networks
from minigan.models.dirac import GAMES, game_field, game_jacobian
from minigan.network import Network
from minigan.objectives import get_objective
from minigan.objectives.penalties import get_penalty
from minigan.optimizers import SGD
from minigan.training import simultaneous_step

POINTS = [(0.0, 0.0), (1.0, 1.0), (-0.7, 2.0), (3.0, -1.5), (0.4, 0.0)]
every_game = pytest.mark.parametrize("objective", GAMES)
every_point = pytest.mark.parametrize("at", POINTS, ids=str)


def computed_field(theta, psi, objective, gamma=0.0, device="cpu"):
    """v by the package's own networks, loss and backward passes, in float64, through `simultaneous_step`."""
    g, d = build_networks("dirac", (1,), rng=np.random.default_rng(0), dtype="float64", device=device)
    g.theta[...], d.theta[...] = theta, psi
    for net in (g, d):
        net.version += 1
    z = to_device(np.random.default_rng(1).standard_normal((4, 1)), device)
    x_fake, caches = g.forward(z, train=True)
    still = [SGD(net, learning_rate=1e-200) for net in (g, d)]
    penalty = get_penalty(f"r1:weight={gamma}") if gamma else None
    simultaneous_step(g, d, *still, get_objective(objective), 0 * x_fake, x_fake, caches, penalty=penalty)
    return -np.concatenate([to_host(g.dtheta), to_host(d.dtheta)])


@every_game
@every_point
@pytest.mark.parametrize("gamma", [0.0, 0.8])
def test_the_field_is_what_the_networks_compute(at, objective, gamma, device):
    expected = computed_field(*at, objective, gamma, device)
    np.testing.assert_allclose(game_field(*at, objective=objective, gamma=gamma), expected, rtol=1e-12, atol=1e-15)


@every_game
@every_point
@pytest.mark.parametrize("gamma", [0.0, 0.8])
def test_the_jacobian_by_finite_differences_of_the_gradients(at, objective, gamma):
    h, columns = 1e-5, []
    for step in ((h, 0.0), (0.0, h)):
        ahead, behind = (computed_field(*np.add(at, sign * np.array(step)), objective, gamma) for sign in (1, -1))
        columns.append((ahead - behind) / (2 * h))
    numeric = np.stack(columns, axis=1)
    np.testing.assert_allclose(game_jacobian(*at, objective=objective, gamma=gamma), numeric, rtol=1e-8, atol=1e-8)


@every_game
def test_eigenvalues_at_the_equilibrium(objective):
    eigenvalues = np.linalg.eigvals(game_jacobian(0.0, 0.0, objective=objective))
    np.testing.assert_allclose(sorted(eigenvalues.imag), [-0.5, 0.5])
    np.testing.assert_array_equal(eigenvalues.real, 0)
    for gamma in (0.3, 1.0, 4.0):  # spirals in, critically damped, creeps in
        damped = np.linalg.eigvals(game_jacobian(0.0, 0.0, objective=objective, gamma=gamma))
        root = np.sqrt(complex(gamma**2 / 4 - 1 / 4))
        np.testing.assert_allclose(sorted(damped, key=abs), sorted([-gamma / 2 + root, -gamma / 2 - root], key=abs))
        assert (damped.real < 0).all()


def test_far_out_nothing_overflows():
    for at in ((1000.0, 1000.0), (-1000.0, 1000.0)):
        assert np.isfinite(game_field(*at)).all()
        assert np.isfinite(game_jacobian(*at)).all()


def test_refuses_other_games():
    for function in (game_field, game_jacobian):
        with pytest.raises(InputError, match="objective: expected one of non-saturating, minimax, got 'hinge'"):
            function(0.0, 0.0, objective="hinge")


@pytest.mark.parametrize("gamma", [0.0, 1.0])
def test_gradient_steps_leave_the_equilibrium_unless_damped(gamma):
    at = np.array([0.1, 0.1])
    for _ in range(500):
        at = at + 0.1 * game_field(*at, gamma=gamma)
    assert (np.linalg.norm(at) > 0.15) == (gamma == 0)


@every_game
def test_through_train(objective, tmp_path):
    options = {"data": "dirac", "objective": objective, "quiet": True, "device": "cpu", "log_every": 10}
    run = minigan.train(**options, steps=20, out=tmp_path / "dirac")
    assert run.config.model == "dirac"
    assert (run.generator.theta.shape, run.discriminator.theta.shape) == ((1,), (1,))
    points = run.sample(5)
    assert points.shape == (5, 1)
    np.testing.assert_array_equal(points, run.generator.theta[0])
    assert (run.folder / "training.gif").is_file()
    assert minigan.load(run.folder).generator.theta == run.generator.theta


def test_training_follows_the_theory():
    """From (1, 1): minimax circles, non-saturating creeps in, R1 makes either converge."""
    radius = {}
    for objective in GAMES:
        for penalty in (None, "r1:weight=1"):
            run = minigan.train(data="dirac", objective=objective, penalty=penalty, update="simultaneous", quiet=True,
                                device="cpu")  # fmt: skip
            radius[objective, penalty] = float(np.hypot(run.generator.theta[0], run.discriminator.theta[0]))
    assert radius["minimax", None] > 1
    assert 0.2 < radius["non-saturating", None] < 1
    assert radius["minimax", "r1:weight=1"] < 1e-6
    assert radius["non-saturating", "r1:weight=1"] < 1e-6


def test_constant_by_hand(device, normal):
    net = Network([Constant(2)], (3,), rng=np.random.default_rng(0), dtype="float64", device=device)
    x, dy = normal(4, 3), normal(4, 2)
    y, caches = net.forward(x, train=True)
    np.testing.assert_array_equal(to_host(y), np.tile(to_host(net.theta), (4, 1)))
    np.testing.assert_array_equal(to_host(net.backward(dy, caches)), np.zeros((4, 3)))
    np.testing.assert_allclose(to_host(net.dtheta), to_host(dy).sum(axis=0), rtol=1e-14)
    assert repr(net.layers[0]) == "Constant(2)"
    with pytest.raises(InputError, match="units: expected an integer of at least 1, got 0"):
        Constant(0)
