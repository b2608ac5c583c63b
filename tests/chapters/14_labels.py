# What chapter 14 says of its numbers and pictures.

# the code of a label adds a row
assert np.array_equal(np.concatenate((np.array([3, 1]), ten[1, :3])) @ W, np.array([3, 1]) @ W[:2] + W[3])

# the auxiliary classifier: (14.8), and what two networks do
assert np.allclose(list(theory.values()), [1.18, 1.225, 1.36, 1.706], atol=0.005)
assert FAST or abs(on_line[None].mean() - 1) < 0.05
assert FAST or abs((on_line[None] < 0).mean() - 0.159) < 0.02
assert FAST or all(abs(on_line[weight].mean() - mean) < 0.08 for weight, mean in theory.items())
assert FAST or all((on_line[weight] < 0).mean() < 0.02 for weight in weights)

# the bound with numbers
information = np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1)
assert round(information, 3) == 0.368
assert round(np.log(2) + 0.9 * np.log(0.8) + 0.1 * np.log(0.2), 3) == 0.331
assert round(0.9 * np.log(0.9 / 0.8) + 0.1 * np.log(0.1 / 0.2), 3) == 0.037
assert round(np.log(2) - 0.5 * np.log(2 * np.pi), 3) == -0.226
assert all(check.ok for check in checks)

# k-means
assert all((np.diff(costs) < 1e-6).all() for _, _, costs in tries)
assert (final < 0.006).sum() < 10 < plus.count(HEAPS)
assert heaps_in_one_cluster(cluster) == HEAPS
assert np.array_equal(again, cluster)

# the games on eight heaps
assert np.isclose(bits(np.arange(8), np.arange(8)[::-1]), 3)
assert FAST or (result["no code"][:, :3] < (7, 2, 0.12)).all()
assert FAST or ((result["code for G only"][:, :3] > (3, 3, 0.9)) & (result["code for G only"][:, :3] < (8, 8, 1))).all()
assert FAST or sum((result[name][:, 0] == HEAPS).sum() for name in list(GAMES)[2:]) == 10
assert FAST or (result["clusters"][:, :2] == HEAPS).all()
assert FAST or (result["labels, projection"][:, 3] > 2.9).all()

# digits
assert 985 <= (read == asked).sum() <= 1000
assert pure[10] < 0.55 < 0.8 < pure[100] < pure[250]
assert pure_codes > 0.94
assert shares[0][0] > 0.95
assert shares[-1][1] > 0.95
assert all(sum(pair) > 0.95 for pair in shares)

# a Q that is too sure pays more than one that is too modest by as much, where the truth is 0.9
gaps = [0.9 * np.log(0.9 / q) + 0.1 * np.log(0.1 / (1 - q)) for q in (0.98, 0.82)]
assert np.allclose(gaps, [0.084, 0.025], atol=5e-4)
