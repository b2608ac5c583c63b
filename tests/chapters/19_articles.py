# What chapter 19 says of its numbers and pictures.
assert x_all.shape == (5000, 256)
assert (x_all.min(), x_all.max()) == (-1, 1)

# the audit: directions, floors, pulls
assert audits["1 as written"][0] == [-1, 1, -1]
assert audits["4 as written"][0] == [-1, 1, 1]
assert all(audits[name][0] == [1, -1, 1] for name in audits if name not in ("1 as written", "4 as written"))
assert audits["1 as written"][1] < -59
assert abs(audits["5 as written"][1] - (np.log1p(np.exp(-1)) + np.log(2))) < 1e-9
assert all(0 <= audits[name][1] < 1e-9 for name in audits if name.endswith("corrected"))
assert round(audits["5 corrected"][2], 2) == 0.99
assert round(audits["1, 2, 3 corrected"][2], 2) == 0.01
assert audits["4 as written"][2] < 0.001

# recipe 1
L_1 = played[1, "as written"]
assert FAST or (L_1[-1, 0] < -50 and L_1[-1, 2] < 1e-3 and L_1[-1, 3] < 1e-3)
assert played[1, "corrected"][:, 0].min() > 0
assert FAST or played[1, "corrected"][-1, 0] < 0.3

# recipe 2
assert outside.any(axis=(0, 1)).mean() == 1
assert (2, "as written") not in played

# recipe 3
assert np.array_equal(played[3, "as written"], played[3, "corrected"])
corners = [drawn[3, form].reshape(-1, 16, 16)[:, :3, :3].mean() for form in ("as written", "corrected")]
assert FAST or corners[0] > -0.2 > -0.5 > corners[1]  # grey at step 40, and dark at step 150

# recipe 4
assert np.allclose(expected, split)
assert FAST or four["wrong", 0][0][300:, 3].min() > 0.999
assert FAST or pulled[3][1] > 0.35 > 0.3 > pulled[10][1] > 0.15 > 0.03 > pulled[30][1]
assert four["wrong", 0][2] == 0 or FAST
assert FAST or 0 < four["wrong", 1e-4][2] < 0.1 < four["right", 0][2]
assert FAST or pulled[100][1] < 0.03 < 0.3 < pulled[0.0001][1]
assert FAST or (pulled[0.0001][2] < 1e-4 and 0.3 < pulled[10][2] < 3)
assert ratios["a copy of x with noise"] > 20
assert 1.1 < ratios["another digit of the same class"] < 2
assert 0.97 < ratios["a random digit"] < 1.03
assert abs(perfect / constant - 2) < 0.02
assert np.array_equal(load_dataset("mnist-5k").labels[:500], load_dataset("mnist-5k").labels[1000:1500])

# recipe 5
bound = np.log1p(np.exp(-1)) + np.log(2)
assert played[5, "as written"][:, 0].min() > bound
assert FAST or played[5, "as written"][:, 0].min() < bound + 0.01
assert FAST or played[5, "corrected"][:, 0].min() < 0.1
assert abs(SigmoidTwice().discriminator(dead, dead)[0] - 2 * np.log(2)) < 1e-9

# noise of signs has four values
assert len(np.unique(rings["signs"].round(4), axis=0)) == 4
assert FAST or mode_coverage(rings["Gaussian"], RING.centres, RING.std).found > 4
