# What chapter 16 says of its numbers and pictures.
assert list(labels[:10]) == list(range(10))
assert FAST or n == 40

# the shell
assert abs(lengths[128].mean() - np.sqrt(128)) < 0.1
assert all(abs(lengths[size].std() - np.sqrt(1 / 2)) < 0.02 for size in (8, 32, 128))
assert abs(half_way["straight"] - np.sqrt(1 / 2)) < 0.01 > abs(half_way["sphere"] - 1)
by_name = {(m.method, m.same_class): m for m in midpoints}
assert FAST or 2.7 < by_name["linear", True].fid / by_name["spherical", True].fid < 3.2
assert by_name["linear", True].certainty > by_name["spherical", True].certainty
assert FAST or abs(by_name["spherical", True].fid - by_name["samples", True].fid) < 0.1
assert FAST or [round(row.precision, 2) for row in truncated] == [0.89, 0.93, 0.96, 0.98, 0.87]
assert FAST or [round(row.recall, 2) for row in truncated] == [0.84, 0.73, 0.40, 0.02, 0.87]

# the toy, and the search
assert toy(1)[1] == -12
assert gradient_error < 1e-7
assert FAST or abs(found[3] - found[0] - 5.3) < 0.05
assert FAST or np.median(few) > found[3] + 2
assert FAST or 22.2 < progress[100] < 23.2
assert FAST or abs(np.median(psnr(inverted.images, digits)) - 22.9) < 0.3
assert FAST or read_right(inverted.images) == 40
assert FAST or abs(np.sqrt(4 / 10**2.29) / 2 - 0.07) < 0.005

# operators, and what they restore
assert np.isclose((means(np.eye(28)[..., None, None]) * np.ones((4, 4, 1, 1))).sum(), 28 / 49)
assert np.allclose(np.where(known, restored["hole, G"] - digits, 0), 0)
if not FAST:
    medians = {name: np.median(psnr(images, digits)) for name, images in restored.items()}
    assert abs(medians["hole, G"] - medians["hole, nearest digit"] - 3.1) < 0.3
    assert abs(medians["7 x 7, G"] - medians["7 x 7, nearest digit"] - 2.8) < 0.3
    assert read_right(restored["hole, G"]) == 38 == read_right(restored["7 x 7, G"])
    assert read_right(restored["hole, nearest digit"]) == 39

# directions
assert np.allclose(np.linalg.norm(slant.vector), 1)
assert FAST or abs(vectors[:, -1] @ slant.vector) > 0.9
assert FAST or 0.33 < mu[-1] / mu.sum() < 0.37
assert FAST or (kept.right.mean() > 0.99 and kept.same[1] > 0.8 > 0.65 > max(kept.same[0], kept.same[2]))

# what D knows
assert ridge["trained D"] > ridge["pixels"] + 0.1
assert FAST or 11 < probed.gain(100) < 15

# attacks
assert same > 0.99
assert survivors["FGSM by hand"][0] < survivors["random signs"][0]
assert FAST or abs(survivors["FGSM by hand"][0] - 73) <= 2
assert FAST or abs(survivors["PGD by hand"][0] - 40) <= 5
assert np.abs(turned - x).max() <= epsilon + 1e-6 < 0.21
assert np.abs(turned).max() <= 1
assert believed["PGD"] > 0.95

# what breaks
assert not (digits[3][:, -5:] > -1).any()  # the moved 3 is whole
assert FAST or (wrong.sum() == 9 and round(float(p[wrong].max(axis=1).mean()), 1) == 0.9)
assert FAST or (certainty > 0.97).sum() == 4
assert FAST or list(qualities < worst - 1) == [True, False, True, False, True]
assert np.array_equal(invented[:, :11], digits[:, :11])
