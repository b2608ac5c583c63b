"""What chapter 10 says of its numbers; this file runs in the kernel of the chapter, after its last cell."""

assert (z_all**2).mean() == 2.25  # (10.2), exactly
assert 0.1 < logit_size / np.sqrt(predicted) < 10
assert logit_size < 1e-14
assert abs(right_std(128) - 0.1226) < 1e-4
for scale, (activations, gradients) in journeys.items():
    assert 0.2 < rms(activations[-1]) / (rms(x) * scale**20) < 5, scale  # (10.5)
    assert 0.2 < rms(gradients[0]) / (rms(gradients[-1]) * scale**19) < 5, scale  # (10.7)
assert all(abs(measured[name] - 0.52 * 400 * variances[name]) < 0.05 for name in measured)
for scale in (0.5, 1.0, 2.0):
    net = deep(lambda c, k=scale: k * right_std(c))
    journey(net, x, dy)
    hidden = [rms(layer.dw) for layer in net.layers[2:-1:2]]
    assert max(hidden) < 3 * min(hidden)  # (10.10)
assert min(per_layer["DCGAN, G"][1:] + per_layer["DCGAN, D"][1:]) > 0.5
assert max(per_layer["DCGAN, D"]) < 1.7
assert max(per_layer["mlp, G"]) < 0.5
assert np.allclose(singular["orthogonal"], 1)
assert singular["normal"][0] > 4
assert np.median(singular["normal"]) < 1e-2
assert counts["equal"][0] == 1
assert counts["he_normal"][0] == 32
assert set(games) == {0.25, 0.5, 1.0, 2.0, 4.0}
if not FAST:
    assert max(shares["gradient descent", 2**-0.5]) < 0.8 < 0.85 < min(shares["gradient descent", 1.0])
    assert min(finals["gradient descent", 2**-0.5]) > 1.3
    assert np.isnan(shares["gradient descent", 2**0.5]).all()
    assert min(shares["Adam", 0.5]) > 0.9 > max(shares["Adam", 2.0])
    assert still == [0.5]
    assert sum(game.high_quality < 0.01 for game in games[0.25]) == 2
    assert max(game.high_quality for game in games[2.0] + games[4.0]) < 0.05
    assert abs(size_after[-1] / size_before[-1] - 1) > 0.3
