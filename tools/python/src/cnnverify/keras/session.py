"""`capture_keras`: from a model, a batch and a loss to a fixture."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
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
from .updates import add_update, step_of


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
    check_version()
    if not isinstance(model, keras.Model):
        raise CaptureError("capture_keras needs a keras.Model; layer_keras takes single layers")
    if isinstance(out, FixtureFile) and case is None:
        raise CaptureError("a FixtureFile holds cases: say case='a name'")
    backend = engine()
    with backend.settled():
        prepared = _Prepared(backend, model, x, Objective(loss, y), training, seed)
        tape = record(backend, prepared.run, training, state=prepared.state)
        _warn_of_infinities(tape)
        _warn_of_other_terms(model)
        findings = Findings()
        if self_check:
            findings = check(backend, tape, model, prepared.plain)
        assembled = Assembler(backend, tape, twin=twin is not None, alone=False).assemble()
        if optimizer is not None:
            assembled.case.optimizer = add_update(
                step_of(optimizer, model, tape), assembled.holders
            )
        facts = keras_provenance(backend) | {"seed": seed, "training": training}
    if self_check:
        facts["self_check"] = findings.summary()
    if cross_check is not None:
        from .cross_check import compared_with

        facts["cross_check"] = compared_with(
            cross_check, model, prepared.inputs, prepared.objective, training, tape
        )
    if findings.problems:
        _fail(findings, self_check, on_error, assembled, out, case, producer(backend), facts)
    size = deliver(
        assembled.case,
        out,
        name=case,
        producer=producer(backend),
        facts=facts,
        changes=provenance,
        compress=compress,
    )
    if not quiet:
        print(_line(assembled, findings, bool(self_check), twin is not None, out, size, facts))


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
        self.x = keras.tree.map_structure(_tensor, x)
        self.objective = objective
        self.training = training
        if not model.built:
            # Building makes the variables, as the first call of the model would.
            model(self.x, training=False)
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


def _fail(
    findings: Findings,
    self_check: bool | Literal["warn"],
    on_error: Literal["keep"] | None,
    assembled: Assembled,
    out: Target,
    case: str | None,
    made_by: str,
    facts: Mapping[str, Any],
) -> None:
    shown = findings.problems[:5]
    more = len(findings.problems) - len(shown)
    text = "; ".join(shown) + (f"; and {more} more" if more else "")
    if self_check == "warn":
        warnings.warn(f"self-check: {text}", stacklevel=3)
        return
    if on_error == "keep" and not isinstance(out, FixtureFile):
        deliver(assembled.case, failed_path(out), name=case, producer=made_by, facts=facts)
    raise SelfCheckError(
        f"self-check failed, no file was written: {text}. Make the model deterministic "
        "(on TensorFlow: tf.config.experimental.enable_op_determinism()), or say "
        "self_check='warn' to export it all the same"
    )


def _line(
    done: Assembled,
    findings: Findings,
    checked: bool,
    twin: bool,
    out: Target,
    size: int,
    facts: Mapping[str, Any],
) -> str:
    parts = [f"{len(done.case.layers)} layers", "0 unseen"]
    if done.without_kind:
        parts.append(f"{len(done.without_kind)} without a kind")
    if done.constants:
        parts.append(f"{len(done.constants)} constants")
    if checked:
        parts.append(f"replay bit-exact {findings.exact}/{findings.replayed}")
        if findings.neutrality == "bit-exact":
            parts.append("neutral in bits")
        else:
            parts.append(f"bare run {findings.neutrality}")
    if twin:
        missing = len(done.without_twin)
        parts.append("float64 twin ok" if not missing else f"float64 twin without {missing}")
    if "cross_check" in facts:
        parts.append(f"cross-check: {facts['cross_check']['result']}")
    if not isinstance(out, FixtureFile):
        parts.append(readable_size(size))
        parts.append(f"next: cnn-verify check {os.fspath(out)}")
    return " · ".join(parts)
