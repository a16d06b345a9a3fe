"""`grid KIND` and `canary KIND`: fixtures of one kind of layer."""

from __future__ import annotations

import argparse

from .arguments import Commands, Parser, add_common, checked, given_options, setting
from .frameworks import exporter


def register(commands: Commands) -> None:
    """Add both commands."""
    grid = commands.add_parser(
        "grid",
        help="a case for each combination of hyper-parameters of a kind",
        description="cnnverify grid Conv2d stride=1,2 padding=0,1,2 kernel_size=3x2 -o grid.h5",
    )
    grid.add_argument("kind", metavar="KIND", help="Conv2d, CrossEntropyLoss, Add, …")
    grid.add_argument(
        "settings",
        nargs="*",
        type=checked(setting, "setting"),
        metavar="NAME=VALUE",
        help="several values with commas are an axis; 3x2 is a pair; input=5x4x10x13 a shape",
    )
    _finish(grid)
    canary = commands.add_parser(
        "canary",
        help="the configurations of a kind that hide no fault",
        description="cnnverify canary Conv2d -o canary.h5",
    )
    canary.add_argument("kind", metavar="KIND", help="as for grid")
    _finish(canary)
    canary.set_defaults(settings=[], canary=True)


def _finish(parser: Parser) -> None:
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    add_common(parser)
    parser.set_defaults(run=run, canary=False)


def run(arguments: argparse.Namespace) -> None:
    """Write the file."""
    grid = exporter("grid", "PyTorch", "torch")
    import torch

    grid(
        arguments.kind,
        out=arguments.out,
        canary=arguments.canary,
        seed=arguments.seed,
        dtype=getattr(torch, arguments.dtype),
        **given_options(arguments, "twin"),
        **dict(arguments.settings),
    )
    print(f"next: cnn-verify check {arguments.out}")
