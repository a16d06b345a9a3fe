"""`keras net.py:build`: one step of a Keras network as a fixture."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

import numpy as np

from .arguments import (
    Commands,
    TensorSpec,
    UsageError,
    add_network,
    add_training,
    checked,
    given_options,
    hint,
    made,
)
from .frameworks import exporter
from .scripts import built, load, provenance


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "keras",
        help="export a Keras 3 network",
        description="Run the model once on any backend, with its loss and all gradients.",
    )
    add_network(parser, "a function without arguments that gives a keras.Model, or the model")
    parser.add_argument(
        "--loss", required=True, metavar="LOSS", help="a name that Keras knows, or net.py:loss"
    )
    parser.add_argument(
        "--target",
        required=True,
        type=checked(TensorSpec.parse, "target"),
        metavar="SPEC",
        help="what the loss compares with: 4:int64:0..9 for classes",
    )
    add_training(parser, "SGD,learning_rate=0.1,momentum=0.9")
    parser.add_argument("--eval", action="store_true", help="evaluate instead of training")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Capture one step, or several."""
    if not arguments.input:
        raise UsageError("say what the model is called with: --input 4x32x32x3")
    capture = exporter("capture_keras", "Keras", "keras")
    keras = importlib.import_module("keras")
    model = built(arguments.script, lambda: keras.utils.set_random_seed(arguments.seed))
    optimizer = _optimizer(arguments.optimizer, keras)
    generator = np.random.default_rng(arguments.seed)
    batches = []
    for _ in range(arguments.steps):
        x = _together([(spec.name, spec.draw(generator)) for spec in arguments.input])
        batches.append((x, arguments.target.draw(generator)))
    loss = load(arguments.loss) if ":" in arguments.loss else arguments.loss
    settings = {
        "training": not arguments.eval,
        "seed": arguments.seed,
        "provenance": provenance(arguments.script, arguments.seed),
        **given_options(arguments, "twin", "case", "compress"),
    }
    if arguments.steps > 1:
        if optimizer is None:
            raise UsageError("several --steps need an --optimizer")
        train = exporter("capture_training_keras", "Keras", "keras")
        train(model, loss, batches, optimizer, out=arguments.out, **settings)
        return
    if optimizer is not None:
        settings["optimizer"] = optimizer
    capture(model, *batches[0], loss, arguments.out, **settings)


def _optimizer(given: tuple[str, dict[str, Any]] | None, keras: Any) -> Any:
    """Make an optimiser of Keras."""
    if given is None:
        return None
    name, options = given
    if not hasattr(keras.optimizers, name):
        known = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")
        raise UsageError(f"Keras has no optimiser {name}{hint(name, known)}")
    return made(getattr(keras.optimizers, name), options)


def _together(drawn: list[tuple[str | None, Any]]) -> Any:
    """Give one input plain, several in a list, named ones in a dictionary."""
    if all(name is not None for name, _ in drawn):
        return dict(drawn)
    if any(name is not None for name, _ in drawn):
        raise UsageError("name all inputs, or none: Keras takes a list or a dictionary")
    arrays = [array for _, array in drawn]
    return arrays[0] if len(arrays) == 1 else arrays
