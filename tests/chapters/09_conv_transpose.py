# What chapter 09 says of its numbers and pictures.
assert list(mnist_5k().labels[[42, 57]]) == [2, 7]

# the film adds up to the layer
film_y = grow(tiny[..., None, None], hat[..., None, None], conv_geometry((8, 8), (4, 4), 2, 1))[..., 0, 0]
canvas = np.zeros((10, 10))
for a, b in places:
    canvas[2 * a : 2 * a + 4, 2 * b : 2 * b + 4] += tiny[a, b] * hat
assert np.allclose(canvas[1:9, 1:9], film_y)

# the example with numbers
assert stamp_by_hand(row, three, 2, 0, (1, 5)).ravel().tolist() == [1, 2, 4, 6, 3]
dy_example = np.array([1.0, 0, 1, 0, -1]).reshape(1, 5, 1, 1)
assert conv2d(dy_example, three, conv_geometry((1, 5), (1, 3), 2, 0)).ravel().tolist() == [2, 0]

# other ways to the same numbers
x_, w_ = rng.standard_normal((4, 3, 2, 5)), rng.standard_normal((4, 4, 3, 5))
down_ = conv_geometry((8, 6), (4, 4), 2, 1)
assert np.allclose(grow_by_zeros(x_, w_, 2, 1, (8, 6)), grow(x_, w_, down_), rtol=1e-12, atol=1e-12)
assert np.allclose(grow_by_phases(x_, w_), grow(x_, w_, down_), rtol=1e-12, atol=1e-12)

# sizes, and no inverse
assert to_seven == [13, 14]
assert np.linalg.matrix_rank(T.T @ T) == 7
assert 0.3 < off < 0.6
assert np.allclose((T.T @ T @ np.ones(14))[3:-3], 1)

# stamps
assert inside == {5: [4, 6, 9], 4: [4], 3: [1, 2, 4]}
assert stamps_of[4][0, 0] == 1
assert FAST or all(np.abs(by_phase(energy_of[m]) - counts[m]).max() < 0.15 for m in counts)
assert all(e[0].mean() / e[6:22].mean() < 0.7 for e in energy_of.values())

# one untrained network has a peak, copying has none
assert np.array_equal(copied, small.repeat(2, axis=0).repeat(2, axis=1))
assert FAST or min(np.mean([peak(p) for p in spectra[name]]) for name in list(makers)[:2]) > 2
assert max(peak(p) for p in spectra["dcgan, copy and convolve"]) < 1
assert different == {"kernel 5": 4, "kernel 4": 4, "kernel 3": 4, "copy, convolve": 1}

# the trained generator
assert 0.75 < peak(real) < 0.87
assert 0.75 < peak(trained) < 1.1
assert FAST or 2 < peaks[0] < peaks[-1] < 40
assert alike["trained"][0] > 0.95

# the gradient of D
assert np.abs(by_phase(maps[5]) - np.array([4, 6, 6, 9]) / 6.25).max() < (0.6 if FAST else 0.12)
assert np.abs(by_phase(maps[4]) - 1).max() < (0.6 if FAST else 0.12)
assert FAST or all(np.argmax(each) == 3 for each in phases[5])
assert FAST or all(each[0] + each[2] > each[1] + each[3] for each in phases[4])
assert G.output_shape == (7, 7, 1)
