# What chapter 06 has computed, judged; this runs in the notebook's kernel, after its last cell.

# the valley
assert np.allclose([1 - 0.019 * 100, 1 - 0.019], [-0.9, 0.981])

# the two steps of the drawing, and constant gradients
assert np.allclose(steps, [1.0, (1 / 0.75) / np.sqrt(0.46 / 0.19)], rtol=1e-6)
assert np.allclose(corrected, 0.01, rtol=1e-4)
assert abs(raw[0] / 0.01 / 15.811 - 1) < 1e-3  # (1 - 0.5) / sqrt(1 - 0.999)
assert np.abs(moments.mean(axis=1) - (1 - 0.9 ** np.arange(41))).max() < 0.05
assert np.allclose(outside, tiny / (tiny + 1e-8), rtol=1e-12)  # (6.7)
assert abs(np.interp(1e-4, tiny, inside) - 2**-0.5) < 0.02
assert abs(np.interp(1e-7, tiny, outside) - 0.91) < 0.01
moved = np.abs(by_hand - before).max()
assert np.abs(adam_by_hand(before, 1000 * gradients, 0.01)[-1] - by_hand).max() < 1e-4 * moved  # (6.8)
assert np.shares_memory(net.layers[0].w, net.theta)  # so the layers have moved, too
ages = np.arange(2000)
assert abs((0.1 * 0.9**ages * ages).sum() - 9) < 1e-9  # (6.9)
assert largest > 100 * smallest
assert middle < 1e-2

# the valley
assert abs(np.log(100) / -np.log(99 / 101) - 230) < 1
assert 190 < best["SGD"][0] < 260
assert best["Adam"][0] < best["momentum"][0] < 0.5 * best["SGD"][0]
path, losses = descend("SGD", 2 / 101, 100)
assert np.allclose(np.abs(path[100] / path[0]), (99 / 101) ** 100)
straight, turned = (descend("momentum", 0.03, 50, turn=turn)[0] for turn in (0.0, 0.7))
assert np.allclose(straight, turned)

# rates: SGD's curve moves by three powers of ten, Adam's does not
for kind in ("SGD", "momentum"):
    assert np.allclose(judged[kind, 1000.0][:3], judged[kind, 1.0][3:6], rtol=0.25)
assert np.allclose(judged["Adam", 1000.0][:3], judged["Adam", 1.0][:3], rtol=0.02)
assert not judged["SGD", 1000.0][4] < 10
if not FAST:
    assert min(judged["momentum", 1.0]) < 0.2
    assert min(judged["Adam", 1.0]) < 0.2

# floors and failures
losses = stairs["SGD", (0.1, 0.02, 0.004)]
for t, floor in zip((600, 1200, 1800), predicted, strict=True):
    assert abs(losses[t - 200 : t].mean() / floor - 1) < 0.06
falling, constant = (stairs["Adam", rates][-200:].mean() for rates in ((0.1, 0.02, 0.004), (0.1, 0.1, 0.1)))
assert constant > 10 * falling
assert three_beats(0.1)[-1] > 0.9 > -0.9 > three_beats(0.999)[-1]
assert three_beats(0.1, largest=True)[-1] < -0.9
assert np.isfinite(play_ring(Adam, 1e-3, 1e-3, steps=3)).all()
