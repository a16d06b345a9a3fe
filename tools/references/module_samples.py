"""Holds every kind of layer against PyTorch: the samples of its own test suite, and more.

    module-samples                       all kinds that the program knows
    module-samples Conv2d MaxPool2d      these kinds
    module-samples --command PATH        another build of cnn-verify
    module-samples --keep DIRECTORY      leaves the fixtures there

For each kind of `cnn-verify layers` it takes the samples of `torch.testing`'s module database and
those of `own_samples`, in float32 with a float64 twin and in float64, in training and in evaluation
where these differ, exports each as a case, and has the program compare every tensor. Samples that
are empty, complex, or images without a batch axis are no fixtures and are dropped, with their
number. The exit status is 1 if anything differs, if a kind has no sample that agrees, or if the
program does not know a kind of the format.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch

import cnnverify
from kinds import section_five
from own_samples import OWN
from samples import NAMES, Export, Sample, Samples, UndefinedError, seeded
from table import Row, print_table
from torch_samples import torch_samples
from verification import Command, CommandError

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the program."""
    arguments = _arguments()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    command = Command(arguments.command, arguments.precision)
    known = command.kinds()
    wanted = arguments.kinds or known
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        for kind in wanted:
            row = Row(kind)
            rows.append(row)
            if kind in known:
                _try(kind, command, directory, row)
    print_table(rows)
    missing = sorted(section_five() - set(known)) if not arguments.kinds else []
    if missing:
        print(
            f"\n{len(missing)} kinds of the format are unknown to the program: {', '.join(missing)}"
        )
    bad = [row.name for row in rows if not row.is_good]
    if bad:
        print(f"\nnot good: {', '.join(bad)}")
    return 1 if bad or missing else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="module-samples", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", help="kinds to look at (default: all)")
    parser.add_argument(
        "--command",
        type=Path,
        default=ROOT / ".build/release/cnn-verify",
        help="the program that is judged (default: the release build)",
    )
    parser.add_argument("--precision", choices=["float64", "float32"], default="float64")
    parser.add_argument("--keep", type=Path, help="a directory for the fixtures")
    return parser.parse_args()


def _try(kind: str, command: Command, directory: Path, row: Row) -> None:
    file = cnnverify.FixtureFile(directory / f"{kind}.h5", provenance={"git": None})
    titles: dict[str, str] = {}
    for dtype in (torch.float32, torch.float64):
        samples = Samples()
        try:
            samples = torch_samples(kind, dtype)
            seed = seeded(kind)
            samples.usable += OWN.get(kind, _none)(dtype)
        except Exception as error:
            row.differing[f"making {NAMES[dtype]}"] = [f"{type(error).__name__}: {error}"]
            seed = 0
        for reason, count in samples.dropped.items():
            row.dropped[reason] = row.dropped.get(reason, 0) + count
        for number, sample in enumerate(samples.usable):
            title = f"{NAMES[dtype]} {sample.title}"
            case = f"{NAMES[dtype]}-{number:03d}"
            row.tried += 1
            try:
                torch.manual_seed(seed + number)
                sample.write(Export(file, case, seed + number, dtype == torch.float32))
                titles[case] = title
            except UndefinedError as error:
                row.tried -= 1
                row.dropped[str(error)] = row.dropped.get(str(error), 0) + 1
            except cnnverify.CnnVerifyError as error:
                row.refuse(title, str(error))
            except Exception as error:
                row.differing[title] = [f"{type(error).__name__}: {error}"]
    if not titles:
        return
    try:
        found = command.verify(file)
    except CommandError as error:
        row.differing["the command"] = [str(error)]
        return
    for case, title in titles.items():
        result = found[case]
        if result.agrees:
            row.agreed += 1
            row.vacuous += result.informative == 0
        else:
            row.differing[f"{title} [{case}]"] = result.problems or ["nothing was compared"]


def _none(dtype: torch.dtype) -> Iterator[Sample]:
    yield from ()


if __name__ == "__main__":
    sys.exit(main())
