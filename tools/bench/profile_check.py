"""Tells where the processor time of `cnn-verify check` goes, in two tables: for what, and in what.

    tools/bench/profile FIXTURE [-- arguments of check]

Needs perf (Debian: linux-perf), and the release build. One thread, stacks by frame pointers, which
Swift keeps. A sample counts for the first purpose that a function on its stack names, seen from
the innermost one, and for the kind of work of the innermost function alone. Percentages are of all
processes together; what no rule names is told as the rest.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import timing

ROOT = Path(__file__).resolve().parents[2]
REST = "the rest"

#: What time is spent for, by functions on the stack.
PURPOSES = {
    "bounds of rounding errors": r"bound|Bound|magnitude|Magnitude|LimitMemory",
    "backward passes": r"8backward",
    "forward passes": r"7forward|6define|outputShapes|checkValues",
    "comparison": r"\bjudge|Discrepancy|13singlePrecis|ReferenceTrial|BranchTrial",
    "what the fixture would not show": r"blindSpot|BlindSpot|9Diagnosis",
    "reading the file": r"8HDF5File|11Interchange|12StoredTensor|libdeflate|ElementSource",
    "reports": r"7Reports|JSON",
    "start and end of processes": r"ld-linux|execve|exit_mmap|do_exit|load_elf|\bfork|clone|_start"
    r"|swift_conformsToProtocol|getSingletonMetadata|_dl_|ArgumentParser",
}

#: The process that opens the file: a copy of the command, or the command started again.
CONFINED = "the confined process: its start, and the file's contents listed by libhdf5"

#: What only that process does.
LISTING = re.compile(r"13CatalogueWalk|12RecordWriter|driverRead")

#: What the processor does, by the innermost function and its library.
WORK = {
    "multiply-adds of products and convolutions": r"(product|correlate|direct)_\w*f(32|64)_",
    "sums, packing and copies of our kernels": r"\bck_|transpose_|BandWorker|7Kernels|spread_",
    "libm": r"libm\.so",
    "comparison": r"\bjudge",
    "layers, bounds and tensors": r"14StandardLayers|7Tensors|8LayerKit|12Verification|9Diagnosis",
    "bytes of the file": r"8HDF5File|11Interchange|libdeflate|libhdf5",
    "copies and fills of libc": r"libc\.so.*|__mem",
    "loader of shared libraries": r"ld-linux",
    "Swift runtime": r"libswift|swift_",
    "operating system: copies from files": r"copy_to_iter|filemap|copy_page_to_iter",
    "operating system: clearing pages": r"clear_page|folio_zero",
    "operating system: the rest": r"kernel",
}


@dataclass(frozen=True)
class Sample:
    """One look at a process: its name and number, and its functions, innermost first."""

    process: str
    frames: tuple[str, ...]


def samples(script: str) -> list[Sample]:
    """The samples in what `perf script -F comm,pid,ip,sym,dso` prints."""
    found: list[Sample] = []
    for block in script.split("\n\n"):
        lines = block.strip().splitlines()
        if lines:
            # An address stands before each function.
            frames = (line.split(maxsplit=1)[-1] for line in lines[1:])
            found.append(Sample(lines[0].strip(), tuple(frames)))
    return found


def confined(found: Iterable[Sample]) -> set[str]:
    """The processes that listed what is in a file."""
    return {
        sample.process for sample in found if any(LISTING.search(frame) for frame in sample.frames)
    }


def purpose(sample: Sample, readers: set[str]) -> str:
    """What a sample was for."""
    if sample.process in readers:
        return CONFINED
    return first(sample.frames, PURPOSES)


def work(sample: Sample) -> str:
    """What a sample did."""
    return first(sample.frames[:1], WORK)


def first(frames: Iterable[str], rules: dict[str, str]) -> str:
    """The first rule that names the innermost frame that any of them names."""
    for frame in frames:
        # The path of the build says nothing.
        text = frame.replace(str(ROOT), "")
        for name, pattern in rules.items():
            if re.search(pattern, text):
                return name
    return REST


def shares(names: Sequence[str], heading: str) -> str:
    """How often each name occurs, as a table; the rest last."""
    counts = Counter(names)
    order = sorted(counts, key=lambda name: (name == REST, -counts[name]))
    rows = [(name, f"{100 * counts[name] / len(names):.1f} %") for name in order]
    return timing.table([(heading, "share"), *rows])


def main() -> int:
    """Record a check and print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fixture")
    parser.add_argument("--command", default=str(ROOT / ".build/release/cnn-verify"))
    parser.add_argument("--frequency", type=int, default=997, help="samples in a second")
    parser.add_argument("--repeat", type=int, default=1, help="checks that are recorded")
    parser.add_argument("arguments", nargs="*", help="further arguments of check")
    options = parser.parse_args()
    for program in ("perf", options.command):
        if shutil.which(program) is None:
            print(f"{program} is missing: install perf, or build with `swift build -c release`.")
            return 2
    check = [options.command, "check", options.fixture, "--quiet", "--threads", "1"]
    found: list[Sample] = []
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        for _ in range(options.repeat):
            record = ["perf", "record", "-q", "-g", "-F", str(options.frequency), "-o", data]
            run = timing.run([*record, "--", *check, *options.arguments])
            if run.status != 0:
                print(run.output)
                return 1
            script = subprocess.run(
                ["perf", "script", "-i", data, "-F", "comm,pid,ip,sym,dso"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=True,
            )
            found += samples(script.stdout)
    if not found:
        print("perf took no samples.")
        return 1
    milliseconds = 1e3 * len(found) / options.frequency / options.repeat
    print(f"{milliseconds:.0f} ms of processor time, {len(found)} samples\n")
    readers = confined(found)
    print(shares([purpose(sample, readers) for sample in found], "for what"))
    print("\n" + shares([work(sample) for sample in found], "in what"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
