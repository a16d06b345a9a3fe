"""The command line: exports for people who write no Python, grids, reports.

Status 0: done. 2: it could not be done, for the one reason that is printed. 64: wrong usage.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from ..errors import CnnVerifyError
from . import (
    doctor_command,
    grid_command,
    jax_command,
    keras_command,
    report_command,
    torch_command,
)
from .arguments import Parser, UsageError
from .scripts import ScriptError

COMMANDS = (
    torch_command,
    keras_command,
    jax_command,
    grid_command,
    report_command,
    doctor_command,
)

FAILURE = 2
WRONG_USAGE = 64
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except UsageError as error:
        _say(str(error))
        return WRONG_USAGE
    except (CnnVerifyError, ScriptError, OSError, ModuleNotFoundError) as error:
        return _failed(str(error), show=given.traceback)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        # What the user's model, loss or file did: the reason is theirs, the message one line.
        reason = str(error).strip().splitlines()
        first = reason[0] if reason else "no reason given"
        hint = "" if given.traceback else " (--traceback shows where)"
        return _failed(f"{type(error).__name__}: {first}{hint}", show=given.traceback)
    return 0


def _parser() -> Parser:
    parser = Parser(prog="cnnverify", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--traceback", action="store_true", help="show where an error came from, for the curious"
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    for module in COMMANDS:
        module.register(commands)
    return parser


def _failed(message: str, *, show: bool) -> int:
    if show:
        traceback.print_exc()
    _say(message)
    return FAILURE


def _say(message: str) -> None:
    print(f"cnnverify: {message}", file=sys.stderr)
