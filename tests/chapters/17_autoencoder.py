# What chapter 17 says of its numbers and pictures.

# the bound and its gap
assert abs(np.exp(log_joint - log_evidence).sum() * step_of_grid - 1) < 1e-9
assert all(elbo_of(m, s) < log_evidence for m in (-1, 0, 1.1) for s in (0.2, 0.7, 1.5))
assert round(log_evidence - found[0.0][0], 2) == 1.59
assert round(log_evidence - found[1.1][0], 2) == 0.74

# the numbers of the drawing
assert np.isclose(z.item(), 0.5)
assert np.allclose(d_outputs, [[-2 + 0.2, -0.3 - 0.375]])
assert round(R, 3) == -1.419

# the two estimators
assert np.allclose(variances[:, 0], 4 * spreads**2, rtol=0.02)
assert np.allclose(variances[:, 1], score_by_formula, rtol=0.03)
assert round(times) == 2854

# the step
assert same
assert all(check.ok for check in checks)

# the ring
assert FAST or (judged["VAE"][:, 0] == 8).all()
assert FAST or (judged["GAN"][:, 0] == 8).all()
assert FAST or judged["GAN, slow judge"][:, 0].min() < 2
assert FAST or judged["VAE"][:, 1].min() > 0.3 > judged["GAN"][:, 1].max()
assert FAST or judged["VAE"][:, 3].min() > 2 * judged["GAN"][:, 3].max()
assert FAST or judged["GAN, slow judge"][:, 2].max() > 300
assert elbo < log_p

# digits
assert bounds["unseen"].elbo < bounds["seen"].elbo or FAST
assert FAST or bounds["unseen"].active == 16
assert FAST or 6.9 < bits_per_pixel(bounds["unseen"].elbo, 784) < 7.3
assert FAST or distance["GAN (shipped)"] < distance["VAE, codes of digits"] < 2 < distance["VAE, fresh noise"]

# the collapse
assert FAST or sum(bound[2] < 0.1 for _, _, bound, _ in straight) == 3
assert FAST or kls[-1] < 0.05
assert round((0.5 + 0.05**2) ** 0.5, 3) == 0.709  # the spread of the ring in each direction
assert FAST or np.abs(np.array(kls) - np.maximum(0, 2 * np.log(edge / sigmas)))[2:].max() < 0.2
assert FAST or kls[list(sigmas).index(0.8)] < 0.01
assert predicted == {2: 12, 3: 6, 4: 1}
