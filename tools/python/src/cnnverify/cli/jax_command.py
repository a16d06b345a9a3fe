"""`jax net.py:build`: a JAX loss and its gradients as a fixture."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from .arguments import Commands, UsageError, add_network, given_options
from .frameworks import exporter
from .scripts import load, provenance


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "jax",
        help="export a JAX function",
        description="Run a loss function once, equation by equation, with all gradients.",
    )
    add_network(
        parser, "a function without arguments that gives (loss_fn, params) or more inputs behind"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Capture one evaluation of `loss_fn(params, *inputs)`."""
    if any(spec.name is not None for spec in arguments.input):
        raise UsageError("inputs of a JAX function stand in order, without names")
    capture = exporter("capture_jax", "JAX", "jax")
    loss_fn, params, *given = _parts(arguments.script)
    generator = np.random.default_rng(arguments.seed)
    capture(
        loss_fn,
        params,
        *given,
        *(spec.draw(generator) for spec in arguments.input),
        out=arguments.out,
        seed=arguments.seed,
        provenance=provenance(arguments.script, arguments.seed),
        **given_options(arguments, "twin", "case", "compress"),
    )


def _parts(script: str) -> tuple[Any, ...]:
    parts = load(script)()
    if not isinstance(parts, tuple) or len(parts) < 2 or not callable(parts[0]):
        raise UsageError(f"{script} gives no (loss_fn, params, …): return the function first")
    return parts
