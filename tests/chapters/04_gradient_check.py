"""What chapter 04 has computed is what it says."""

assert 0.0002 < nudged - 3 * 2 * (1 - np.tanh(1.0) ** 2) < 0.0003

# how exact a difference quotient is
for u, h, error in ((1.1e-16, 7e-6, 2e-11), (6.0e-8, 6e-3, 2e-5)):  # (4.5) and (4.4)
    assert np.allclose([(3 * u) ** (1 / 3), h**2 / 6 + u / h], [h, error], rtol=0.25)
assert 1e-6 < best["float64"][0] < 1e-4
assert 1e-12 < best["float64"][1] < 1e-10
assert best["float32"][1] > 1e-6
forward, central = off["float64"]
assert 300 < forward.min() / central.min() < 3000  # three digits
assert 1.9 < forward[4] / forward[5] < 2.1  # half the step, half the error
assert 3.9 < central[4] / central[5] < 4.1  # half the step, a quarter of the error

# random directions
assert (seen["right"] < 1e-6).all()
assert (seen["one sign wrong"] > 1e-4).mean() > 0.95
assert (seen["one sign wrong"] < 1e-2).mean() > 0.25
assert (seen["0.1 % too large"] > 1e-6).all()
assert accepted_one.ok
assert not refused_one.ok
four = np.random.default_rng(1).standard_normal((4, theta.size))
v = max(four, key=lambda v: abs(gradients["right"] @ v))  # the same draws as inside check_directional
assert np.allclose(d.dtheta, gradients["right"])

# a constant upstream gradient, adjoints, kinks, oracles
assert all((size < 1e-12) == (name == "1") for (name, _), size in size_of_dx.items())
assert abs(forwards - backwards) < 1e-12 * 1e3
assert abs(central_difference(near_a_kink(3e-6)) - 1) < 1e-6
assert abs(central_difference(near_a_kink(3e-7)) - 1) > 0.1
assert abs(central_difference(near_a_kink(0.0)) - 0.6) < 1e-6
assert all(verdict.ok for verdict in turned_over)
assert same == {"LeakyReLU": True, "TurnedOver": False}
assert all(verdict.ok for verdict in verdicts)
assert [verdict.ok for verdict in game_verdicts] == [True, True, True]
assert [verdict.ok for verdict in canary] == [True, False, False]
assert np.allclose([verdict.error for verdict in canary[1:]], 2, rtol=1e-6)

# the table
assert rejected_bugs.tolist() == [2, 4, 7, 8, 2, 1]
assert not accepted[1, :3].any()  # false alarms of a step of 1e-2 near a kink
assert accepted[0].all()
assert accepted[1, 3:].all()
assert (~accepted[~right][:, 3:]).any(axis=1).all()  # the last three together catch every bug

assert held_verdict.ok
