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

import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

import cnnverify
from command_line import folder, parser
from kinds import section_five
from own_samples import OWN
from samples import NAMES, Export, Sample, Samples, seeded
from table import Row, print_table
from torch_samples import torch_samples
from verification import Command, CommandError

UNDEFINED = "no number on either side, without a cause in the input"


def main() -> int:
    """Run the program."""
    options = parser("module-samples", __doc__, "kinds")
    options.add_argument("--precision", choices=["float64", "float32"], default="float64")
    arguments = options.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    command = Command(arguments.command, arguments.precision)
    known = command.kinds()
    rows = [Row(kind) for kind in arguments.kinds or known]
    # The next kind is exported while the program looks at the last one.
    with folder(arguments.keep) as directory, ThreadPoolExecutor(1) as checker:
        checks = []
        for row in rows:
            if row.name in known:
                file, titles = _export(row, directory)
                checks.append(checker.submit(_verify, command, file, titles, row))
        for check in checks:
            check.result()
    print_table(rows, quiet=arguments.quiet)
    missing = sorted(section_five() - set(known)) if not arguments.kinds else []
    if missing:
        print(f"\nkinds of the format that the program does not know: {', '.join(missing)}")
    bad = [row.name for row in rows if not row.is_good]
    if bad:
        print(f"\nnot good: {', '.join(bad)}")
    return 1 if bad or missing else 0


def _export(row: Row, directory: Path) -> tuple[cnnverify.FixtureFile, dict[str, str]]:
    """Make all samples of a kind cases of a file; their titles by the names of the cases."""
    kind = row.name
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
            except cnnverify.CnnVerifyError as error:
                row.refuse(title, str(error))
            except Exception as error:
                row.differing[title] = [f"{type(error).__name__}: {error}"]
    return file, titles


def _verify(
    command: Command, file: cnnverify.FixtureFile, titles: dict[str, str], row: Row
) -> None:
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
        elif result.is_undefined:
            row.tried -= 1
            row.dropped[UNDEFINED] = row.dropped.get(UNDEFINED, 0) + 1
        else:
            row.differing[f"{title} [{case}]"] = result.problems or ["nothing was compared"]


def _none(dtype: torch.dtype) -> Iterator[Sample]:
    yield from ()


if __name__ == "__main__":
    sys.exit(main())
