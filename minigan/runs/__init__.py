"""Runs: from options to a trained game, and what it leaves behind."""
