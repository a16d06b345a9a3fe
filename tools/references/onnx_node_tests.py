"""Holds kinds of layers against ONNX: the node tests of its own backend suite.

    onnx-node-tests                      every operator that matches a kind
    onnx-node-tests Conv MaxPool         these operators
    onnx-node-tests --command PATH       another build of cnn-verify
    onnx-node-tests --keep DIRECTORY     leaves the fixture there

Each test of one node becomes a case with the inputs and the outputs that ONNX expects: the forward
pass, and the buffers of a batch normalisation. What no kind expresses is listed with the reason.
Tests that expand an operator into others have the same data and are left out. The exit status is 1
if anything differs, or if an operator has no test that agrees (`NONE_FITS` apart).
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from onnx.backend.test.case.node import collect_testcases

import cnnverify
from cnnverify.format import Case
from command_line import folder, parser
from onnx_elementwise import ELEMENTWISE
from onnx_networks import NETWORKS
from onnx_node import Converter, Inexpressible, Node
from onnx_windows import WINDOWS
from table import Row, print_table
from verification import Command, CommandError

CONVERTERS: dict[str, Converter] = {**ELEMENTWISE, **WINDOWS, **NETWORKS}
"""By operator."""

IMPRECISE = {
    "test_averagepool_2d_ceil_last_window_starts_on_pad": "expected values typed to four digits",
}
"""Tests whose expected values are no reference for rounding."""

NONE_FITS = frozenset({"HardSigmoid"})
"""Operators of which every test asks for something that no kind does."""


def main() -> int:
    """Run the program."""
    arguments = parser("onnx-node-tests", __doc__, "operators").parse_args()
    warnings.simplefilter("ignore")
    command = Command(arguments.command)
    known = set(command.kinds())
    rows: dict[str, Row] = {}
    titles: dict[str, str] = {}
    missing: dict[str, set[str]] = {}
    with folder(arguments.keep) as directory:
        file = cnnverify.FixtureFile(directory / "onnx.h5", provenance={"git": None})
        for test in collect_testcases(None):
            node = _node(test)
            wanted = arguments.operators or CONVERTERS
            if node is None or node.operator not in wanted or node.operator not in CONVERTERS:
                continue
            row = rows.setdefault(node.operator, Row(node.operator))
            row.tried += 1
            try:
                if test.name in IMPRECISE:
                    raise Inexpressible(IMPRECISE[test.name])
                made = CONVERTERS[node.operator](node)
            except Inexpressible as reason:
                row.refuse(test.name, str(reason))
                continue
            if made.kind not in known:
                missing.setdefault(made.kind, set()).add(test.name)
                row.refuse(test.name, f"the program does not know {made.kind}")
                continue
            file.add(test.name, Case(layers=[made]), producer="onnx")
            titles[test.name] = node.operator
        if titles:
            _verify(command, file, titles, rows)
    print_table(sorted(rows.values(), key=lambda row: row.name), quiet=arguments.quiet)
    if missing:
        print(f"\n{len(missing)} kinds are unknown to the program: {', '.join(sorted(missing))}")
    bad = [r.name for r in rows.values() if r.differing or not (r.agreed or r.name in NONE_FITS)]
    if bad:
        print(f"\nnot good: {', '.join(sorted(bad))}")
    return 1 if bad else 0


def _node(test: Any) -> Node | None:
    """Give the only node of a test, with its data; nothing for a test of several nodes."""
    graph = test.model.graph
    if len(graph.node) != 1 or "_expanded" in test.name or not test.data_sets:
        return None
    proto = graph.node[0]
    inputs, outputs = test.data_sets[0]
    given = dict(zip([i.name for i in graph.input], inputs, strict=True))
    made = dict(zip([o.name for o in graph.output], outputs, strict=True))
    return Node(
        proto,
        [given.get(name) if name else None for name in proto.input],
        [made[name] for name in proto.output if name],
    )


def _verify(
    command: Command, file: cnnverify.FixtureFile, titles: dict[str, str], rows: dict[str, Row]
) -> None:
    try:
        found = command.verify(file)
    except CommandError as error:
        rows.setdefault("the command", Row("the command")).differing["ended"] = [str(error)]
        return
    for name, operator in titles.items():
        row, result = rows[operator], found[name]
        if result.agrees:
            row.agreed += 1
            row.vacuous += result.informative == 0
        else:
            row.differing[name] = result.problems or ["nothing was compared"]


if __name__ == "__main__":
    sys.exit(main())
