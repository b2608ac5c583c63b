"""The fast floor: for plain layers that are worth it a twin, which computes the same numbers sooner.

A twin wraps plain layers, uses their arrays and keeps their protocol, so a `Network` can compute with either. The plain
layers are the mathematics, and every twin is tested equal to what it wraps. There is one door, `accelerate`.
"""

from .accelerate import accelerate, describe

__all__ = ["accelerate", "describe"]
