"""Names of layers, inputs and cases: what the format allows, and how to make a name fit."""

from collections.abc import Container

LONGEST_NAME = 255
"""Bytes of UTF-8, as the format states."""


IGNORED = "x_"
"""What begins so is for people, and ignored by readers of the format."""


def problem_with_name(name: str) -> str | None:
    """Say what is wrong with a name, or nothing if it is valid."""
    if not name:
        return "is empty"
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} bytes"
    if name in (".", ".."):
        return "is a path component with a meaning of its own"
    if name.startswith(IGNORED):
        return f"begins with {IGNORED!r}, so that readers ignore it"
    for character in name:
        if character in "/:":
            return f"contains {character!r}"
        if _is_control(character):
            return "contains a control character"
    return None


def fitting_name(wanted: str, taken: Container[str]) -> str:
    """Change a name as little as possible so that it is valid and not taken.

    Forbidden characters become `_`, one more stands before a leading `x_`, and a further use of
    the same name gets `@1`, `@2`, ….
    """
    clean = "".join("_" if c in "/:" or _is_control(c) else c for c in wanted) or "_"
    if clean in (".", ".."):
        clean = clean.replace(".", "_")
    if clean.startswith(IGNORED):
        clean = "_" + clean
    base = _shortened(clean, LONGEST_NAME)
    name, count = base, 0
    while name in taken:
        count += 1
        ending = f"@{count}"
        name = _shortened(base, LONGEST_NAME - len(ending)) + ending
    return name


def _is_control(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF


def _shortened(name: str, longest: int) -> str:
    return name.encode("utf-8")[:longest].decode("utf-8", "ignore")
