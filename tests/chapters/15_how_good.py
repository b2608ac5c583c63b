# What chapter 15 says of its numbers and pictures.
assert not set(TRAIN) & set(REFERENCE)
assert not (set(TRAIN) | set(REFERENCE)) & set(NEW)

# losses
assert young < old
assert np.isclose(losses_of_G[0.5][0], np.log(2))
assert np.isclose(losses_of_G[2.0][0], np.log(2))
assert losses_of_G[2.0][-1] > 2 * losses_of_G[0.5][-1]

# the score
assert score_of_ten > classifier_score(p_new)
assert 9.9 < score_of_ten <= 10

# the Fréchet distance
assert abs(((m1 - m2) ** 2 + (s1 - s2) ** 2) - 9.25) < 1e-12
assert FAST or abs(bias_measured(64, 1000) / (64 * 69 / 4000) - 1) < 0.02
assert all(np.all(np.diff(each) < 0) for each in falls.values())
assert FAST or round(times, 1) == 12.8
assert FAST or abs(limits["other test digits"]) < 0.01 < 0.04 < limits["the model"] < limits["mnist-5k"]

if not FAST:  # the lines cross
    gap = falls["the model"] - falls["other test digits"]
    assert gap[1] < 0 < gap[-1]

# the kernel distance
for found_ in estimates.values():
    error_ = found_[:, 1].std() / np.sqrt(len(found_))
    assert abs(found_[:, 1].mean()) < 3.5 * error_
    assert found_[:, 0].mean() > 5 * error_
if not FAST:
    assert 0.9 < 8 * estimates[200][:, 0].mean() / estimates[25][:, 0].mean() < 1.1

# balls
assert (precision_2d, round(recall_2d, 2)) == (0.75, 0.52)
assert with_outlier.precision - scores.precision > 0.15
assert with_outlier.coverage - scores.coverage < 0.02
assert FAST or abs(found.coverage - predicted) < 0.02
assert FAST or abs(found.density - 1) < 0.04

# modes, clouds
assert mode_coverage(toys["uniform noise in the square"], centres, std).found == 8
assert mode_coverage(toys["eight points"], centres, std).high_quality == 1
assert seen_by["skewed"][1] > 0.3
assert max(abs(seen_by[name][1]) for name in ("Gaussian", "ring")) < (0.2 if FAST else 0.03)
assert seen_by["ring"][2] < 0.4 < 0.8 < seen_by["ring"][3]
assert FAST or max(d for d, *_ in seen_by.values()) < 0.01

# copies
near_of = {name: memorisation(distance_to_training(images), held_out).nearer for name, images in alibis.items()}
assert memorisation(distance_to_training(copies), held_out).nearer == 1
assert FAST or [round(each, 2) for each in near_of.values()] == [0.57, 0.20]

# the table
assert table["the reference"]["Fréchet"] < 1e-6
assert table["the reference"]["1-NN fake"] == 0
if not FAST:
    assert see_copies == ["copies"]
    assert all("new digits" in names for names in blind.values())
    assert set(blind["precision"]) == {"new digits", "the model", "no fives", "copies", "drawn copies"}
    assert set(blind["Fréchet"]) >= {"the model", "shift", "copies", "shifted copies", "drawn copies"}
    assert verdict("precision", table["blur"]["precision"]) < -4
    assert verdict("density", table["blur"]["density"]) < -4
    assert verdict("score", table["ten digits"]["score"]) < -4
    assert {key for key in columns if abs(verdict(key, table["the model"][key])) > 4} == {"score", "recall", "coverage"}
    deserve = [name for name in table if name not in ("new digits", "the model")]
    assert all(any(verdict(key, table[name][key]) <= 4 for name in deserve) for key in columns)
    assert ratios["pixels"]["no fives"] < 1.5 < 5 < ratios["two-convolutions"]["no fives"]
    two = (ratios[name] for name in ("three-convolutions", "two-convolutions"))
    assert all(1 / 1.4 < a / b < 1.4 for a, b in zip(*(each.values() for each in two), strict=True))
    assert d_real > 6 * d_model
