assert x_real.shape == (BATCH, 2)
assert centres.shape == (8, 2)
assert z_fixed.shape == (2500, 2)
assert all(verdict.ok for verdict in verdicts)
assert np.isfinite(losses).all()
assert len(moments) == 9
assert real_coverage.found == 8
assert 0.98 < real_coverage.high_quality < 0.996
assert coverage[0].high_quality < 0.1
assert early.objective.generator(after)[0] < losses_of_fakes.mean()
assert np.isclose(0.1 * (1 - 1 / (1 + np.exp(-0.52))), 0.037, atol=5e-4)  # how far a fake's loss falls
assert np.isclose(losses_by_hand(np.array([0.8]), np.array([0.3])), (0.58, 1.20), atol=5e-3).all()
assert np.isclose(losses_by_hand(np.array([0.8]), np.array([0.6])), (1.14, 0.51), atol=5e-3).all()
assert together
assert set(games) == {(name, k) for name in ("non-saturating", "minimax") for k in (1, 3)}
assert run.sample(5).shape == (5, 2)
if not FAST:
    assert abs(losses[-300:, 0].mean() - 2 * np.log(2)) < 0.1
    assert abs(losses[-300:, 1].mean() - np.log(2)) < 0.15
    assert coverage[moments[-1]].found == 8
    assert coverage[moments[-1]].high_quality > 0.8
    assert abs(at_fakes - 0.5) < 0.1
    assert abs(at_modes - 0.5) < 0.15
    assert between < at_modes - 0.2
    assert np.abs(ends["equal rates"] - ends["slow D"]).max() < 0.25
    assert ends["slow D"][1] < ends["equal rates"][1]  # the worse generator pays less
    assert coverage[short].high_quality > count(slow.generator).high_quality + 0.4
    means = {setting: np.mean([c.found for c in row]) for setting, row in scores.items()}
    assert min(means[setting] for setting in games if setting != ("minimax", 3)) >= 7
    assert means["minimax", 3] < 6
    assert trained.found == 8
    assert trained.high_quality > 0.5
