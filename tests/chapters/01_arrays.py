assert images.shape == (5000, 28, 28)
assert images.dtype == np.uint8
assert loss_seen == 0.5
assert ((s[:, None] - t) ** 2).mean() == 0  # what was meant
assert np.allclose(meant[-1], targets, atol=1e-3)
for path, t_used in ((meant, targets), (written, targets[:, None])):
    losses = [written_loss(each, t_used) for each in path]
    assert np.diff(losses).max() < 1e-12  # each loss, as written, falls step by step
assert np.isclose(written_loss(written[-1], targets[:, None]), 0.25)
assert threes.min() == -1
assert threes.max() == 1
assert nothing_lost
assert np.shares_memory(threes.transpose(2, 0, 1, 3), threes)
assert np.array_equal(np.sort(as_images, axis=None), np.sort(as_pixels, axis=None))
assert threes.strides == (112, 4, 3136, 4)
assert np.array_equal(packed, threes)
assert packed.strides == (1792, 64, 4, 4)
assert not threes.flags.c_contiguous
assert [count["one pixel"] for count in counts.values()] == [128, 128, 2048]
assert len({count["all pixels"] for count in counts.values()}) == 1
assert np.allclose(results["(H, W, N, C)"], results["(N, C, H, W)"].transpose(1, 2, 0, 3), atol=1e-3)
assert (spread[..., 1] == 20).all()
assert set(np.unique(spread[:, 1])) == {10, 20, 30}
assert np.allclose(sum_over_rows(a), a.sum(axis=(0, 1, 2)), rtol=1e-10, atol=1e-10)
stays = [name for name, value in kinds.items() if value.dtype == np.float32]
assert stays == ["x * 2.0", "x * math.sqrt(2)", "x.mean()", "x / len(x)"]
assert len(images) % 64 == 8
assert np.allclose(to_host(y), [[-0.2, 2.0]])
