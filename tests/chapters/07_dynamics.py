# What chapter 07 has computed, judged; this runs in the notebook's kernel, after its last cell.
import itertools

from minigan.gradient_check import check_game
from minigan.notebook.style import simulate

# the field and its derivative
for at in np.random.default_rng(2).normal(size=(20, 2)):
    assert np.allclose(field_by_hand(*at), game_field(*at, objective="minimax"), rtol=1e-12)
assert np.allclose(field_by_hand(0.8, -0.5), (-0.2007, -0.3210), atol=1e-4)  # the numbers of the drawing
assert abs(np.log(2) + np.log1p(np.exp(-0.4)) - 1.206) < 5e-4
assert all(check.ok for check in check_game(*new_pair(0.8, -1.3), Minimax()))
assert round(np.degrees(np.arctan(0.5)), 1) == 26.6  # the turn of the matrix (7.3)
assert np.allclose(game_jacobian(0.0, 0.0, objective="non-saturating"), A, atol=1e-9)
assert np.allclose(np.sort(np.linalg.eigvals(A).imag), [-0.5, 0.5])
assert abs(A[1, 0] - A[0, 1] + 1) < 1e-9  # the curl
assert np.hypot(*flow_for((2.0, 0), 2 * np.pi * (1 + np.i0(2.0)))) - 2 < 1e-6
assert np.abs(flow_for((2.0, 0), 2 * np.pi * (1 + np.i0(2.0))) - (2, 0)).max() < 1e-5

# the package's steps, and their matrices
theta, psi = play(simultaneous_step, (0.3, 0.8), 1)[1]
assert np.allclose((theta, psi), (0.3, 0.8) + 0.1 * field_by_hand(0.3, 0.8), rtol=1e-12)
theta, psi = play(alternating_step, (0.3, 0.8), 1)[1]
assert np.isclose(psi, 0.8 + 0.1 * field_by_hand(0.3, 0.8)[1], rtol=1e-12)
assert np.isclose(theta, 0.3 + 0.1 * field_by_hand(0.3, psi)[0], rtol=1e-12)  # the new psi
assert np.allclose(np.abs(np.linalg.eigvals(step_matrix(0.1, 0.1))), np.sqrt(1 + 0.1**2 / 4))
assert np.allclose(step_matrix(0.1, 0.1, alternating=True), [[1 - 0.05**2, 0.05], [-0.05, 1]])
for kind, path in near.items():
    measured, exact = (np.linalg.eigvals(m) for m in (measured_matrix(path), step_matrix(0.1, 0.1, 0, kind[0] == "a")))
    assert np.abs(np.sort_complex(measured) - np.sort_complex(exact)).max() < 6e-4
distances = alternate_by_hand(0.8, 0.3, 0.2, 50)
assert np.allclose(distances, np.hypot(*play(alternating_step, (0.8, 0.3), 50, 0.2)[1:].T), rtol=1e-12)
if not FAST:
    drift = alternate_by_hand(1.5, 0.0, 0.2, 60_000)
    assert 1.57 < drift[:200].max() < 1.59
    assert 1.76 < drift[-200:].max() < 1.775
    assert (
        np.ptp([alternate_by_hand(0.55, 0.0, 0.2, 60_000)[part].max() for part in (slice(200), slice(-200, None))])
        < 5e-5
    )
radii = {kind: np.hypot(*path[-1]) for kind, path in paths.items()}
assert radii["simultaneous"] > 1.2 > 0.6 > radii["alternating"] > 0.5 > 0.03 > radii["R1"]

# momentum: the matrix, its polynomial and the package
for beta1, h, alternating in itertools.product((0.9, 0.5, 0.0, -0.5), (0.1, 0.4), (False, True)):
    a = h / 2 * (1 - beta1)
    polynomial = np.poly([1, 1, beta1, beta1]) + a * a * np.array([0, alternating, not alternating, 0, 0])
    roots = np.roots(polynomial)
    found = np.linalg.eigvals(momentum_matrix(h, h, beta1, alternating=alternating))
    assert abs(np.abs(roots).max() - np.abs(found).max()) < 1e-6
    step = alternating_step if alternating else simultaneous_step
    measured = np.linalg.eigvals(measured_with_momentum(step, h, beta1))
    assert abs(np.abs(measured).max() - np.abs(found).max()) < 1e-5
block = np.block([[np.eye(2) + 0.05 * A, -0.05 * np.eye(2)], [-0.5 * A, 0.5 * np.eye(2)]])
assert np.allclose(momentum_matrix(0.1, 0.1, 0.5), block)  # (7.16)
assert np.abs(np.linalg.eigvals(momentum_matrix(0.1, 0.1, -0.5, alternating=True))).max() < 1
for matrix, measured in measured_pairs.values():
    assert (
        np.abs(np.sort_complex(np.linalg.eigvals(matrix)) - np.sort_complex(np.linalg.eigvals(measured))).max() < 1e-3
    )

# two rates, the other loss, Adam, the average
assert abs(abs(mu_uneven) - abs(mu_even)) < 5e-5
assert 1.8 < stretch < 2.2  # sqrt(h_D / h_G) = 2
assert braked[1] < braked[0] < 1
if not FAST:
    for beta1 in (0.1, 0.3, 0.5, 0.9):
        from_outside, from_inside = (adam_runs[beta1, start][-400:].mean() for start in (1.0, 0.001))
        assert abs(from_outside / from_inside - 1) < 0.11
        assert from_outside > 0.75
    assert adam_runs[0.0, 1.0][-400:].mean() < 0.5 < 0.8 < adam_runs[0.0, 1.0][:400].mean()
    assert 0.01 < adam_runs[0.0, 0.001][-400:].mean() < 0.04  # the learning rate is 0.02
    assert abs(len(tops) / (rounds[-1] - rounds[0]) - 2) < 0.6
assert ends[0.0] < ends[0.5] < ends[0.9] < np.sqrt(2)
assert abs(left_over / share_predicted - 1) < 0.15
assert sum(network.theta.size for network in (state["game"].generator, state["game"].discriminator)) == 67_203
assert (
    min(
        np.linalg.norm(simulate(a, np.eye(3)) - simulate(b, np.eye(3)))
        for a, b in itertools.combinations(LOOKS.values(), 2)
    )
    > 20
)
