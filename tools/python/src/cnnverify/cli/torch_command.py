"""`torch net.py:build`: one step of a PyTorch network as a fixture."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
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
    named_options,
)
from .frameworks import exporter
from .scripts import built, load, provenance

_CLASSES = frozenset({"CrossEntropyLoss", "NLLLoss"})
_TRUTHS = frozenset({"BCELoss", "BCEWithLogitsLoss", "MultiLabelSoftMarginLoss"})
_NUMBERS = frozenset({"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"})


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "torch",
        help="export a PyTorch network",
        description="Call the model once, compute the loss, go backward, and write everything.",
    )
    add_network(parser, "a function without arguments that gives an nn.Module, or the module")
    parser.add_argument(
        "--loss",
        type=checked(named_options, "loss"),
        metavar="LOSS",
        help="CrossEntropyLoss,label_smoothing=0.1 or net.py:loss; without it the upstream "
        "gradient is random",
    )
    parser.add_argument(
        "--target",
        type=checked(TensorSpec.parse, "target"),
        metavar="SPEC",
        help="as --input; usual losses draw one that fits",
    )
    add_training(parser, "SGD,lr=0.1,momentum=0.9")
    parser.add_argument("--eval", action="store_true", help="evaluate instead of training")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Capture one step, or several."""
    capture = exporter("capture", "PyTorch", "torch")
    import torch
    from torch import nn
    from torch.utils import _pytree as pytree

    if not arguments.input:
        raise UsageError("say what the model is called with: --input 4x3x32x32")
    model = built(arguments.script, lambda: torch.manual_seed(arguments.seed))
    if not isinstance(model, nn.Module):
        raise UsageError(f"{arguments.script} gives {type(model).__name__}, not an nn.Module")
    model.train(not arguments.eval)
    generator = np.random.default_rng(arguments.seed)
    positional, named = _inputs(arguments.input, generator)
    loss = _loss(arguments.loss)
    target = _target(arguments, model, positional, named, generator)
    optimizer = _optimizer(arguments.optimizer, model)
    settings = {
        "provenance": provenance(arguments.script, arguments.seed),
        **given_options(arguments, "twin", "case", "compress"),
    }
    if arguments.steps > 1:
        if optimizer is None or loss is None or named:
            raise UsageError(
                "several --steps need an --optimizer, a --loss, and inputs without names"
            )
        batches = [(tuple(positional), () if target is None else target)]
        for _ in range(arguments.steps - 1):
            positional, _ = _inputs(arguments.input, generator)
            target = _target(arguments, model, positional, {}, generator)
            batches.append((tuple(positional), () if target is None else target))
        train = exporter("capture_training", "PyTorch", "torch")
        train(model, loss, batches, optimizer, out=arguments.out, **settings)
        return
    with capture(model, arguments.out, **settings):
        output = model(*positional, **named)
        if loss is None:
            leaves = [t for t in pytree.tree_leaves(output) if isinstance(t, torch.Tensor)]
            reached = [t for t in leaves if t.requires_grad]
            draws = torch.Generator().manual_seed(arguments.seed)
            upstream = [torch.randn(t.shape, generator=draws, dtype=t.dtype) for t in reached]
            torch.autograd.backward(reached, upstream)
        else:
            value = loss(output) if target is None else loss(output, target)
            value.backward()
        if optimizer is not None:
            optimizer.step()


def _inputs(
    specs: list[TensorSpec], generator: np.random.Generator
) -> tuple[list[Any], dict[str, Any]]:
    """Draw what the model is called with; floating inputs have gradients."""
    tensors = [(spec.name, _tensor(spec, generator)) for spec in specs]
    for _, tensor in tensors:
        tensor.requires_grad_(tensor.is_floating_point())
    return [t for n, t in tensors if n is None], {n: t for n, t in tensors if n is not None}


def _tensor(spec: TensorSpec, generator: np.random.Generator) -> Any:
    import torch

    return torch.from_numpy(spec.draw(generator))


def _loss(given: tuple[str, dict[str, Any]] | None) -> Callable[..., Any] | None:
    if given is None:
        return None
    name, options = given
    if ":" in name:
        found: Callable[..., Any] = load(name)
        return found
    from torch import nn

    names = [n for n in dir(nn) if n.endswith("Loss")]
    if name not in names:
        raise UsageError(f"torch.nn has no loss {name}{hint(name, names)}")
    function: Callable[..., Any] = made(getattr(nn, name), options)
    return function


def _optimizer(given: tuple[str, dict[str, Any]] | None, model: Any) -> Any:
    if given is None:
        return None
    import torch

    from ..torch.updates import KINDS

    name, options = given
    if name not in KINDS.values():
        raise UsageError(f"there is no optimiser {name}{hint(name, KINDS.values())}")
    return made(getattr(torch.optim, name), options, list(model.parameters()))


def _target(
    arguments: argparse.Namespace,
    model: Any,
    positional: list[Any],
    named: dict[str, Any],
    generator: np.random.Generator,
) -> Any:
    """Give what was asked for, or what fits the loss and the shape of the model's output."""
    if arguments.loss is None:
        if arguments.target is not None:
            raise UsageError("--target needs a --loss to compare it with")
        return None
    if arguments.target is not None:
        return _tensor(arguments.target, generator)
    name = arguments.loss[0]
    if ":" in name:
        return None
    if name not in _CLASSES | _TRUTHS | _NUMBERS:
        raise UsageError(f"{name} needs a --target, as 4x10:float32:0..1")
    import torch

    output = _trial_output(model, positional, named)
    if not isinstance(output, torch.Tensor):
        raise UsageError("the model gives no single tensor; say --loss net.py:your_loss")
    shape = tuple(output.shape)
    if name in _CLASSES:
        classes = shape[1] if len(shape) > 1 else shape[0]
        drawn = generator.integers(0, classes, shape[:1] + shape[2:] if len(shape) > 1 else ())
        return torch.as_tensor(drawn)
    if name in _TRUTHS:
        return torch.from_numpy(generator.integers(0, 2, shape)).to(output.dtype)
    return torch.from_numpy(generator.standard_normal(shape)).to(output.dtype)


def _trial_output(model: Any, positional: list[Any], named: dict[str, Any]) -> Any:
    """Run a copy, so that neither statistics nor the generator of the real run move."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        return copy.deepcopy(model)(*positional, **named)
