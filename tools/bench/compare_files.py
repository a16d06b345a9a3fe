"""Times `cnn-verify compare` against h5diff and h5py with NumPy, on files that it makes itself.

Each pair of files holds the same float32 numbers, or numbers of which each is a little off, or a
few; contiguous, or in chunks that are shuffled and compressed by gzip. All programs run in turn on
files in the page cache. A ratio is formed within each round; the table tells the median of all
rounds with the least and the largest. Ends with 1 where a program does not find what was planted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import timing

ROOT = Path(__file__).resolve().parents[2]
STORAGES = ("contiguous", "gzip")
DIFFERENCES = ("equal", "close", "sparse")
OURS = "cnn-verify"

#: Writes the files: MEGABYTES FOLDER STORAGE. Eight datasets each, of the same numbers in turn.
MAKE = """
import sys, h5py, numpy as np
bytes, folder, storage = int(sys.argv[1]) << 20, sys.argv[2], sys.argv[3]
random = np.random.default_rng(1)
rows, columns = max(1, bytes // 8 // 4 // 4096), 4096
options = {} if storage == "contiguous" else dict(
    chunks=(min(64, rows), columns), compression="gzip", compression_opts=4, shuffle=True)
numbers = random.standard_normal((rows, columns), dtype=np.float32)
factors = 1 + random.standard_normal((rows, columns), dtype=np.float32) * np.float32(1e-6)
places = random.integers(0, numbers.size, max(1, numbers.size // 30000))
for name in ("first", "equal", "close", "sparse"):
    with h5py.File(f"{folder}/{storage}-{name}.h5", "w") as file:
        for layer in range(8):
            data = np.roll(numbers, 1001 * layer + layer)
            if name == "close":
                data *= factors
            if name == "sparse":
                data.reshape(-1)[places] += np.float32(1e-3)
            file.create_dataset(f"layer{layer}/weight", data=data, **options)
"""

#: What a careful script does: every dataset read, compared, and the largest difference found.
NUMPY = """
import sys, h5py, numpy as np
equal, worst = True, 0.0
with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2]) as g:
    def visit(name, d):
        global equal, worst
        if isinstance(d, h5py.Dataset):
            x, y = d[()], g[name][()]
            equal &= bool(np.array_equal(x, y))
            worst = max(worst, float(np.abs(x - y).max()))
    f.visititems(visit)
sys.exit(0 if equal else 1)
"""


def programs(command: str, a: Path, b: Path) -> dict[str, list[str]]:
    """The command lines that compare two files, ours first."""
    files = [str(a), str(b)]
    lines = {OURS: [command, "compare", *files]}
    if shutil.which("h5diff"):
        lines["h5diff -q"] = ["h5diff", "-q", *files]
    lines["h5py + NumPy"] = [sys.executable, "-c", NUMPY, *files]
    return lines


def measure(folder: Path, storage: str, difference: str, options: argparse.Namespace) -> bool:
    """Time all programs on one pair of files and print it; whether all found what is there."""
    a, b = folder / f"{storage}-first.h5", folder / f"{storage}-{difference}.h5"
    runs = timing.interleaved(programs(options.command, a, b), options.rounds)
    rows = [("", "wall s", "CPU s", "wall ratio", "CPU ratio", "peak MB")]
    for name, results in runs.items():
        own = runs[OURS]
        ratios = [
            timing.quotients([getattr(r, k) for r in results], [getattr(o, k) for o in own])
            for k in ("wall", "cpu")
        ]
        rows.append(
            (
                name,
                timing.spread([r.wall for r in results], 2),
                timing.spread([r.cpu for r in results], 2),
                *(ratios if name != OURS else ("", "")),
                f"{max(r.peak for r in results) / 1e6:.0f}",
            )
        )
    print(f"\n{storage}, {difference}\n\n{timing.table(rows)}", flush=True)
    expected = 0 if difference == "equal" else 1
    wrong = {n for n, results in runs.items() if any(r.status != expected for r in results)}
    for name in sorted(wrong):
        print(f"{name} should have ended with {expected}: its time means nothing.")
    return not wrong


def main() -> int:
    """Make the files, time the programs, and remove the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="megabytes of numbers of a file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--command", default=str(ROOT / ".build/release/cnn-verify"))
    parser.add_argument("--storage", choices=STORAGES, action="append")
    parser.add_argument("--difference", choices=DIFFERENCES, action="append")
    parser.add_argument("--folder", help="where the temporary folder of the files is made")
    options = parser.parse_args()
    if shutil.which(options.command) is None:
        print(f"{options.command} is missing: build it with `swift build -c release`.")
        return 2
    if timing.lacks("h5py", "numpy"):
        return 2
    if not shutil.which("h5diff"):
        print("h5diff is missing (Debian: hdf5-tools); only NumPy is compared with.")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {options.size} MB a file")
    right = True
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for storage in options.storage or STORAGES:
            make = [sys.executable, "-c", MAKE, str(options.size), str(folder), storage]
            subprocess.run(make, check=True)
            for difference in options.difference or DIFFERENCES:
                right &= measure(folder, storage, difference, options)
            for file in folder.iterdir():
                file.unlink()
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
