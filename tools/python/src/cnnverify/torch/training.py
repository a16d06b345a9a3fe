"""Several training steps as one fixture, run on a copy of the model and its optimiser."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..delivery import FilePath
from ..errors import CaptureError
from ..findings import Findings
from ..fixture_file import FixtureFile
from ..format import Array, Case, ParameterName, Trajectory
from ..trajectories import check_same, several
from .assembly import Assembled
from .session import capture
from .snapshot import to_array

Batch = tuple[Any, Any]
"""The inputs and the targets of one step; several of either as a tuple."""


def capture_training(
    model: nn.Module,
    loss: Callable[..., Tensor],
    batches: Iterable[Batch],
    optimizer: Optimizer,
    *,
    out: FilePath | FixtureFile,
    twin: Literal["float64"] | None = None,
    **settings: Any,
) -> None:
    """Export several training steps: `loss(model(inputs), targets)` for each batch.

    Model and optimiser are copied first and stay as they are. The file holds the first step as
    `capture` writes it, with the update, and for all steps the inputs, the losses, and the
    parameters at the end. Everything that chance decides would be another in each step, so that
    dropout in training is refused. `settings` are those of `capture`.
    """
    model, optimizer = copy.deepcopy((model, optimizer))
    given = list(batches)
    if not given:
        raise CaptureError("capture_training needs at least one batch")
    first: _Step | None = None
    inputs: list[dict[str, Array]] = []
    losses: list[Array] = []
    for number, (arguments, targets) in enumerate(given):
        optimizer.zero_grad(set_to_none=True)
        step = _Step(model, out, twin=twin if number == 0 else None, **settings)
        if number > 0:
            step.self_check = False
        with step:
            value = loss(model(*several(arguments)), *several(targets))
            value.backward()
            optimizer.step()
        if first is None:
            first = step
        check_same(first.made, step.made, number)
        inputs.append(step.made.inputs)
        losses.append(to_array(value.detach().reshape(1)))
    if first is None:
        return
    first.made.trajectory = Trajectory(
        batches=inputs,
        losses=np.concatenate([np.asarray(value) for value in losses]),
        parameters=_final(first),
    )
    first.finish()


class _Step(capture):
    """A capture whose file is written later, or never."""

    @property
    def made(self) -> Case:
        """The case that was captured."""
        return self.assembled.case if self.assembled is not None else Case()

    def finish(self) -> None:
        """Write the file that the capture would have written."""
        size = super()._write(self.findings, self.out)
        if not self.quiet_until_the_end:
            print(self._line(self.findings, size))

    def _write(self, findings: Findings, out: FilePath | FixtureFile) -> int:
        self.findings = findings
        self.quiet_until_the_end, self.quiet = self.quiet, True
        return 0


def _final(first: _Step) -> dict[ParameterName, Array]:
    """Give every parameter after the last step, with the first layer that holds it."""
    assembled = first.assembled or Assembled(Case())
    with torch.no_grad():
        return {
            (holders[0][0].name, holders[0][1]): to_array(holders[0][2].tensor)
            for holders in assembled.holders.values()
        }
