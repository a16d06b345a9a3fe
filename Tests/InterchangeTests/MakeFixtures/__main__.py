"""Writes the fixtures of these tests: `python MakeFixtures`, with h5py 3.

`good/` holds one file for each part of the format, `bad/` one file for each mistake. The kinds are
those of `TestLayers.swift`. The numbers do not matter; where they do, they count upwards.
"""

from __future__ import annotations

import mistaken_layers  # noqa: F401
import mistaken_tensors  # noqa: F401
import mistaken_training  # noqa: F401
from good import GOOD
from mistakes import BAD
from writing import FOLDER, SMALL, conv, fixture


def main() -> None:
    for folder in ["good", "bad"]:
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    for function in GOOD:
        function()
    for name, function in BAD.items():
        with fixture(f"bad/{name}", meta_block_size=SMALL) as f:
            function(f, conv(f))
    with fixture("bad/problem-in-a-case", meta_block_size=SMALL) as f:
        conv(f.require_group("cases").create_group("one"))
        conv(f.require_group("cases").create_group("two"), strid=1)


if __name__ == "__main__":
    main()
