# What chapter 18 says of its numbers and pictures.
assert work(plain_game.discriminator.layers[2], ((784,), (512,))) == (51_380_224, 1_939_456)
assert round(51_380_224 / 1_939_456, 1) == 26.5
assert (round(51_380_224 / 1e6, 1), round(1_939_456 / 1e6, 2)) == (51.4, 1.94)

# a step taken apart
assert spent["matrix products"][1] > 0.95 * all_operations
assert FAST or 0.25 < spent["matrix products"][0] / (total / 1000) < 0.75
assert set(book) == {"Dense", "Conv2DTranspose", "BatchNorm", "Adam", "ReLU", "LeakyReLU", "Tanh", "Rescaling",
                     "Reshape", "Flatten"}  # fmt: skip

# the staircase and the roofline
assert FAST or CACHE > 2 * MEMORY
dense = [value for (_, _, kind), value in points.items() if kind == "Dense"]
others = [value for (_, _, kind), value in points.items() if kind not in ("Dense", "Conv2DTranspose")]
assert max(intensity for intensity, _ in others) < 1 < max(intensity for intensity, _ in dense) < 32
assert FAST or np.median([rate for _, rate in dense]) > 5 * np.median([rate for _, rate in others])

# waves
assert np.allclose(waves @ [1, 2, 3, 0], [6, -2 - 2j, 2, -2 + 2j])
assert np.allclose(waves @ [2, 0, 0, -1], [1, 2 - 1j, 3, 2 + 1j])
assert np.allclose(np.array([6, -6 - 2j, 6, -6 + 2j]), (waves @ [1, 2, 3, 0]) * (waves @ [2, 0, 0, -1]))
assert fourier.products(conv_geometry((7, 7), (5, 5), 1, "same")) == 121

# the three forms
assert FAST or speed[1][2] > speed[1][0]
assert FAST or all(speed[k][2] < speed[k][0] < speed[k][1] for k in (5, 7, 9))
winner = {
    (k, c): cost.fastest(conv_geometry((14, 14), (k, k), 1, "same"), c, 64) for k in range(1, 10) for c in (1, 8, 64)
}
assert {winner[1, c] for c in (1, 8, 64)} == {winner[2, 8]} == {winner[k, 1] for k in range(1, 8)} == {"im2col"}
assert {winner[k, c] for k in range(3, 10) for c in (8, 64)} == {"Fourier"}
assert min(millions, key=millions.get) == "taps"

# strides
assert np.abs(strided - again).max() < 1e-12

# blocks, halves, meetings
assert FAST or min(chain_ms) < 0.9 * chain_ms[-1]
assert FAST or min(chain_ms) < 0.8 * chain_ms[0]
assert FAST or all(ms[2] > 0.5 * ms[0] for ms in parts.values())
assert FAST or all(ms[-1] > 0.15 * ms[0] for ms in parts.values())
assert min(waits) > 0

# the GPU
assert 400 < launched < 600
assert lines.splitlines()[-1] == "dx = v4;"

# the rule
assert max(differences.values()) < 1e-12
assert FAST or 1.4 < ratios["hybrid"] < 3
assert FAST or ratios["mlp"] < ratios["hybrid"]

# what breaks
assert errors["digits"].max() < 1e-12
inner = errors["noise"][2:-2, 2:-2]
assert inner.max() < 1e-12 < 0.1 < errors["noise"][:, [0, 1, -2, -1]].min()
assert len(digits[0, 0]) == 20
