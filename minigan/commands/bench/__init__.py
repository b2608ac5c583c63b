"""``minigan bench``: training steps under a stopwatch, against PyTorch where it is installed."""
