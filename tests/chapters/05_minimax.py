"""What chapter 05 has computed is what it says."""

zeros = np.zeros((64, 1), np.float32)
assert abs(Minimax().discriminator(zeros, zeros)[0] - 2 * np.log(2)) < 1e-6
assert max(abs(integral(p_d) - 1), abs(integral(p_g) - 1)) < 1e-12
assert abs(from_samples - exact) < 0.01
assert abs(max(v_constant.values()) + 2 * np.log(2)) < 1e-12

# the three points, and the best D
assert abs(s_climbing[0] - np.log(3)) < 1e-9
assert s_climbing[1] > 10
assert s_climbing[2] == 0.7
assert np.isnan(by_ratio[0])
assert np.isfinite(far_d - far_g).all()
assert np.allclose(best_D, p_d / (p_d + p_g), rtol=1e-9, atol=0)
assert steepest < 1e-8
assert FAST or distance < 0.01
assert 0 <= gap < (0.1 if FAST else 0.005)

# KL of two Gaussians of std 1 is (distance)^2 / 2; JS near its ceiling
one, two = log_mixture(x, [(1, 0, 1)]), log_mixture(x, [(1, 3, 1)])
assert abs(kl(one, two) - 3**2 / 2) < 1e-9
assert 0 < np.log(2) - js(log_mixture(x, [(1, 0, 1)]), log_mixture(x, [(1, 4, 1)])) < 0.07

# the two losses
assert np.allclose(slopes_at_guess, (0.01, 0.99), rtol=1e-12)
assert np.allclose(pushes["Minimax"] / pushes["NonSaturating"], np.exp(np.interp(fakes, x, best_logit)))
assert np.sign(pushes["Minimax"].mean()) != np.sign(pushes["NonSaturating"].mean())
assert all(check.ok for check in verdicts)
assert force["NonSaturating"][-1] > 2e4 * force["Minimax"][-1]
assert 7.99 < paths["Minimax"][-1] < 8
assert abs(paths["NonSaturating"][-1]) < 0.1

# the landscapes
assert len(local_minima(js_surfaces["one mode"])) == 1
assert len(local_minima(js_surfaces["two modes"])) == 3
assert abs(js(two_modes, log_mixture(x, [(1, -3, 0.6)])) - 0.216) < 5e-4
assert abs(js(two_modes, log_mixture(x, [(1, 0, 3.04)])) - 0.255) < 5e-4
assert np.allclose(pulls(Minimax(), *at), [(by_js[1] - by_js[0]) / h_of_js, (by_js[3] - by_js[2]) / h_of_js], atol=1e-3)
assert 2.45 < meeting < 2.55
assert len(pair_minima) == 4
assert abs(js_of_pair(-3, 3)) < 1e-12
assert 0.33 < max(js_of_pair(-3, place) for place in np.linspace(-3, 3, 13)) < 0.34
assert FAST or on_one_mode["NonSaturating"] > on_one_mode["Minimax"] + 10
assert abs(kl(log_mixture(x, [(1, -3, 0.6)]), two_modes) - np.log(2)) < 1e-4
assert len(earth_minima) == 1
assert abs(wasserstein(near, log_mixture(x, [(1, 2, 1)])) - 2) < 1e-6
assert abs(sorted_difference - wasserstein(two_modes, over_both)) < 0.05

# the swapped game
assert all(check.ok for check in swapped_verdicts)
assert at_equality[-1] < -999
assert swapped_loss[-1] < -10 < 0 < min(right_loss)
