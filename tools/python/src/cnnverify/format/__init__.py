"""The fixture format without any framework: content, validation, writing, reading."""

from .content import (
    Arranged,
    Array,
    Attribute,
    BFloat16,
    Case,
    Fixture,
    Layer,
    ParameterName,
    Reference,
    Trajectory,
    Update,
)
from .names import fitting_name, problem_with_name
from .reader import read_fixture
from .validation import validate
from .writer import write_fixture

__all__ = [
    "Arranged",
    "Array",
    "Attribute",
    "BFloat16",
    "Case",
    "Fixture",
    "Layer",
    "ParameterName",
    "Reference",
    "Trajectory",
    "Update",
    "fitting_name",
    "problem_with_name",
    "read_fixture",
    "validate",
    "write_fixture",
]
