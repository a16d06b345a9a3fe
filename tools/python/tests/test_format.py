"""The format without any framework: names, validation, bytes, the file that appears whole."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from cnnverify import FormatError, read_fixture, write_fixture
from cnnverify.format import (
    Arranged,
    BFloat16,
    Case,
    Fixture,
    Layer,
    Reference,
    fitting_name,
    problem_with_name,
    validate,
)


def simple() -> Fixture:
    x = np.arange(6.0).reshape(2, 3)
    reference = Reference(
        inputs={0: x}, outputs={0: x * 2}, grad_outputs={0: x}, grad_inputs={0: x}
    )
    return Fixture(root=Case(layers=[Layer("a", "Scale", {"factor": 2.0}, reference=reference)]))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("layer1.0.conv1", None),
        ("größe 1", None),
        ("x" * 255, None),
        ("x" * 256, "longer"),
        ("ü" * 128, "longer"),
        ("", "empty"),
        ("a/b", "'/'"),
        ("a:1", "':'"),
        ("a\nb", "control"),
        (".", "path component"),
    ],
)
def test_names(name: str, problem: str | None) -> None:
    found = problem_with_name(name)
    assert (found is None) if problem is None else (problem in str(found))
    assert problem_with_name(fitting_name(name, set())) is None


def test_fitting_names_are_unique() -> None:
    taken: set[str] = set()
    for _ in range(12):
        taken.add(fitting_name("ü" * 200, taken))
    assert len(taken) == 12
    assert all(problem_with_name(name) is None for name in taken)
    assert fitting_name("conv", {"conv", "conv@1"}) == "conv@2"


def test_all_problems_are_reported_together() -> None:
    layers = [
        Layer("a", "ReLU", inputs=["nobody"]),
        Layer("a", "ReLU", inputs=["a:3"]),
        Layer("b", "", reference=Reference(grad_parameters={"weight": np.zeros(2)})),
    ]
    with pytest.raises(FormatError) as caught:
        validate(Fixture(root=Case(layers=layers, loss="c", inputs={"b": np.zeros(1)})))
    for words in ("'nobody'", "used twice", "no kind", "belongs to no parameter", "loss 'c'"):
        assert words in str(caught.value)


def test_shapes_must_fit() -> None:
    fixture = simple()
    assert fixture.root is not None
    fixture.root.layers[0].reference.grad_inputs[0] = np.zeros((3, 2))
    with pytest.raises(FormatError, match=r"grad_input.0 has shape \(3, 2\), expected \(2, 3\)"):
        validate(fixture)


def test_root_or_cases() -> None:
    with pytest.raises(FormatError, match="either"):
        validate(Fixture())
    with pytest.raises(FormatError, match="either"):
        validate(Fixture(root=Case(), cases={"a": Case()}))


def test_nothing_is_left_of_a_failed_write(tmp_path: Path) -> None:
    (tmp_path / "f.h5").write_bytes(b"the old one")
    fixture = simple()
    assert fixture.root is not None
    fixture.root.layers[0].attributes["text"] = "x" * 70_000
    with pytest.raises(FormatError, match="too long"):
        write_fixture(fixture, tmp_path / "f.h5")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"the old one"]


def test_what_is_in_the_file(tmp_path: Path) -> None:
    fixture = simple()
    fixture.producer = "by hand"
    fixture.provenance = {"b": "ü", "a": 1}
    size = write_fixture(fixture, tmp_path / "f.h5")
    assert size == (tmp_path / "f.h5").stat().st_size
    with h5py.File(tmp_path / "f.h5") as file:
        assert file.attrs["format"] == b"cnn-fixture"
        assert file.attrs["format_version"] == b"1.0"
        assert file.attrs["provenance"].decode() == '{"a": 1, "b": "ü"}'
        layer = file["layers/a"]
        assert layer.attrs["type"] == b"Scale"
        assert layer.attrs["factor"] == 2.0
        assert layer["reference/input"].compression is None
    again = read_fixture(tmp_path / "f.h5")
    assert again.provenance == fixture.provenance
    write_fixture(again, tmp_path / "g.h5")
    assert (tmp_path / "g.h5").read_bytes() == (tmp_path / "f.h5").read_bytes()


def test_storage(tmp_path: Path) -> None:
    fixture = simple()
    assert fixture.root is not None
    auxiliary = fixture.root.layers[0].auxiliary
    auxiliary["middle"] = np.zeros(5000)
    auxiliary["large"] = np.zeros(200_000)
    for compress, expected in ((False, None), (True, "gzip")):
        write_fixture(fixture, tmp_path / "f.h5", compress=compress)
        with h5py.File(tmp_path / "f.h5") as file:
            group = file["layers/a/auxiliary"]
            assert group["middle"].compression == "gzip"
            assert group["middle"].shuffle
            assert group["large"].compression == expected


def test_bfloat16(tmp_path: Path) -> None:
    fixture = simple()
    assert fixture.root is not None
    fixture.root.layers[0].parameters["p"] = BFloat16(np.array([0x3F80, 0xC000], np.uint16))
    write_fixture(fixture, tmp_path / "f.h5")
    with h5py.File(tmp_path / "f.h5") as file:
        dataset = file["layers/a/parameters/p"]
        assert dataset.dtype == np.uint16
        assert dataset.attrs["logical_dtype"] == b"bfloat16"
    root = read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert isinstance(root.layers[0].parameters["p"], BFloat16)


def test_axes_in_another_order(tmp_path: Path) -> None:
    fixture = simple()
    assert fixture.root is not None
    layer = fixture.root.layers[0]
    image = np.arange(6.0).reshape(1, 2, 3, 1)
    layer.reference.inputs[0] = Arranged(image, "NHWC")
    layer.reference.grad_inputs[0] = np.zeros((1, 1, 2, 3))
    write_fixture(fixture, tmp_path / "f.h5")
    with h5py.File(tmp_path / "f.h5") as file:
        assert file["layers/a/reference/input"].attrs["axes"] == b"NHWC"
        assert "axes" not in file["layers/a/reference/grad_input"].attrs
    root = read_fixture(tmp_path / "f.h5").root
    assert root is not None
    found = root.layers[0].reference.inputs[0]
    assert isinstance(found, Arranged)
    assert found.axes == "NHWC"
    assert np.array_equal(np.asarray(found.values), image)


def test_axes_that_do_not_fit() -> None:
    fixture = simple()
    assert fixture.root is not None
    reference = fixture.root.layers[0].reference
    reference.inputs[0] = Arranged(np.zeros((1, 2, 3, 1)), "HWC")
    reference.grad_inputs[0] = Arranged(np.zeros((1, 2, 3, 2)), "NHWC")
    with pytest.raises(FormatError, match="4 axes and names 'HWC'") as caught:
        validate(fixture)
    assert "grad_input.0 has shape (1, 2, 3, 2)" in str(caught.value)


def test_no_fixture(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file.attrs["format"] = "something else"
    with pytest.raises(FormatError, match="no cnn-fixture"):
        read_fixture(tmp_path / "f.h5")
