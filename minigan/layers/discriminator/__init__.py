"""Layers that stand in a discriminator: what it is shown, and what bounds it."""
