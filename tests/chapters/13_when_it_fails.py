from minigan.runs.diagnosis import IGNORANT, LOSS, MISSING, PULL, STRONG

assert centres.shape == (8, 2)
assert modes_kept(ring(1000, rng=np.random.default_rng(0), std=STD)[0])[0].sum() == 8
assert modes_kept(sprayed)[0].sum() == 0
assert set(shown) == set(EXHIBITS)
assert all(len(looks) == 12 and records.shape == (ROUNDS, 4) for records, looks in shown.values())
assert max(at_minus_6, key=lambda name: abs(at_minus_6[name])) == "least-squares"
assert pulls(4.0)["minimax"] < 1e-3
assert pulls(4.0)["least-squares"] < 1e-3
assert pulls(4.0)["non-saturating"] > 10
assert np.isclose(pulls(4.0)["wasserstein"], 1)
assert errors[-1] < 1e-6
assert errors[9] > 1e-3
assert np.allclose(by_hand, layer.layer.dw)
assert worst_difference(dense, x_real, r1) < 1e-7
assert worst_difference(dense, x_real, wgan_gp) < 1e-7
assert wrong > 0.1
assert (IGNORANT, LOSS, MISSING, PULL, STRONG) == (0.06, 1000.0, 0.5, 0.02, 0.85)  # of the drawing and of the prose
# The numbers of the drawing of the second derivative.
W1, w2, x1 = np.array([[1.0, 1], [1, -1]]), np.array([[1.0], [2]]), np.array([[1.0, 2]])
assert (x1 @ W1 == [[3, -1]]).all()
delta = np.array([[1, 0.2]]) * w2.T
assert np.allclose(delta @ W1.T, [[1.4, 0.6]])
assert np.allclose(delta @ W1.T @ W1 * [[1, 0.2]], [[2, 0.16]])
assert np.isclose((delta @ W1.T @ W1 * [[1, 0.2]]) @ w2, 2.32).all()
assert len(results) == 20 * len(SEEDS)
if not FAST:
    names = {name: [f.name for f in diagnose(symptoms_by_hand(name)).findings] for name in shown}
    assert names["healthy"] == names["flat loss"] == []
    firsts = [names[name][0] for name in ("D wins", "D lags", "G jumps", "no bound")]
    assert firsts == ["discriminator too strong", "discriminator at chance", "mode collapse", "divergence"]
    assert counts[-1] >= 7  # D lags, at the end of the long game
    mean = {key: value[:, 0].mean() for key, value in table.items()}
    assert mean["flat loss", "nothing"] < 2
    assert mean["D lags", "nothing"] < 2
    assert mean["flat loss", "the cause removed"] > 5
    assert mean["D lags", "the cause removed"] > 5
    assert mean["flat loss", "hinge"] > 5
    assert max(mean["D lags", remedy] for remedy in REMEDIES) < 3
