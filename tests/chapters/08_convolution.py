# What chapter 08 says of its numbers and pictures.
assert list(mnist_5k().labels[40:60]) == 2 * list(range(10))
assert (digits.min(), digits.max()) == (-1, 1)

# the film: its outputs are those of the package
g_film = conv_geometry((8, 8), (3, 3), 2, "same")
assert g_film.out_size == (4, 4)
assert g_film.padding == (0, 0)
assert np.allclose(conv2d(small[..., None, None], sobel[..., None, None].astype("f8"), g_film)[..., 0, 0], found)

# sizes; and what im2col copies, with stride 2 and 1
assert [(5 / stride) ** 2 for stride in (2, 1)] == [6.25, 25]
assert zeros_of_same(28, 5, 2) == (14, 1, 2)
assert zeros_of_same(28, 4, 2) == (14, 1, 1)

# the example with numbers
assert (y_row.tolist(), dx_row.tolist(), dw_pair.tolist()) == ([0, 1, 2], [2, 1, -3, 1], [0, 1])
assert y_row @ dy_row == dx_row @ x_row == dw_pair @ w_pair == -1

# taps and im2col
assert FAST or speed[1][0] > 5 * speed[1][1]  # one channel: im2col is faster by a wide margin
assert FAST or 0.3 < speed[64][0] / speed[64][1] < 3  # 64 channels: about the same time
assert 6 < megabytes[1] / megabytes[0] < 6.5

# the matrix
assert np.array_equal(T_back, T.T)
assert np.array_equal(T, T1[1::2])
assert round(fewer) == 6147
assert np.all(edges[1, 1:-1] == 0)
assert np.all(edges[0, 1:-1, :, 1] == -4)

# the receptive field
assert list(seen) == list(range(9, 22))
assert len(counted) == 13
assert FAST or np.abs(section / section.sum() - counted / counted.sum()).max() < 0.01
assert shares[1] == shares[2] == 1
assert all(shares[2 * k] < shares[k] for k in (2, 4, 8, 16))

# shifts
assert rest_of["one layer, stride 1"].max() < 1e-12
for name, stride in (("one layer, stride 2", 2), ("one layer, blurred", 2), ("two layers, stride 2", 4)):
    assert rest_of[name][:, ::stride].max() < 1e-12 < 0.15 < rest_of[name][:, 1].min()
assert 0.5 < (rest_of["one layer, blurred"] / rest_of["one layer, stride 2"].clip(1e-9))[:, 1].mean() < 0.75
assert (rest_of["two layers, blurred"] / rest_of["two layers, stride 2"].clip(1e-9))[:, 1].mean() < 0.5
assert np.all(digits[:, -2:] == -1)  # rolling them by two columns moves blank columns only
assert border_rest[4:-2].max() < 1e-12 < min(border_rest[[0, 1, 2, 3, -2, -1]])

# what breaks
assert wrong.shape == digits.shape
assert 0.5 < cosine < 0.9
assert FAST or round(float(one_pixel), 2) == 0.55
assert np.array_equal(y_digit, y_disguised)
assert (reads == 0).mean() == 1 - (21 / 28) ** 2
