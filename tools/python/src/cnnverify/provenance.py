"""Where a reference comes from: machine, versions, command, the user's code. Free-form JSON."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def general_provenance() -> dict[str, Any]:
    """Give the part that does not depend on the framework.

    `SOURCE_DATE_EPOCH`, if set, stands for the time, so that files can be made again byte by byte.
    """
    return {
        "exporter": f"cnnverify {_own_version()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "h5py": h5py.__version__,
        "hdf5": h5py.version.hdf5_version,
        "platform": platform.platform(),
        "processor": processor(),
        "command": " ".join(shlex.quote(a) for a in [Path(sys.argv[0]).name, *sys.argv[1:]]),
        "git": git_state(Path(sys.argv[0])),
        "time": _time(),
    }


def merged(facts: dict[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    """Let the caller add facts, or drop some by giving None."""
    return {k: v for k, v in {**facts, **(changes or {})}.items() if v is not None}


def _own_version() -> str:
    from . import __version__

    return __version__


def _time() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = (
        datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        if epoch
        else datetime.datetime.now(datetime.UTC)
    )
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def processor() -> str:
    """Name the machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def git_state(script: Path) -> dict[str, Any] | None:
    """Give the commit that a script belongs to, and whether the script differs from it."""
    if not script.is_file():
        return None
    commit = _git(script, "rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(_git(script, "status", "--porcelain", script.name))}


def _git(script: Path, *arguments: str) -> str | None:
    try:
        run = subprocess.run(
            ["git", *arguments],
            cwd=script.resolve().parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip() if run.returncode == 0 else None
