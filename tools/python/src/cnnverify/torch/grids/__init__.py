"""Grids of configurations of one kind, and configurations in which no fault can hide."""

from .grid import canary, grid, kinds

__all__ = ["canary", "grid", "kinds"]
