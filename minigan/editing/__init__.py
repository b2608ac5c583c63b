"""Editing: what a trained generator and discriminator are for. Every function takes a `minigan.Run`."""
