"""Small models, each with one of the difficulties of capturing."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.fc = nn.Linear(4 * 5 * 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(functional.relu(self.conv(x)), 1))


class InPlace(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        y.mul_(0.5)
        y.add_(0.25)
        return self.fc(self.relu(y).flatten(1))


class AddInPlace(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.shortcut = nn.Conv2d(2, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        y += self.shortcut(x)
        return self.fc(torch.relu_(y).flatten(1))


class Shared(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.twice(self.relu(self.conv(x))))
        return self.fc(self.relu(self.twice(y)).flatten(1))


class TensorTwice(Plain):
    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        z = torch.cat([y * y, y], 1)[:, 2:6]
        return self.fc((z + z).flatten(1))


class UnusedOutput(Plain):
    def forward(self, x: Tensor) -> Tensor:
        kept, _unused = torch.split(torch.cat([self.conv(x), self.conv(x)], 1), [4, 4], dim=1)
        return self.fc(kept.flatten(1))


class Tied(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 3)
        self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.b(torch.tanh(self.a(super().forward(x))))


class Dropping(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout2d(0.5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.drop(functional.relu(self.conv(x)))
        return self.fc(functional.dropout(y, 0.3, self.training).flatten(1))


class Normalised(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.sigmoid(self.bn(self.conv(x)))
        return self.fc(functional.relu(self.bn(y)).flatten(1))


class Frozen(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.conv.requires_grad_(False)
        assert self.fc.bias is not None
        self.fc.bias.requires_grad_(False)


class Free(Plain):
    """A parameter and a buffer that are no layer's own, a number in front, a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((4, 1, 1), 0.5))
        self.offset = nn.Buffer(torch.arange(4.0).reshape(4, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x) * self.gamma + self.offset
        with torch.no_grad():
            size = y.abs().mean()
        return self.fc((2 - y / size).flatten(1))


class Untouched(Plain):
    """Identity and evaluating dropout return their very input."""

    def __init__(self) -> None:
        super().__init__()
        self.same = nn.Identity()
        self.drop = nn.Dropout(0.5).eval()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        return self.fc((self.drop(self.same(y)) + y).flatten(1))


class ViewInPlace(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(functional.relu(self.conv(x).flatten(1), inplace=True))


class Attention(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.fc(torch.einsum("ntc,ntc->ntc", mixed, tokens).reshape(x.shape[0], -1))


class Recurrent(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        y, (hidden, _cell) = self.lstm(self.conv(x).flatten(2).mT)
        return self.fc(y.flatten(1)) + hidden[0, :, :3]


class Checkpointed(Plain):
    """Runs its middle a second time inside the backward pass."""

    def middle(self, x: Tensor) -> Tensor:
        return torch.tanh(self.conv(x))

    def forward(self, x: Tensor) -> Tensor:
        y = checkpoint(self.middle, x, use_reentrant=False)
        return self.fc(y.flatten(1))


class Dictionary(Plain):
    class Both(nn.Module):
        def forward(self, values: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"sum": values["a"] + values["b"], "same": values["a"]}

    def __init__(self) -> None:
        super().__init__()
        self.both = self.Both()

    def forward(self, x: Tensor) -> Tensor:
        y = self.both({"a": self.conv(x), "b": x.mean(1, keepdim=True)})
        return self.fc((y["sum"] * y["same"]).flatten(1))


MODELS = [
    Recurrent,
    Checkpointed,
    Dictionary,
    Plain,
    InPlace,
    AddInPlace,
    Shared,
    TensorTwice,
    UnusedOutput,
    Tied,
    Dropping,
    Normalised,
    Frozen,
    Free,
    Untouched,
    ViewInPlace,
    Attention,
]
