"""`jax net.py:build`: a JAX loss and its gradients as a fixture."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

import numpy as np

from .arguments import (
    Commands,
    UsageError,
    add_network,
    add_training,
    given_options,
    hint,
    made,
)
from .frameworks import exporter
from .scripts import load, provenance

_OPTIMIZERS = ("sgd", "adam", "adamw", "amsgrad", "rmsprop", "adagrad")


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
    add_training(parser, "adam,learning_rate=0.01 of optax, or net.py:optimizer")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Capture one evaluation of `loss_fn(params, *inputs)`, or several steps of training."""
    if any(spec.name is not None for spec in arguments.input):
        raise UsageError("inputs of a JAX function stand in order, without names")
    capture = exporter("capture_jax", "JAX", "jax")
    loss_fn, params, *given = _parts(arguments.script)
    optimizer = _optimizer(arguments.optimizer)
    generator = np.random.default_rng(arguments.seed)
    batches = [
        (*given, *(spec.draw(generator) for spec in arguments.input))
        for _ in range(arguments.steps)
    ]
    settings = {
        "out": arguments.out,
        "seed": arguments.seed,
        "provenance": provenance(arguments.script, arguments.seed),
        **given_options(arguments, "twin", "case", "compress"),
    }
    if arguments.steps > 1:
        if optimizer is None:
            raise UsageError("several --steps need an --optimizer")
        train = exporter("capture_training_jax", "JAX", "jax")
        train(loss_fn, params, batches, optimizer, **settings)
        return
    if optimizer is not None:
        settings["optimizer"] = optimizer
    capture(loss_fn, params, *batches[0], **settings)


def _optimizer(given: tuple[str, dict[str, Any]] | None) -> Any:
    """Give a transformation: one of optax by its name, or what the script has."""
    if given is None:
        return None
    name, options = given
    if ":" in name:
        found = load(name)
        return made(found, options) if hasattr(found, "__code__") else found
    optax = importlib.import_module("optax")
    if not hasattr(optax, name):
        raise UsageError(f"optax has no optimiser {name}{hint(name, _OPTIMIZERS)}")
    return made(getattr(optax, name), options)


def _parts(script: str) -> tuple[Any, ...]:
    parts = load(script)()
    if not isinstance(parts, tuple) or len(parts) < 2 or not callable(parts[0]):
        raise UsageError(f"{script} gives no (loss_fn, params, …): return the function first")
    return parts
