# Run in the kernel of chapter 12 after its last cell, also in the fast mode.
assert digits.images.shape == (5000, 28, 28)
assert wide.generator.theta.size == 2_280_896
assert wide.discriminator.theta.size == 212_865
for pair, Z, channels in ((wide, 100, (256, 128, 64)), (trainer, 64, (64, 48, 32))):
    counted = round(1e6 * cost(Z, channels)[0].sum()) + 2 * sum(channels)  # a batch norm has two numbers per channel
    assert counted == pair.generator.theta.size
assert 8 < cost(100, (256, 128, 64))[1].sum() / cost(64, (64, 48, 32))[1].sum() < 9
assert np.array_equal(twin.generator.stats, other.generator.stats)
assert all(verdict.ok for verdict in verdicts)
assert abs(by_hand - floor) < 1e-4
assert FAST or floor < 0.5
assert black > 30
assert np.isfinite(seen).all()
assert config.penalty == "none"
assert trainer.config.penalty == "r1:weight=1,every=8"
assert trainer.config.augment_shift == 1
assert trainer.config.average_decay == 0.99
# the claims about the run
assert FAST or distances["average"][-1] < 0.2 * distances["average"][0]
assert FAST or read[-1] > read[5]
assert FAST or 1.2 < d_loss[late].mean() < 1.5
# the finished run
assert finished.config.model == SPEC.name
assert WEIGHTS.stat().st_size < 1_000_000
assert np.allclose(finished.sample(3, seed=1), images[:3], atol=1e-5)
finished_distance = quick_look(images[:count]).fid
assert finished_distance < 0.5 * distances["average"][-1]
assert readable(images) > read[-1]
# collapse and copies
assert FAST or all(counts.min() > 0 for counts in histograms.values())
assert FAST or kl_to_uniform(histograms["finished run"]) < min(kl_to_uniform(histograms[f"seed {k}"]) for k in range(3))
assert FAST or kl_to_uniform(classes_of(squares)) > 1
assert np.median(distance) > 0.5 * np.median(between_real)
assert distance.min() > 0.5
copied, _ = nearest(pixels[:3], pixels)
assert copied.tolist() == [0, 1, 2]  # a copy would be found
# the walk
assert lengths["slerp"].min() > 0.9 * min(np.linalg.norm(z0), np.linalg.norm(z1))
assert lengths["lerp"].min() < 0.9 * lengths["slerp"].min()
assert np.allclose(generate(finished.generator, z0[None])[0], images[sure[0]], atol=1e-4)
# what breaks
# the pair of the exercise about copying is a pair
assert [type(layer).__name__ for layer in copying_generator((28, 28, 1), 64)].count("Copy") == 2
