"""What the self-check of an export saw, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Findings:
    """What the self-check saw; `problems` is empty when the recording may be trusted."""

    replayed: int = 0
    exact: int = 0
    neutrality: str = "not run"
    problems: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, str]:
        """Give the findings for the provenance."""
        return {
            "replay": f"{self.exact}/{self.replayed}",
            "neutrality": self.neutrality,
            "problems": "; ".join(self.problems) or "none",
        }
