"""`capture`: a context manager around unchanged user code that leaves a fixture behind."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Literal, Self

import torch
from torch import nn

from ..delivery import Target, deliver, failed_path, readable_size
from ..errors import CaptureError, CnnVerifyError, SelfCheckError
from ..findings import Findings
from ..fixture_file import FixtureFile
from ..format import Case
from .assembly import Assembled, Assembler
from .determinism import deterministic
from .interception import FunctionWatch, Leaf, ModuleWatch
from .provenance import producer, torch_provenance
from .recorder import Recorder
from .selfcheck import check
from .settling import settle_gradients
from .updates import UpdateWatch


class capture:
    """Record what happens to `model` inside the block and write it as a fixture.

    The block is ordinary user code: call the model, compute the loss, call backward, and step with
    an optimiser if you like. Nothing it computes changes by a bit. When the block ends the
    recording proves itself (`self_check`) and the file appears; when anything went wrong there is
    no file.

    Parameters
    ----------
    model: the network; called as usual inside the block.
    out: the file to write, or a `FixtureFile` that collects several cases.
    twin: `"float64"` adds `reference_f64`, each operation alone in float64.
    case: put the network under `/cases/<case>` instead of the root.
    leaf: modules (classes, instances or paths) to treat as one layer besides those of torch.nn.
    on_error: `"keep"` leaves `<out>.failed` behind when the block or the self-check fails.
    backward: False to export the forward pass alone.
    self_check: True raises on any finding, `"warn"` warns, False does not look.
    arithmetic: how the reference multiplied, where not in plain IEEE (`"tf32"`, `"bf16"`).
    compress: filter large tensors too; small files, slow.
    provenance: facts to add; a value of None drops a fact.
    quiet: print nothing.
    """

    def __init__(
        self,
        model: nn.Module,
        out: Target,
        *,
        twin: Literal["float64"] | None = None,
        case: str | None = None,
        leaf: Sequence[Leaf] = (),
        on_error: Literal["keep"] | None = None,
        backward: bool = True,
        self_check: bool | Literal["warn"] = True,
        arithmetic: str | None = None,
        compress: bool = False,
        provenance: Mapping[str, Any] | None = None,
        quiet: bool = False,
        alone: bool = False,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise CaptureError("capture needs an nn.Module; wrap a function in a small module")
        if isinstance(out, FixtureFile) and case is None:
            raise CaptureError("a FixtureFile holds cases: say case='a name'")
        self.model = model
        self.out = out
        self.twin = twin
        self.case = case
        self.leaf = tuple(leaf)
        self.on_error = on_error
        self.backward = backward
        self.self_check = self_check
        self.arithmetic = arithmetic
        self.compress = compress
        self.provenance = provenance
        self.quiet = quiet
        self.alone = alone
        self.assembled: Assembled | None = None
        """What was captured, once the block has ended."""

    def __enter__(self) -> Self:
        """Start recording."""
        self.recorder = Recorder(self.model, backward=self.backward, arithmetic=self.arithmetic)
        self.settings: AbstractContextManager[None] = deterministic(
            keep_tf32=self.arithmetic == "tf32"
        )
        self.modules = ModuleWatch(self.recorder, self.model, self.leaf)
        self.functions = FunctionWatch(self.recorder, self.modules)
        self.updates = UpdateWatch(self.recorder.tape, {id(p) for p in self.model.parameters()})
        self.updates.start()
        self.settings.__enter__()
        self.functions.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop recording; check and write unless the block failed."""
        self.functions.__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        self.modules.remove()
        self.updates.stop()
        try:
            if kind is None:
                self._finish()
            else:
                self._keep_the_rest()
        finally:
            for operation in self.recorder.tape.operations:
                operation.forget_graph()
            self.settings.__exit__(None, None, None)

    def _finish(self) -> None:
        tape = self.recorder.tape
        if not tape.operations:
            raise CaptureError("the model was not called inside the block; call it there")
        arrived = any(o.gradient is not None for op in tape.operations for o in op.outputs)
        if self.backward and not arrived:
            raise CaptureError(
                "no backward happened inside the block, there is nothing to export but the "
                "forward pass: call backward() inside, or say backward=False"
            )
        settle_gradients(tape)
        self._warn_of_infinities()
        findings = check(tape, self.model) if self.self_check else Findings()
        self.assembled = self._assembler().assemble()
        if findings.problems:
            self._fail(findings)
        size = self._write(findings, self.out)
        if not self.quiet:
            print(self._line(findings, size))

    def _keep_the_rest(self) -> None:
        """After an exception in the block, leave what there is for looking at, if asked to."""
        if self.on_error != "keep" or isinstance(self.out, FixtureFile):
            return
        try:
            settle_gradients(self.recorder.tape)
            self.assembled = self._assembler().assemble()
            self._write(Findings(neutrality="the block raised"), failed_path(self.out))
        except (CnnVerifyError, RuntimeError) as error:
            warnings.warn(f"nothing could be kept: {error}", stacklevel=3)

    def _assembler(self) -> Assembler:
        return Assembler(
            self.recorder.tape,
            twin=self.twin is not None,
            alone=self.alone,
            arithmetic=self.arithmetic,
        )

    def _fail(self, findings: Findings) -> None:
        shown = findings.problems[:5]
        more = len(findings.problems) - len(shown)
        text = "; ".join(shown) + (f"; and {more} more" if more else "")
        if self.self_check == "warn":
            warnings.warn(f"self-check: {text}", stacklevel=4)
            return
        if self.on_error == "keep" and not isinstance(self.out, FixtureFile):
            self._write(findings, failed_path(self.out))
        raise SelfCheckError(
            f"self-check failed, no file was written: {text}. Make the model deterministic, or "
            "say self_check='warn' to export it all the same"
        )

    def _write(self, findings: Findings, out: Target) -> int:
        case = self.assembled.case if self.assembled is not None else Case()
        facts: dict[str, Any] = {}
        if not isinstance(out, FixtureFile) or out.fixture.provenance is None:
            facts = torch_provenance()
            if self.self_check:
                facts["self_check"] = findings.summary()
        return deliver(
            case,
            out,
            name=self.case,
            producer=producer(),
            facts=facts,
            changes=self.provenance,
            compress=self.compress,
        )

    def _warn_of_infinities(self) -> None:
        for operation in reversed(self.recorder.tape.operations):
            for slot in operation.every_slot:
                gradient = slot.gradient
                if gradient is not None and not bool(torch.isfinite(gradient.value).all()):
                    warnings.warn(
                        f"a gradient that {operation.where} sends back is NaN or infinite; it is "
                        "exported as it is",
                        stacklevel=4,
                    )
                    return

    def _line(self, findings: Findings, size: int) -> str:
        done = self.assembled or Assembled(Case())
        parts = [f"{len(done.case.layers)} layers", "0 unseen"]
        if done.without_kind:
            parts.append(f"{len(done.without_kind)} without a kind")
        if done.constants:
            parts.append(f"{len(done.constants)} constants")
        if self.self_check:
            parts.append(f"replay bit-exact {findings.exact}/{findings.replayed}")
        if self.twin is not None:
            missing = len(done.without_twin)
            parts.append("float64 twin ok" if not missing else f"float64 twin without {missing}")
        if not isinstance(self.out, FixtureFile):
            parts.append(readable_size(size))
            parts.append(f"next: cnn-verify check {os.fspath(self.out)}")
        return " · ".join(parts)
