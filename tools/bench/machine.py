"""What a benchmark ran on: the processor, its limits, and the versions of everything involved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable

from questions import ROOT, Program

SETS = {"avx512": "AVX-512", "avx2": "AVX2"}
DTYPES = {"f32": "float32", "f64": "float64"}

#: Says the versions of the Python packages, where they are there.
PACKAGES = """
import importlib, platform
print("Python", platform.python_version())
for name in ("torch", "numpy", "h5py"):
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    print(name, module.__version__)
    if name == "h5py":
        print("HDF5 of h5py", module.version.hdf5_version)
"""


def said(*command: str) -> str:
    """What a program says first, empty where it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = result.stdout.strip().splitlines()
    return lines[0].strip() if result.returncode == 0 and lines else ""


def processor(lscpu: str) -> dict[str, str]:
    """Pick what matters from the output of `lscpu`."""
    wanted = {
        "Model name": "Processor",
        "CPU family": "Family",
        "Model": "Model",
        "CPU(s)": "Processors",
        "Thread(s) per core": "Threads per core",
        "L1d cache": "L1d",
        "L2 cache": "L2",
        "L3 cache": "L3",
        "Hypervisor vendor": "Hypervisor",
    }
    facts: dict[str, str] = {}
    for line in lscpu.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in wanted:
            facts.setdefault(wanted[name.strip()], value.strip())
    return facts


def memory(meminfo: Iterable[str]) -> str:
    """The size of the main memory, from the lines of /proc/meminfo."""
    sizes = [int(line.split()[1]) for line in meminfo if line.startswith("MemTotal:")]
    return f"{sizes[0] / (1 << 20):.0f} GiB" if sizes else "unknown"


def limits(threads: int) -> list[tuple[str, ...]]:
    """Measured rates on one thread and on several: what no program can exceed.

    On one thread by processor time, which others do not disturb.
    """
    counts = sorted({1, threads})
    programs = [Program("bench-kernels", count, cpu_time=count == 1) for count in counts]
    rows: list[tuple[str, ...]] = [
        ("", *(f"{count} threads" if count > 1 else "1 thread" for count in counts))
    ]
    for dtype, kind in DTYPES.items():
        for key, name in SETS.items():
            rates = [program.ask(dtype, "peak", key) for program in programs]
            if min(rates) > 0:
                cells = [f"{rate:.0f} GFLOP/s" for rate in rates]
                rows.append((f"fused multiply-add {kind}, {name}", *cells))
    for what, name in {"read": "memory, read", "copy": "memory, copied (read + written)"}.items():
        cells = [f"{program.ask('memory', what):.0f} GB/s" for program in programs]
        rows.append((name, *cells))
    for program in programs:
        program.close()
    return rows


def versions(command: str) -> list[tuple[str, str]]:
    """The names and versions of everything that is timed."""
    packages = subprocess.run(
        [sys.executable, "-c", PACKAGES], capture_output=True, text=True, check=True
    )
    commit = said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    pairs = [
        ("cnn-verify", said(command, "--version")),
        ("these benchmarks", f"commit {commit}" if commit else ""),
        ("Swift", said("swift", "--version").removeprefix("Swift version ")),
        *((n, v) for n, _, v in (line.rpartition(" ") for line in packages.stdout.splitlines())),
        ("HDF5 of cnn-verify", said("pkg-config", "--modversion", "hdf5")),
        ("h5diff", said("h5diff", "--version").rpartition(" ")[2]),
        ("Linux", os.uname().release),
    ]
    return [("", "version"), *(pair for pair in pairs if pair[1])]
