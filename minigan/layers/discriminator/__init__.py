"""Layers for discriminators: they change what a discriminator sees, or they limit its slope."""
