"""`report FILE`: what cnn-verify found, as a table."""

from __future__ import annotations

import argparse

from ..reports import read_report
from .arguments import Commands


def register(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("report", help="print what cnn-verify --json FILE wrote")
    parser.add_argument("file", metavar="FILE", help="the report")
    parser.add_argument("--failing", action="store_true", help="only what differs or is invalid")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print the tensors, what was said besides, and the counts."""
    report = read_report(arguments.file)
    for title, texts in (("warning", report.warnings), ("problem", report.errors)):
        for text in texts:
            print(f"{title}: {text}")
    if report.differing or not arguments.failing:
        print(report.text(failing=arguments.failing))
    counts = {k: v for k, v in report.summary.items() if k != "record" and v != 0}
    print(
        " · ".join(f"{name} {count}" for name, count in counts.items()) or "the report is cut off"
    )
