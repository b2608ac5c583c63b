"""Runs: training from options to a finished run, and what a run leaves behind."""
