assert needed["sigmoid_cross_entropy"] in range(1, 6)
assert round(float(sigmoid(np.float64(6)) * sigmoid(np.float64(-6))), 4) == 0.0025
assert FAST or needed["squared_error"] > 5 * needed["sigmoid_cross_entropy"]
assert sigmoid(np.float32(16.5)) < 1 == sigmoid(np.float32(16.7))
assert np.float32(1 - 1e-8) == 1
assert clipped(np.float32([[6.9]]), 0)[1] > 0.99
assert clipped(np.float32([[6.92], [20]]), 0)[1].tolist() == [[0], [0]]  # the truth is 1
assert clipped(np.float32([[-36]]), 1)[1] == 0  # the truth is -1
assert clamped_log(np.float32([[20]]), 0)[1] == 0
assert np.isclose(clamped_log(np.float32([[16]]), 0)[1], 1, rtol=0.1)
assert 0 < -clamped_log(np.float32([[-40]]), 1)[1] < 1e-5  # the truth is -1
assert np.log(1 + e) == 0
assert np.isclose(np.log1p(e), np.exp(-20.0), rtol=1e-6)
assert off["sigmoid_cross_entropy"] < 8 * np.finfo("float32").eps
assert off["clipped"] > 0.999
assert all(verdict.ok for verdict in verdicts)
assert guesses[0] == 0
assert 1e-9 < guesses[1] < 3e-9
assert np.isnan(learned["two_step"][1:]).all()
assert (learned["clipped"] == -30).all()  # not one bit has moved
assert np.abs(learned["clamped_log"] + 30).max() < 1e-3
assert 14 <= int(np.argmax(learned["sigmoid_cross_entropy"] > 0)) <= 17
assert FAST or (games["together"] < np.log(999)).all()
assert FAST or games["D first"].max() > 15
assert FAST or (games["D first, clipped"] > np.log(999)).mean() > 1.5 * (games["D first"] > np.log(999)).mean()
if importlib.util.find_spec("torch"):
    import torch

    many = np.linspace(-40, 10, 101, dtype=np.float32)[:, None]
    logits = torch.tensor(many, requires_grad=True)
    torch.nn.functional.binary_cross_entropy(logits.sigmoid(), torch.ones_like(logits), reduction="sum").backward()
    assert np.allclose(logits.grad.numpy(), clamped_log(many, 1)[1], rtol=1e-2)
