"""`capture_keras`: from a model, a batch and a loss to a fixture."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from ..delivery import Target, deliver, failed_path, readable_size
from ..errors import CaptureError, SelfCheckError
from ..findings import Findings
from ..fixture_file import FixtureFile
from .assembly import Assembled, Assembler
from .engines import Engine, Tensor, engine
from .graph import Graphs, check_version
from .objective import Objective
from .provenance import keras_provenance, producer
from .recorder import Pass, record
from .replay import numbers_of
from .selfcheck import check
from .tape import Output, Tape
from .updates import RecordedStep, Stepper, add_update


def capture_keras(
    model: keras.Model,
    x: Any,
    y: Any,
    loss: Any,
    out: Target,
    *,
    optimizer: keras.optimizers.Optimizer | None = None,
    twin: Literal["float64"] | None = None,
    case: str | None = None,
    training: bool = True,
    seed: int | None = None,
    self_check: bool | Literal["warn"] = True,
    on_error: Literal["keep"] | None = None,
    compress: bool = False,
    provenance: Mapping[str, Any] | None = None,
    quiet: bool = False,
    cross_check: str | None = None,
) -> None:
    """Record one training step of a Keras model and write it as a fixture.

    The model is called as it is, on whatever backend this process runs; none of its variables
    change. When the recording has proved itself (`self_check`) the file appears; when anything went
    wrong there is no file.

    Parameters
    ----------
    model: a built `keras.Model`: functional, sequential, or a class whose `call` uses layers and
        `keras.ops`.
    x, y: a batch of inputs and of targets; lists or dictionaries where the model takes them.
    loss: a loss of Keras, its name, a function of `keras.ops`, or a list with one for each output.
    out: the file to write, or a `FixtureFile` that collects several cases.
    optimizer: makes one step on copies of the parameters, from its present state.
    twin: `"float64"` adds `reference_f64`, each operation alone in float64.
    case: put the network under `/cases/<case>` instead of the root.
    training: whether dropout and batch normalisation behave as in training.
    seed: where the layers' random numbers begin; None for the state that the model is in.
    self_check: True raises on any finding, `"warn"` warns, False does not look.
    on_error: `"keep"` leaves `<out>.failed` behind when the self-check fails.
    compress: filter large tensors too; small files, slow.
    provenance: facts to add; a value of None drops a fact.
    quiet: print nothing.
    cross_check: another backend that repeats the run in a child process; the largest differences
        are stored in the provenance.
    """
    if isinstance(out, FixtureFile) and case is None:
        raise CaptureError("a FixtureFile holds cases: say case='a name'")
    backend = checked_engine(model)
    with backend.settled():
        done = recorded(
            backend,
            model,
            x,
            Objective(loss, y),
            Mode(training, seed, twin is not None, bool(self_check)),
            None if optimizer is None else Stepper(optimizer, model),
        )
    if cross_check is not None:
        from .cross_check import compared_with

        prepared = done.prepared
        done.facts["cross_check"] = compared_with(
            cross_check, model, prepared.inputs, prepared.objective, training, done.tape
        )
    finish(
        done,
        Delivery(out, case, self_check, on_error, compress, provenance, quiet),
        producer(backend),
    )


@dataclass(frozen=True)
class Mode:
    """How a model is run and recorded."""

    training: bool
    seed: int | None
    twin: bool
    checked: bool


@dataclass(frozen=True)
class Delivery:
    """Where a recording goes, and what happens on the way."""

    out: Target
    case: str | None = None
    self_check: bool | Literal["warn"] = True
    on_error: Literal["keep"] | None = None
    compress: bool = False
    provenance: Mapping[str, Any] | None = None
    quiet: bool = False


@dataclass(eq=False)
class Recorded:
    """One recorded step of training."""

    prepared: _Prepared
    tape: Tape
    assembled: Assembled
    findings: Findings
    facts: dict[str, Any]
    mode: Mode
    step: RecordedStep | None


def checked_engine(model: Any) -> Engine:
    """Give the engine of the backend, for a model that can be recorded."""
    check_version()
    if not isinstance(model, keras.Model):
        raise CaptureError("capture_keras needs a keras.Model; layer_keras takes single layers")
    return engine()


def recorded(
    backend: Engine, model: Any, x: Any, objective: Objective, mode: Mode, stepper: Stepper | None
) -> Recorded:
    """Run the model and its loss once with a recording, and check what was recorded."""
    prepared = _Prepared(backend, model, x, objective, mode.training, mode.seed)
    tape = record(backend, prepared.run, mode.training, state=prepared.state)
    _warn_of_infinities(tape)
    _warn_of_other_terms(model)
    findings = check(backend, tape, model, prepared.plain) if mode.checked else Findings()
    assembled = Assembler(backend, tape, twin=mode.twin, alone=False).assemble()
    step = None
    if stepper is not None:
        step = stepper.step(tape)
        findings.problems += step.problems
        assembled.case.optimizer = add_update(step, assembled.holders)
    facts = keras_provenance(backend) | {"seed": mode.seed, "training": mode.training}
    return Recorded(prepared, tape, assembled, findings, facts, mode, step)


def finish(done: Recorded, delivery: Delivery, made_by: str) -> None:
    """Write the file unless the self-check found something, and say what is in it."""
    facts = done.facts
    if delivery.self_check:
        facts["self_check"] = done.findings.summary()
        if done.findings.problems:
            _fail(done, delivery, made_by)
    size = deliver(
        done.assembled.case,
        delivery.out,
        name=delivery.case,
        producer=made_by,
        facts=facts,
        changes=delivery.provenance,
        compress=delivery.compress,
    )
    if not delivery.quiet:
        print(_line(done, delivery, size))


class _Prepared:
    """A model with a batch, ready to be run with or without a recording."""

    def __init__(
        self,
        backend: Engine,
        model: Any,
        x: Any,
        objective: Objective,
        training: bool,
        seed: int | None,
    ) -> None:
        self.model = model
        self.x = tensors_of(x)
        self.objective = objective
        self.training = training
        build(model, self.x)
        _check_types(model)
        self.inputs = _flat_inputs(model, self.x)
        self.state = _seeded(model, seed)

    def run(self, run: Pass, graphs: Graphs) -> list[Output]:
        """Go through the model with a recording."""
        graph = graphs.of(self.model, (self.x,), {})
        tensors = [run.input(name, value) for name, value in self.inputs]
        outputs = graphs.visit(graph, tensors, run.apply)
        return [self.objective.record(run, graphs, outputs)]

    def plain(self) -> Tensor:
        """Call the model without one."""
        outputs = self.model(self.x, training=self.training)
        return self.objective.plain(keras.tree.flatten(outputs))


def build(model: Any, x: Any) -> None:
    """Make the variables of a model that has none yet, as its first call would."""
    if not model.built:
        model(x, training=False)


def tensors_of(x: Any) -> Any:
    """Turn what a model is called with into tensors of the backend."""
    return keras.tree.map_structure(_tensor, x)


def _tensor(value: Any) -> Tensor:
    array = value if hasattr(value, "dtype") else np.asarray(value)
    dtype = keras.backend.standardize_dtype(array.dtype)
    wanted = keras.config.floatx() if dtype == "float64" else dtype
    return keras.ops.convert_to_tensor(array, dtype=wanted)


def _flat_inputs(model: Any, x: Any) -> list[tuple[str, Tensor]]:
    """Give the model's inputs with names: the user's own, or `input`."""
    functional = model._functional if isinstance(model, keras.Sequential) else model
    given: list[str | None] = []
    if hasattr(functional, "_standardize_inputs"):
        tensors = list(functional._standardize_inputs(x))
        given = [getattr(t, "name", None) for t in functional.inputs]
    else:
        tensors = list(keras.tree.flatten(x))
    if not given and isinstance(x, dict):
        given = [str(key) for key in sorted(x)] if len(x) == len(tensors) else []
    names = []
    for number, tensor in enumerate(tensors):
        own = given[number] if number < len(given) else None
        if own is None or re.fullmatch(r"(keras_tensor|input_layer|input)(_\d+)?", own):
            own = "x" if len(tensors) == 1 else f"x_{number}"
        names.append((own.replace("/", "_").replace(":", "_"), tensor))
    return names


def _seeded(model: Any, seed: int | None) -> dict[int, Tensor]:
    """Give the states of all generators of the model that a seed begins with."""
    if seed is None:
        return {}
    states = [v for v in model.variables if "seed_generator_state" in v.name]
    return {
        id(v): keras.ops.convert_to_tensor(np.array([seed, k]), dtype=v.dtype)
        for k, v in enumerate(states)
    }


def _check_types(model: Any) -> None:
    kinds = {layer.compute_dtype for layer in model._flatten_layers()} - {"float32", "float64"}
    if kinds:
        raise CaptureError(
            f"layers compute in {', '.join(sorted(kinds))}: build the model with the policy "
            "float32 to export it"
        )


def _warn_of_infinities(tape: Tape) -> None:
    for step in reversed(tape.steps):
        gradients = [e.gradient for e in step.edges] + [u.gradient for u in step.variables]
        for gradient in gradients:
            if gradient is not None and not np.isfinite(numbers_of(gradient)).all():
                warnings.warn(
                    f"a gradient that {step.where} sends back is NaN or infinite; it is exported "
                    "as it is",
                    stacklevel=3,
                )
                return


def _warn_of_other_terms(model: Any) -> None:
    regularised = any(
        getattr(v, "regularizer", None) is not None for v in model.trainable_variables
    ) or any(getattr(x, "activity_regularizer", None) for x in model._flatten_layers())
    if regularised:
        warnings.warn(
            "the model has regularizers; the exported objective is the loss alone, without them",
            stacklevel=3,
        )


def _fail(done: Recorded, delivery: Delivery, made_by: str) -> None:
    findings, out = done.findings, delivery.out
    shown = findings.problems[:5]
    more = len(findings.problems) - len(shown)
    text = "; ".join(shown) + (f"; and {more} more" if more else "")
    if delivery.self_check == "warn":
        warnings.warn(f"self-check: {text}", stacklevel=4)
        return
    if delivery.on_error == "keep" and not isinstance(out, FixtureFile):
        kept = failed_path(out)
        deliver(done.assembled.case, kept, name=delivery.case, producer=made_by, facts=done.facts)
    raise SelfCheckError(
        f"self-check failed, no file was written: {text}. Make the model deterministic "
        "(on TensorFlow: tf.config.experimental.enable_op_determinism()), or say "
        "self_check='warn' to export it all the same"
    )


def _line(recorded: Recorded, delivery: Delivery, size: int) -> str:
    done, findings, facts = recorded.assembled, recorded.findings, recorded.facts
    parts = [f"{len(done.case.layers)} layers", "0 unseen"]
    if done.without_kind:
        parts.append(f"{len(done.without_kind)} without a kind")
    if done.constants:
        parts.append(f"{len(done.constants)} constants")
    if delivery.self_check:
        parts.append(f"replay bit-exact {findings.exact}/{findings.replayed}")
        if findings.neutrality == "bit-exact":
            parts.append("neutral in bits")
        else:
            parts.append(f"bare run {findings.neutrality}")
    if recorded.mode.twin:
        missing = len(done.without_twin)
        parts.append("float64 twin ok" if not missing else f"float64 twin without {missing}")
    if recorded.step is not None:
        trajectory = done.case.trajectory
        count = 1 if trajectory is None else len(trajectory.batches)
        kind = recorded.step.rule.kind
        parts.append(f"{count} steps of {kind}" if count > 1 else f"one step of {kind}")
    if "cross_check" in facts:
        parts.append(f"cross-check: {facts['cross_check']['result']}")
    if not isinstance(delivery.out, FixtureFile):
        parts.append(readable_size(size))
        parts.append(f"next: cnn-verify check {os.fspath(delivery.out)}")
    return " · ".join(parts)
