"""The same step on another backend, in a child process: backends differ in correctness too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ..errors import CaptureError
from .engines import Tensor, engine
from .objective import Objective
from .replay import distance, numbers_of
from .selfcheck import uses_of
from .tape import Tape

BACKENDS = ("jax", "tensorflow", "torch")

_CHANCE = ("Dropout", "SpatialDropout", "AlphaDropout", "Gaussian", "Random")


def compared_with(
    backend: str,
    model: Any,
    inputs: Sequence[tuple[str, Tensor]],
    objective: Objective,
    training: bool,
    tape: Tape,
) -> dict[str, Any]:
    """Run the bare model on another backend; the largest differences, or why there are none.

    A child that crashes is a finding, and no error of the capture.
    """
    if backend not in BACKENDS:
        raise CaptureError(f"cross_check={backend!r}: give one of {', '.join(BACKENDS)}")
    facts: dict[str, Any] = {"backend": backend}
    if training and any(s.label.startswith(_CHANCE) for s in tape.steps):
        return facts | {"result": "not run: another backend draws other random numbers"}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        losses = [keras.losses.serialize(x) for x in objective.losses]
        model.save(here / "model.keras")
        np.savez(here / "inputs.npz", *[numbers_of(value) for _, value in inputs])
        np.savez(here / "targets.npz", *[np.asarray(t) for t in objective.targets])
        settings = {"losses": losses, "training": training}
        (here / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        environment = {**os.environ, "KERAS_BACKEND": backend}
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        run = subprocess.run(
            [sys.executable, "-m", "cnnverify.keras.cross_check", folder],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            last = (run.stderr.strip().splitlines() or ["no message"])[-1]
            return facts | {"result": f"the child ended with status {run.returncode}: {last[:300]}"}
        with np.load(here / "results.npz") as results:
            theirs = [results[name] for name in results.files]
    return facts | _differences(model, tape, theirs)


def _differences(model: Any, tape: Tape, theirs: list[Any]) -> dict[str, Any]:
    """Compare the objective and the gradient of each parameter, by the largest element."""
    uses = uses_of(tape)
    found: dict[str, float] = {}
    if tape.loss is not None:
        found["the objective"] = distance(tape.loss.value, theirs[0])
    for variable, other in zip(model.trainable_variables, theirs[1:], strict=True):
        parts = [numbers_of(u.gradient) for u in uses.get(id(variable), [])]
        if parts:
            found[variable.path] = distance(sum(parts[1:], parts[0]), other)
    worst = max(found, key=lambda name: found[name])
    return {
        "result": f"at most {found[worst]:.1e} of the largest element, in {worst}",
        "differences": {name: float(f"{value:.2e}") for name, value in found.items()},
    }


def main(folder: Path) -> None:
    """Run the saved model in this process, and save its objective and gradients."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    with np.load(folder / "inputs.npz") as file:
        inputs = [keras.ops.convert_to_tensor(file[name]) for name in file.files]
    with np.load(folder / "targets.npz") as file:
        targets = [file[name] for name in file.files]
    losses = [keras.losses.deserialize(x) for x in settings["losses"]]
    objective = Objective(losses, targets)
    backend, variables = engine(), list(model.trainable_variables)

    def function(leaves: list[Tensor]) -> tuple[list[Tensor], Any]:
        with keras.StatelessScope(list(zip(variables, leaves, strict=True))):
            outputs = model(
                inputs[0] if len(inputs) == 1 else inputs, training=settings["training"]
            )
            return [objective.plain(keras.tree.flatten(outputs))], None

    with backend.settled():
        values = [v.value for v in variables]
        (value,), gradients, _ = backend.differentiate(function, values, [])
    arrays = [
        np.zeros(tuple(v.shape), np.float32) if g is None else numbers_of(g)
        for v, g in zip(variables, gradients, strict=True)
    ]
    np.savez(folder / "results.npz", numbers_of(value), *arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
