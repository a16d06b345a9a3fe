"""Holds the optimisers against PyTorch: the settings that its own test suite tries.

    optimizer-samples                    all optimisers of the format
    optimizer-samples Adam SGD           these
    optimizer-samples --command PATH     another build of cnn-verify
    optimizer-samples --keep DIRECTORY   leaves the fixtures there

For each setting of `torch.testing`'s optimiser database, in float32 and in float64, a small network
is trained for some steps. Two single steps become cases with the state before and after, the
first without any state; four more become a trajectory. The network uses one convolution twice, and
has a free parameter. The exit status is 1 if anything differs or was not compared.
"""

from __future__ import annotations

import copy
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.testing._internal.common_optimizers import OptimizerInfo, optim_db

import cnnverify
from cnnverify.torch.updates import KINDS
from command_line import folder, parser
from samples import NAMES, seeded
from table import Row, print_table
from verification import Command, CommandError

MORE: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9, "dampening": 0.5, "maximize": True, "weight_decay": 0.1}],
    "Adam": [{"betas": (0.5, 0.75), "eps": 1e-3}, {"decoupled_weight_decay": True}],
    "AdamW": [{"betas": (0.0, 0.0)}],
    "RMSprop": [{"alpha": 0.5, "eps": 1e-3, "momentum": 0.9}],
    "Adagrad": [{"eps": 1e-2, "maximize": True, "lr_decay": 0.1}],
}
"""Settings that the database does not try."""


class Network(nn.Module):
    """A network in which parameters are shared, normalised, and free."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.scale = nn.Parameter(torch.tensor([0.5]))
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Use the convolution twice."""
        x = self.conv(self.norm(self.conv(x)).tanh()) * self.scale
        result: Tensor = self.head(functional.avg_pool2d(x, 3, 2).flatten(1))
        return result


def main() -> int:
    """Run the program."""
    arguments = parser("optimizer-samples", __doc__, "kinds").parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    command = Command(arguments.command)
    rows = []
    with folder(arguments.keep) as directory:
        for info in optim_db:
            cls: Any = info.optim_cls
            kind = KINDS.get(cls)
            if kind is not None and kind in (arguments.kinds or KINDS.values()):
                rows.append(_row(kind, info, command, directory))
    print_table(rows, quiet=arguments.quiet)
    bad = [row.name for row in rows if not row.is_good]
    bad += sorted(set(arguments.kinds or KINDS.values()) - {row.name for row in rows})
    if bad:
        print(f"\nnot good: {', '.join(bad)}")
    return 1 if bad else 0


def _row(kind: str, info: OptimizerInfo, command: Command, directory: Path) -> Row:
    row = Row(kind)
    file = cnnverify.FixtureFile(directory / f"{kind}.h5", provenance={"git": None})
    titles: dict[str, str] = {}
    for dtype in (torch.float32, torch.float64):
        seeded(kind)
        given = [dict(sample.kwargs) for sample in info.optim_inputs_func("cpu", dtype)]
        for number, settings in enumerate([*given, *MORE[kind]]):
            case = f"{NAMES[dtype]}-{number:02d}"
            for name in _export(info.optim_cls, settings, dtype, file, case):
                titles[name] = f"{name} {settings}"
    row.tried = len(titles)
    try:
        found = command.verify(file)
    except CommandError as error:
        row.differing["the command"] = [str(error)]
        return row
    for case, title in titles.items():
        if found[case].agrees:
            row.agreed += 1
        else:
            row.differing[title] = found[case].problems or ["nothing was compared"]
    return row


def _export(
    cls: Any,
    settings: dict[str, Any],
    dtype: torch.dtype,
    file: cnnverify.FixtureFile,
    case: str,
) -> list[str]:
    """Write the cases of one setting; their names."""
    model = Network().to(dtype)
    # A learning rate that is a tensor would be changed by nobody, but shared.
    optimizer = cls(model.parameters(), **copy.deepcopy(settings))
    names = []
    for step in range(2):
        names.append(f"{case}-step-{step}")
        x, target = _batch(dtype)
        optimizer.zero_grad()
        with cnnverify.capture(model, file, case=names[-1], quiet=True):
            functional.cross_entropy(model(x), target).backward()
            optimizer.step()
    names.append(f"{case}-trajectory")
    batches = [_batch(dtype) for _ in range(4)]
    cnnverify.capture_training(
        model, functional.cross_entropy, batches, optimizer, out=file, case=names[-1], quiet=True
    )
    return names


def _batch(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return torch.randn(4, 2, 5, 5, dtype=dtype), torch.randint(0, 3, (4,))


if __name__ == "__main__":
    sys.exit(main())
