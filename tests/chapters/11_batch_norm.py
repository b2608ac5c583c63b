sizes_with = [rms(h) for scale in (0.5, 2.0) for h in journeys["with batch norm", scale][0]]
assert 0.7 < min(sizes_with) < max(sizes_with) < 0.74
assert rms(journeys["without", 2.0][0][-1]) > 1e5
assert rms(journeys["without", 0.5][0][-1]) < 1e-5
for channel in range(2):  # (11.4)
    assert abs(x_hat[..., channel].mean()) < 1e-12
    assert abs((x_hat[..., channel] ** 2).mean() - 1) < 1e-5
assert np.allclose((y.mean(axis=(0, 1, 2)), y.std(axis=(0, 1, 2))), (beta, gamma), rtol=1e-5)
assert np.allclose(dx_one.ravel(), (-0.25, 0.25, -0.25, 0.25))
assert np.allclose(short, dx, rtol=0, atol=1e-13)
assert np.allclose(projection @ np.stack((np.ones(m), column_hat), axis=1), 0)
assert np.allclose(np.linalg.norm(three_hat @ plane.T, axis=1), np.sqrt(3))  # all on one circle
assert max(abs(along @ three_hat[0]), abs(along.sum())) < 1e-12
assert abs(dx_ramp).max() < 1e-15
assert sum(not verdict.ok for verdict in verdicts) == 2
assert np.allclose(y_package, y, atol=1e-12)
assert np.allclose(dx_package.reshape(rows), dx, atol=1e-12)
assert np.allclose(layer_net.dtheta, [*dgamma, *dbeta], atol=1e-10)
assert abs(forwards - backwards) < 1e-10
assert all(verdict.ok for verdict in in_train + in_eval)
assert abs(growth - 1.244) < 1e-3
assert abs(measured_growth - growth) < 0.06
assert unmoved
assert abs(followed[-1] - 2) < 0.2
assert abs(followed[9] - 2 * (1 - 0.9**10)) < 0.2
assert spread_train > 0.2
assert spread_eval < 1e-5
widths = {n: fixed_among_mates(n).std() for n in (16, 64, 256)}
assert all(1.7 < widths[n] / widths[4 * n] < 2.3 for n in (16, 64))
assert np.allclose(abs(fixed_among_mates(2)), 1)
assert np.ptp(list(together.values())) > 0.05
assert abs(dx_pixels[..., 8:, :]).max() > 1e-4
assert max(abs(np.array(judged["two batches"]) - 0.5)) < 0.05
assert max(abs(np.array(judged["taught on mixed, shown one kind"]) - 0.5)) < 0.05
assert abs(dx_fake.sum()) < 1e-5 * abs(dx_fake).sum() + 1e-8  # G hears nothing about the mean
assert all(verdict.ok for verdict in check_layer(Dropout(rate=0.3), (20,)))
assert not all(verdict.ok for verdict in check_layer(DrawsAgain(rate=0.3), (20,)))
assert all(abs(out.mean() - 1) < 0.03 for out in outputs.values())
assert all(abs(out.var() / (q / (1 - q)) - 1) < 0.03 for q, out in outputs.items())
assert looks["lost"].fid > 10 * looks["kept"].fid
if not FAST:
    assert judged["one mixed batch"][3] > 0.9
    assert min(shares["nothing", 0.03]) > 0.8
    assert np.isnan(shares["nothing", 0.1]).all()
    assert min(shares["batch norm", 1.0] + shares["batch norm", 0.1]) > 0.9
    assert min(shares["noisy batch norm", 0.1] + shares["noisy batch norm", 1.0]) > 0.9
    assert np.median(ahead["nothing"][0], axis=0)[2] > 2
    assert np.median(ahead["batch norm"][0], axis=0)[2] < 0.8

# why gradients grow a little faster than (11.12): P removes next to nothing, and each unit has a spread of its own
through, kept, uneven = deep([BatchNorm()], scale=2.0), [], []
_, caches = through.forward(pixels[:256], train=True)
inputs, dx = [pixels[:256]], np.random.default_rng(1).standard_normal((256, 1), dtype=np.float32)
for layer in through.layers[:-1]:
    inputs.append(layer.forward(inputs[-1], train=True)[0])
for layer, cache, given in zip(through.layers[::-1], caches.layers[::-1], inputs[::-1], strict=True):
    dy, dx = dx, layer.input_grad(dx, cache)
    if isinstance(layer, BatchNorm):
        spread = given.std(axis=0)
        kept.append(((dx * spread) ** 2).mean() / (dy**2).mean())
        uneven.append((1 / spread**2).mean() * (spread**2).mean())
assert np.mean(kept) > 0.99
assert round(np.mean(uneven[:-1]), 2) == 1.07  # the layers between hidden ones, as (11.12) has them
