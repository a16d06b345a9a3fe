"""Reports of cnn-verify, read in Python; `tests/reports/make` wrote those that are read here."""

import json
import math
import sys
import types
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import cnnverify as cv
from cnnverify.reports.arrays import canonical

REPORTS = Path(__file__).resolve().parent / "reports"
FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
PLANTED = FIXTURES / "planted-wrong-gradient.h5"


def test_a_report_holds_what_was_found() -> None:
    report = cv.read_report(REPORTS / "planted.jsonl")
    assert report.is_complete
    assert report.summary["exit"] == 1
    assert report.summary["layers"] == len(report.layers) == 7
    isolated = [row for row in report.tensors if row.mode == "isolated"]
    for verdict in ("agree", "differ", "not-compared"):
        found = [row for row in isolated if row.verdict == verdict]
        assert len(found) == report.summary[verdict] > 0
    run = report.runs[0]
    assert run.producer == "torch 2.13.0+cpu"
    assert run.provenance is not None
    assert run.provenance["seed"] == 17
    assert (report.warnings, report.errors) == ([], [])
    rows = report.of("conv1")
    assert {row.kind for row in rows} == {"Conv2d"}
    first = rows[0]
    assert first.shape == (3, 4, 9, 7)
    assert first.worst_index is not None
    assert first.bound is not None
    assert first.max_abs is not None
    assert first.max_abs <= first.bound
    assert first.record["count"] == math.prod(first.shape)


def test_what_differs_comes_first_and_has_its_arrays() -> None:
    report = cv.read_report(REPORTS / "planted.jsonl")
    row = cv.differing(report)[0]
    assert (row.layer, row.tensor, row.mode) == ("conv2", "grad_parameters/weight", "isolated")
    arrays = row.arrays()
    with h5py.File(PLANTED) as file:
        planted = file["layers/conv2/reference/grad_parameters/weight"][()]
    assert np.array_equal(arrays.reference, planted)
    assert arrays.ours is not None
    assert arrays.bound is not None
    # What was planted: the kernel's gradient rotated by 180 degrees.
    right = planted[:, :, ::-1, ::-1]
    assert np.allclose(arrays.ours, right, atol=1e-6)
    beyond = ~(np.abs(arrays.difference) <= arrays.bound)
    assert beyond.sum() == row.record["beyond_bound"] == 156
    assert row.worst_index is not None
    assert arrays.ours[row.worst_index] == row.ours
    assert arrays.reference[row.worst_index] == row.reference
    assert arrays.bound[row.worst_index] == row.bound


def test_a_chosen_layer_has_arrays_though_it_agrees() -> None:
    report = cv.read_report(REPORTS / "conv1.jsonl")
    compared = [row for row in report.tensors if row.max_abs is not None]
    assert {row.tensor for row in compared} == {
        "output",
        "grad_parameters/weight",
        "grad_parameters/bias",
    }
    for row in compared:
        arrays = row.arrays()
        assert row.worst_index is not None
        assert arrays.bound is not None
        assert arrays.ours is not None
        assert arrays.bound[row.worst_index] == row.bound
        assert arrays.ours[row.worst_index] == row.ours
        assert (np.abs(arrays.difference) <= arrays.bound).all()
        # Bounds follow the elements: no two of a sum of these are alike.
        assert len(np.unique(arrays.bound)) > arrays.bound.size // 2


def test_without_arrays_there_is_the_reference_and_a_hint(tmp_path: Path) -> None:
    report = cv.read_report(REPORTS / "planted.jsonl")
    agreeing = next(row for row in report.of("conv1") if row.tensor == "output")
    arrays = report.arrays(agreeing)
    assert arrays.reference.shape == (3, 4, 9, 7)
    assert arrays.ours is None
    with pytest.raises(cv.FormatError, match=r"--arrays FILE.*--layer"):
        _ = arrays.difference
    chained = next(r for r in report.tensors if r.mode == "chained" and r.layer == "conv2")
    assert chained.arrays().ours is None
    # The fixture may have moved.
    (tmp_path / "moved.h5").write_bytes(PLANTED.read_bytes())
    moved = report.arrays(report.differing[0], tmp_path / "moved.h5")
    assert np.array_equal(moved.reference, report.differing[0].arrays().reference)
    with pytest.raises(cv.FormatError, match="is it the fixture that was checked"):
        report.arrays(report.differing[0], FIXTURES / "handwritten.h5")


def test_axes_and_bfloat16_as_the_format_has_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    nchw = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    oihw = rng.normal(size=(6, 3, 2, 4)).astype(np.float32)
    with h5py.File(tmp_path / "f.h5", "w") as file:
        for name, data, axes in (
            ("x", nchw.transpose(0, 2, 3, 1), "NHWC"),
            ("w", oihw.transpose(2, 3, 1, 0), "HWIO"),
            ("t", oihw.transpose(2, 3, 0, 1), "HWOI"),
            ("l", oihw[:, :, 0, 0].T, "IO"),
            ("n", nchw[0, :, 0, 0], "C"),
            ("bad", nchw, "NHW"),
            ("twice", nchw, "NHWH"),
            ("odd", nchw, "NXHW"),
        ):
            file[name] = data
            file[name].attrs["axes"] = axes
        bits = nchw.view(np.uint32) >> 16
        file["b"] = bits.astype(np.uint16).transpose(0, 2, 3, 1)
        file["b"].attrs["axes"] = b"NHWC"
        file["b"].attrs["logical_dtype"] = "bfloat16"
        assert np.array_equal(canonical(file["x"]), nchw)
        assert np.array_equal(canonical(file["w"]), oihw)
        assert np.array_equal(canonical(file["t"]), oihw)
        # A transposed convolution has its inputs first.
        assert np.array_equal(canonical(file["w"], transposed=True), oihw.swapaxes(0, 1))
        assert np.array_equal(canonical(file["l"]), oihw[:, :, 0, 0])
        assert np.array_equal(canonical(file["n"]), nchw[0, :, 0, 0])
        expected = (bits << 16).astype(np.uint32).view(np.float32)
        assert np.array_equal(canonical(file["b"]), expected)
        for name in ("bad", "twice", "odd"):
            with pytest.raises(cv.FormatError, match="axes"):
                canonical(file[name])


def test_the_table_is_a_data_frame_where_pandas_is(monkeypatch: pytest.MonkeyPatch) -> None:
    report = cv.read_report(REPORTS / "planted.jsonl")
    stand_in = types.ModuleType("pandas")
    stand_in.DataFrame = lambda rows, columns: ("frame", len(rows), columns)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", stand_in)
    sort, count, columns = report.table()
    assert (sort, count) == ("frame", len(report.tensors))
    assert columns[:5] == ["fixture", "case", "layer", "kind", "tensor"]
    monkeypatch.setitem(sys.modules, "pandas", None)
    rows = report.table()
    assert isinstance(rows, list)
    assert rows[0]["layer"] == "conv1"
    differing = [row for row in rows if row["verdict"] == "differ"]
    assert [row["bound_ratio"] for row in differing] == [math.inf, None]
    assert [row["mode"] for row in differing] == ["isolated", "chained"]


def test_text_shows_what_is_asked_for() -> None:
    report = cv.read_report(REPORTS / "planted.jsonl")
    lines = report.text().splitlines()
    assert len(lines) == 1 + len(report.tensors)
    assert lines[0].split() == [
        "layer",
        "kind",
        "tensor",
        "mode",
        "verdict",
        "max_abs",
        "bound_ratio",
    ]
    failing = report.text(failing=True).splitlines()
    assert len(failing) == 1 + len(report.differing)
    assert "conv2" in failing[1]


def test_other_reports_are_read_too() -> None:
    compared = cv.read_report(REPORTS / "compare.jsonl")
    assert compared.runs[0].compared_with is not None
    assert "two" in compared.differing[0].record["texts"]
    with pytest.raises(cv.FormatError, match="comparison"):
        compared.differing[0].arrays()
    weights = cv.read_report(REPORTS / "weights.jsonl")
    assert weights.tensors == []
    assert weights.is_complete
    assert weights.summary["tensors"] == len(
        [record for record in weights.records if record["record"] == "tensor"]
    )
    assert "HWIO→OIHW" in weights.text()


def written(tmp_path: Path, *records: Any) -> Path:
    path = tmp_path / "r.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_numbers_that_json_lacks_and_fields_of_tomorrow(tmp_path: Path) -> None:
    record = {
        "record": "tensor",
        "fixture": "f",
        "case": "c",
        "layer": "l\x1b[2J",
        "kind": "K",
        "tensor": "output",
        "verdict": "invalid",
        "ours": "NaN",
        "reference": "-Infinity",
        "tomorrow": [1],
    }
    warning = {"record": "warning", "id": "x", "text": "careful"}
    error = {"record": "error", "fixture": "f", "problems": ["one", "two"]}
    kind = {"record": "conformance", "kind": "Conv2d", "verdict": "conforms"}
    report = cv.read_report(written(tmp_path, record, warning, error, kind))
    row = report.differing[0]
    assert row.ours is not None
    assert math.isnan(row.ours)
    assert row.reference == -math.inf
    assert row.record["tomorrow"] == [1]
    assert report.warnings == ["careful"]
    assert report.errors == ["one", "two"]
    assert report.records[-1]["kind"] == "Conv2d"
    assert not report.is_complete
    assert "\x1b" not in report.text()


def test_what_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "text").write_text("hello\n")
    for name, message in (("empty", "holds no report"), ("text", "line 1: no JSON")):
        with pytest.raises(cv.FormatError, match=message):
            cv.read_report(tmp_path / name)
    with pytest.raises(cv.FormatError, match="line 1: no record"):
        cv.read_report(written(tmp_path, {"hello": 1}))
    with pytest.raises(cv.FormatError, match="schema 2"):
        cv.read_report(written(tmp_path, {"record": "run", "schema": 2, "fixture": "f"}))


def test_a_report_that_was_cut_off(tmp_path: Path) -> None:
    text = (REPORTS / "planted.jsonl").read_text(encoding="utf-8")
    (tmp_path / "cut").write_text(text[: len(text) // 2], encoding="utf-8")
    report = cv.read_report(tmp_path / "cut")
    assert not report.is_complete
    assert report.summary == {}
    assert 0 < len(report.tensors) < len(cv.read_report(REPORTS / "planted.jsonl").tensors)
