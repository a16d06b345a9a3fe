"""Counts what became of samples and prints it as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Row:
    """What became of the samples of one kind."""

    name: str
    tried: int = 0
    agreed: int = 0
    vacuous: int = 0
    """Of those that agreed: zero on both sides, so that no error could show."""
    differing: dict[str, list[str]] = field(default_factory=dict)
    """The problems, by the title of the sample."""
    inexpressible: dict[str, list[str]] = field(default_factory=dict)
    """The titles of the samples, by the reason."""
    dropped: dict[str, int] = field(default_factory=dict)
    """How many samples were not tried, by the reason."""

    def refuse(self, title: str, reason: str) -> None:
        """Note a sample that the format cannot express."""
        self.inexpressible.setdefault(reason, []).append(title)

    @property
    def is_good(self) -> bool:
        """Whether something agreed and nothing differed."""
        return self.agreed > 0 and not self.differing


_TITLES = ("tried", "agreed", "vacuous", "differ", "no kind", "dropped")


def print_table(rows: Iterable[Row], *, quiet: bool = False) -> None:
    """Print one line a kind, and below it everything that did not agree; `quiet`: bad rows only."""
    rows = list(rows)
    shown = [row for row in rows if not quiet or row.differing]
    width = max([len(row.name) for row in rows], default=4)
    print(" ".join([" " * width, *(f"{title:>8}" for title in _TITLES)]))
    for row in shown:
        print(" ".join([f"{row.name:<{width}}", *(f"{n:>8}" for n in _numbers(row))]))
        for reason, count in row.dropped.items():
            print(f"    dropped {count}: {reason}")
        for reason, titles in row.inexpressible.items():
            print(f"    cannot be expressed {len(titles)}: {reason} ({titles[0]})")
        for title, problems in row.differing.items():
            print(f"    {title}")
            for problem in problems[:4]:
                print(f"      {problem}")
    totals = [sum(column) for column in zip(*map(_numbers, rows), strict=True)]
    print(" ".join([f"{'all':<{width}}", *(f"{n:>8}" for n in totals)]))


def _numbers(row: Row) -> tuple[int, ...]:
    return (
        row.tried,
        row.agreed,
        row.vacuous,
        len(row.differing),
        sum(map(len, row.inexpressible.values())),
        sum(row.dropped.values()),
    )
