"""What stands on a command line: shapes with a type and a range, settings, options."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

_FLOATS = ("float32", "float64", "float16")
_INTEGERS = ("int64", "int32", "uint8")
TYPES = (*_FLOATS, *_INTEGERS, "bool")

_TUPLE = re.compile(r"-?[\d.]+(x-?[\d.]+)+")


class UsageError(Exception):
    """The command was asked for something that it does not have."""


class Parser(argparse.ArgumentParser):
    """An argument parser that ends with status 64 for wrong usage, as `cnn-verify` does."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the reason."""
        self.exit(64, f"{self.format_usage()}{self.prog}: {message}\n")


def checked(parse: Callable[[str], Any], name: str) -> Callable[[str], Any]:
    """Turn a parser's ValueError into one that argparse shows with its reason."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{name} {text!r}: {error}") from error

    return convert


@dataclass(frozen=True)
class TensorSpec:
    """A tensor to be drawn, or to be read from a `.npy` file."""

    name: str | None
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    range: tuple[float, float] | None = None
    file: Path | None = None

    @staticmethod
    def parse(text: str) -> TensorSpec:
        """Read `[name=]4x3x32x32[:dtype[:low..high]]` or `[name=]file.npy`."""
        name, equals, rest = text.rpartition("=")
        if equals and not name.isidentifier():
            raise ValueError(f"{name!r} is no name of an argument")
        if rest.endswith(".npy"):
            return TensorSpec(name or None, file=Path(rest))
        shape, _, ending = rest.partition(":")
        dtype, _, limits = ending.partition(":")
        dtype = dtype or "float32"
        if not re.fullmatch(r"\d+(x\d+)*", shape):
            raise ValueError("a shape looks like 4x3x32x32, then :dtype, then :low..high")
        if dtype not in TYPES:
            raise ValueError(f"the type is one of {', '.join(TYPES)}")
        if dtype in _INTEGERS and not limits:
            raise ValueError(f"whole numbers need a range: {shape}:{dtype}:0..9, ends included")
        numbers = tuple(int(n) for n in shape.split("x"))
        return TensorSpec(name or None, numbers, dtype, _limits(limits) if limits else None)

    def draw(self, generator: np.random.Generator) -> NDArray[Any]:
        """Draw the tensor: normal numbers, or evenly within the range."""
        if self.file is not None:
            loaded: NDArray[Any] = np.load(self.file, allow_pickle=False)
            return loaded
        if self.dtype == "bool":
            return generator.integers(0, 2, self.shape).astype(bool)
        if self.dtype in _INTEGERS:
            low, high = self.range or (0, 0)
            return generator.integers(int(low), int(high) + 1, self.shape).astype(self.dtype)
        if self.range is None:
            return generator.standard_normal(self.shape).astype(self.dtype)
        return generator.uniform(*self.range, self.shape).astype(self.dtype)


def _limits(text: str) -> tuple[float, float]:
    low, dots, high = text.partition("..")
    if not dots:
        raise ValueError("a range looks like 0..9")
    limits = float(low), float(high)
    if not limits[0] <= limits[1]:
        raise ValueError("the range is empty")
    return limits


def value(text: str) -> Any:
    """Read one value: `2`, `0.5`, `3x2` (a tuple), `true`, `none`, or a word."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    if _TUPLE.fullmatch(text):
        return tuple(_number(part) for part in text.split("x"))
    try:
        return _number(text)
    except ValueError:
        return text


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def setting(text: str) -> tuple[str, Any]:
    """Read `name=value`; several values with commas make a list, an axis of a grid."""
    name, equals, rest = text.partition("=")
    if not equals or not name.isidentifier() or not rest:
        raise ValueError("a setting looks like stride=2, an axis of a grid like stride=1,2")
    values = [value(part) for part in rest.split(",")]
    return name, values if len(values) > 1 else values[0]


def named_options(text: str) -> tuple[str, dict[str, Any]]:
    """Read `SGD,lr=0.1,momentum=0.9`."""
    name, *rest = text.split(",")
    if not name:
        raise ValueError("the name is missing")
    return name, dict(setting(part) for part in rest)


def add_common(parser: Parser) -> None:
    """Add what all exporting commands have: seed, twin, case, the file."""
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of parameters, inputs, chance (default 0)"
    )
    parser.add_argument(
        "--twin", choices=["float64"], help="add a second reference, each operation in float64"
    )
    parser.add_argument("-o", "--out", required=True, metavar="FILE", help="the fixture to write")


def add_network(parser: Parser, builder: str) -> None:
    """Add what commands for networks have."""
    parser.add_argument("script", metavar="FILE.py:NAME", help=builder)
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        type=checked(TensorSpec.parse, "input"),
        metavar="SPEC",
        help="4x3x32x32, x=4x3x32x32:float64:0..1, ids=4x7:int64:0..99 or x=data.npy; repeatable",
    )
    parser.add_argument("--case", help="write below /cases/CASE")
    parser.add_argument("--compress", action="store_true", help="compress large tensors too")
    add_common(parser)


def add_training(parser: Parser, example: str) -> None:
    """Add what makes steps of an optimiser."""
    parser.add_argument(
        "--optimizer",
        type=checked(named_options, "optimizer"),
        metavar="NAME,rate=N",
        help=f"make one step too: {example}",
    )
    parser.add_argument(
        "--steps",
        type=checked(_count, "steps"),
        default=1,
        metavar="N",
        help="make N steps, each on a batch of its own; with --optimizer",
    )


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ValueError("a whole number of 1 or more")
    return int(text)


def made(cls: Callable[..., Any], options: Mapping[str, Any], *arguments: Any) -> Any:
    """Call what a name on the command line stands for; wrong options are wrong usage."""
    try:
        return cls(*arguments, **options)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{cls.__name__}: {error}") from error


def hint(name: str, known: Iterable[str]) -> str:
    """Give the end of a message about a name that is none of those known."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"


def given_options(arguments: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Give those options that are not at rest."""
    found = {name: getattr(arguments, name) for name in names}
    return {name: option for name, option in found.items() if option not in (None, False)}
