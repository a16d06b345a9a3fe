"""What the reference programs share: their options, and how they end."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]


def parser(program: str, description: str | None, selected: str) -> argparse.ArgumentParser:
    """Make a parser with the options that all programs have; `selected` names what one may pick."""
    made = argparse.ArgumentParser(
        prog=program, description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument(selected, nargs="*", help=f"{selected} to look at (default: all)")
    made.add_argument(
        "--command",
        type=Path,
        default=ROOT / ".build/release/cnn-verify",
        help="the program that is judged (default: the release build)",
    )
    made.add_argument("--keep", type=Path, help="a directory for the fixtures")
    made.add_argument("--quiet", action="store_true", help="print only what is not good, and sums")
    return made


@contextmanager
def folder(keep: Path | None) -> Iterator[Path]:
    """Give the directory for fixtures: one that stays, or one that does not."""
    with TemporaryDirectory() as temporary:
        directory = keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        yield directory
