assert in_turn[0] == 0.5
assert in_turn[-1] < 0.05
assert (np.sign(claimed) != np.sign(measured)).all()
assert np.allclose(dw_real + dw_fake, measured, rtol=1e-7)
assert np.allclose(dense_layer.db, db_real + db_fake, rtol=1e-12)
assert bias_relu[-1] == -3  # not one bit has moved
assert abs(bias_leaky[-1] - 1.5) < 0.01
assert same
assert far < 1e-6
assert abs(forwards - backwards) < 1e-12 * np.linalg.norm(dy) * np.linalg.norm(x_dot)
assert all(check.ok for check in checks_of_d)
assert np.allclose(with_cache, truth, rtol=1e-5, atol=1e-9)
biases = np.r_[64:96, 128]  # theta holds w (2, 32), b (32,), w (32, 1), b (1,)
assert np.delete(wrong_sign, biases).mean() > 0.9
assert not wrong_sign[biases].any()
assert np.isclose(with_memory[-1], truth[-1])  # the last bias
assert not complaints
assert clouds[False][-1] < 0.05
assert abs(clouds[True][-1] - 0.25) < 0.01
assert clouds[True][:10].max() > 0.5  # it rises before it falls
assert FAST or rings[False][-1] < 0.05
assert FAST or abs(rings[True][-1] - 0.25) < 0.02
assert off[0.05][1] > off[0.01][1] > off[0.002][1]
assert min(off[0.05]) > 0.05
# the drawing of the small network says what the network computes
moved = {name: (float(value.replace("−", "-")), float(back)) for name, (_, _, value, back, _, _) in NODES.items()}
assert [moved["$u_1$"], moved["$u_2$"]] == [(3, 2), (-1, 0.8)]
assert np.allclose([moved["$x_1$"][1], moved["$x_2$"][1]], dx_small)
assert moved["$s$"] == (2, 2)
assert moved["$L$"][0] == 2
growth = 2.01**2 / 2 - moved["$L$"][0]
assert np.allclose([growth, growth / 0.01], [0.02005, 2.005], rtol=1e-12)  # of the loss, by hand

# a few fakes cross the bend of a unit in the step of D: nearly all that a stale pass is off the new gradient
D = new_d()
d_gradients(D, x_real, fakes)
before = D.forward(fakes, train=True)[1].layers[1]
D.theta -= 0.002 * D.dtheta
scores, passed = D.forward(fakes, train=True)
upstream = squared_loss(scores, 1)[1]
dx_new = D.backward(upstream, passed, param_grads=False)
crossed = np.sign(before) != np.sign(passed.layers[1])
passed.layers[1][crossed] = before[crossed]
dx_crossed = D.backward(upstream, passed, param_grads=False)
assert (crossed.sum(), crossed.size) == (3, 64 * 32)
assert np.linalg.norm(dx_crossed - dx_new) / np.linalg.norm(dx_new) > 0.9 * off[0.002][1]
