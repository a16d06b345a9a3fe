"""`capture_jax`: runs a loss function and its gradient once, and leaves a fixture behind."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp

from ..delivery import Target, deliver, failed_path, readable_size
from ..errors import CaptureError, SelfCheckError
from ..findings import Findings
from ..fixture_file import FixtureFile
from ..format import Case
from ..provenance import merged
from .assembly import Assembled, Assembler
from .gradients import differentiate_program, reaching
from .graph import Origin, Value
from .grouping import Grouping
from .operation import Operation
from .provenance import jax_provenance, producer
from .selfcheck import check_sums, neutrality, settle_edges
from .trace import argument_names, trace
from .updates import Step, Stepper, add_update

UPSTREAM = "cnnverify.upstream"
"""The scope of what makes a loss of a single layer's output; no layer of the file."""

Arguments = Sequence[tuple[str, Origin, Any]]


def capture_jax(
    loss_fn: Callable[..., Any],
    params: Any,
    *inputs: Any,
    out: Target,
    optimizer: Any = None,
    optimizer_state: Any = None,
    twin: Literal["float64"] | None = None,
    case: str | None = None,
    seed: int | None = None,
    self_check: bool | Literal["warn"] = True,
    on_error: Literal["keep"] | None = None,
    compress: bool = False,
    provenance: Mapping[str, Any] | None = None,
    quiet: bool = False,
) -> None:
    """Record `loss_fn(params, *inputs)` and its gradient, and write them as a fixture.

    The function is traced and run equation by equation; nothing in it changes. It returns the loss,
    or a pair of the loss and anything else, as with `jax.value_and_grad(has_aux=True)`.

    Parameters
    ----------
    loss_fn: the function; called with `params` and `inputs`.
    params: a tree of arrays, or a `flax.nnx` module; what is trained.
    inputs: trees of arrays: images, labels, running statistics, random keys.
    out: the file to write, or a `FixtureFile` that collects several cases.
    optimizer: makes one step on the side: a transformation of optax, a `flax.nnx.Optimizer`, or a
        Flax `TrainState`.
    optimizer_state: what a transformation goes on from; otherwise it begins.
    twin: `"float64"` adds `reference_f64`, each operation alone in float64.
    case: put the network under `/cases/<case>` instead of the root.
    seed: what the random keys were made from, for the provenance.
    self_check: True raises on any finding, `"warn"` warns, False does not look.
    on_error: `"keep"` leaves `<out>.failed` behind when the self-check fails.
    compress: filter large tensors too; small files, slow.
    provenance: facts to add; a value of None drops a fact.
    quiet: print nothing.

    """
    names = argument_names(loss_fn, len(inputs))
    arguments: list[tuple[str, Origin, Any]] = [("params", "parameter", params)]
    arguments += [(n, "input", x) for n, x in zip(names, inputs, strict=True)]
    function = loss_fn
    if is_nnx_module(params):
        from .modules import split_module

        function, arguments = split_module(loss_fn, params, arguments[1:])
    Recording(
        out=out,
        twin=twin,
        case=case,
        self_check=self_check,
        on_error=on_error,
        compress=compress,
        provenance={"seed": seed, **(provenance or {})},
        quiet=quiet,
        stepper=stepper_of(optimizer, arguments, optimizer_state),
    ).record(function, arguments)


def stepper_of(optimizer: Any, arguments: Arguments, state: Any = None) -> Stepper | None:
    """Give what makes a step of the parameters among a function's arguments."""
    if optimizer is None:
        return None
    return Stepper(optimizer, next(v for _, o, v in arguments if o == "parameter"), state)


def is_nnx_module(value: Any) -> bool:
    """Whether something is a module of `flax.nnx`."""
    return any(c.__module__.startswith("flax.nnx") for c in type(value).__mro__) and not isinstance(
        value, Mapping
    )


class Recording:
    """One capture with its settings."""

    def __init__(
        self,
        *,
        out: Target,
        twin: str | None = None,
        case: str | None = None,
        self_check: bool | Literal["warn"] = True,
        on_error: Literal["keep"] | None = None,
        compress: bool = False,
        provenance: Mapping[str, Any] | None = None,
        quiet: bool = False,
        alone: bool = False,
        title: str | None = None,
        stepper: Stepper | None = None,
    ) -> None:
        if isinstance(out, FixtureFile) and case is None:
            raise CaptureError("a FixtureFile holds cases: say case='a name'")
        self.out = out
        self.twin = twin
        self.case = case
        self.self_check = self_check
        self.on_error = on_error
        self.compress = compress
        self.provenance = provenance
        self.quiet = quiet
        self.alone = alone
        self.title = title
        self.stepper = stepper
        self.step: Step | None = None
        """The step that was made, if there is an optimiser."""
        self.assembled = Assembled(Case())
        self.findings = Findings()
        self.results: list[Any] = []
        """What the function gave: the loss, then whatever stands beside it."""
        self.parameters: list[Value] = []

    def record(self, function: Callable[..., Any], arguments: Arguments) -> None:
        """Trace, run, check, and write."""
        self.run(function, arguments)
        self.finish()

    def run(self, function: Callable[..., Any], arguments: Arguments) -> None:
        """Trace, run, and check; matrix products are as exact as the device can."""
        with jax.default_matmul_precision("highest"):
            self._run(function, arguments)

    def _run(self, function: Callable[..., Any], arguments: Arguments) -> None:
        graph, leaves, of_leaves = trace(function, arguments)
        operations = Grouping(graph).operations()
        loss, of_sources = differentiate_program(graph, operations)
        exported = reaching(graph, operations)
        findings = Findings(problems=settle_edges(exported))
        findings.replayed = len(exported)
        wrong = {p.split(":")[0] for p in findings.problems}
        for operation, problem in check_sums(exported, of_sources, leaves):
            findings.problems.append(problem)
            if operation is not None:
                wrong.add(operation.where)
        findings.exact = len(exported) - len(wrong)
        self._warn_of_infinities(exported)
        if self.self_check and not self.alone:
            findings.neutrality, problems = neutrality(of_leaves, leaves, graph, loss, of_sources)
            findings.problems += problems
        exported = [o for o in exported if UPSTREAM not in o.last.scope]
        twin = self.twin is not None
        assembled = Assembler(graph, exported, twin=twin, alone=self.alone).assemble()
        if self.alone:
            self._stand_alone(assembled)
        self.assembled, self.findings = assembled, findings
        self.results = [loss, *(value.data for value in graph.outputs[1:])]
        self.parameters = [leaf for leaf in leaves if leaf.origin == "parameter"]
        if self.stepper is not None:
            self.step = self._made_step(self.stepper, of_sources)
            findings.problems += self.step.problems
        if findings.problems and self.self_check:
            self._fail(assembled, findings)

    def finish(self) -> None:
        """Write the file, and say what is in it."""
        with jax.default_matmul_precision("highest"):
            size = self._write(self.assembled, self.findings, self.out)
        if not self.quiet:
            print(self._line(self.assembled, self.findings, size))

    def _made_step(self, stepper: Stepper, of_sources: Mapping[int, Any]) -> Step:
        """Step with the gradients of the recorded run, which have the bits of a bare one."""
        values = self.parameters
        gradients = [of_sources.get(id(v), jnp.zeros_like(v.data)) for v in values]
        tree = jax.tree_util.tree_structure(stepper.parameters)
        if tree.num_leaves != len(values):
            raise CaptureError("the optimizer holds other parameters than those captured")
        step = stepper.step(jax.tree_util.tree_unflatten(tree, gradients))
        self.assembled.case.optimizer = add_update(step, values, self.assembled.holders)
        return step

    def _stand_alone(self, assembled: Assembled) -> None:
        layers = assembled.case.layers
        for layer in layers:
            reason = layer.attributes.get("x_reason")
            if reason is not None:
                raise CaptureError(f"{layer.kind} cannot be expressed: {reason}")
        if len(layers) != 1:
            names = ", ".join(layer.name for layer in layers)
            raise CaptureError(
                f"layer_jax() takes one operation, this made {len(layers)} layers ({names}); use "
                "capture_jax() for more"
            )
        layers[0].name = self.title or layers[0].name

    def _warn_of_infinities(self, operations: list[Operation]) -> None:
        for operation in reversed(operations):
            for gradient in operation.edges:
                if gradient is not None and not bool(jnp.isfinite(gradient).all()):
                    warnings.warn(
                        f"a gradient that {operation.where} sends back is NaN or infinite; it is "
                        "exported as it is",
                        stacklevel=4,
                    )
                    return

    def _fail(self, assembled: Assembled, findings: Findings) -> None:
        shown = findings.problems[:5]
        more = len(findings.problems) - len(shown)
        text = "; ".join(shown) + (f"; and {more} more" if more else "")
        if self.self_check == "warn":
            warnings.warn(f"self-check: {text}", stacklevel=4)
            return
        if self.on_error == "keep" and not isinstance(self.out, FixtureFile):
            self._write(assembled, findings, failed_path(self.out))
        raise SelfCheckError(
            f"self-check failed, no file was written: {text}. Make the function deterministic, or "
            "say self_check='warn' to export it all the same"
        )

    def _write(self, assembled: Assembled, findings: Findings, out: Target) -> int:
        facts: dict[str, Any] = jax_provenance()
        if self.self_check:
            facts["self_check"] = findings.summary()
        if assembled.converted:
            facts["converted"] = assembled.converted
        return deliver(
            assembled.case,
            out,
            name=self.case,
            producer=producer(),
            facts=merged(facts, self.provenance) if isinstance(out, FixtureFile) else facts,
            changes=self.provenance,
            compress=self.compress,
        )

    def _steps(self, kind: str) -> str:
        trajectory = self.assembled.case.trajectory
        count = 1 if trajectory is None else len(trajectory.batches)
        return f"{count} steps of {kind}" if count > 1 else f"one step of {kind}"

    def _line(self, done: Assembled, findings: Findings, size: int) -> str:
        parts = [f"{len(done.case.layers)} layers", "0 unseen"]
        if done.without_kind:
            parts.append(f"{len(done.without_kind)} without a kind")
        if done.constants:
            parts.append(f"{len(done.constants)} constants")
        if self.self_check:
            parts.append(f"replay bit-exact {findings.exact}/{findings.replayed}")
            parts.append(f"plain run {findings.neutrality}")
        if self.twin is not None:
            missing = len(done.without_twin)
            parts.append("float64 twin ok" if not missing else f"float64 twin without {missing}")
        if self.step is not None:
            parts.append(self._steps(self.step.rule.kind))
        if not isinstance(self.out, FixtureFile):
            parts.append(readable_size(size))
            parts.append(f"next: cnn-verify check {os.fspath(self.out)}")
        return " · ".join(parts)
