"""The networks whose verification is timed, in torch.nn alone, and their fixtures.

    timed_networks.py NETWORK FILE

Random weights and images: how long a verification takes does not depend on them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional


def lenet() -> nn.Module:
    """LeNet-5 on 32×32 images (LeCun et al. 1998), with the pools and activations of today."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten()),
        *(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def vgg16() -> nn.Module:
    """Configuration D of Simonyan and Zisserman (2014)."""
    layers: list[nn.Module] = []
    channels = 3
    for block in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(block[1]):
            layers += [nn.Conv2d(channels, block[0], 3, padding=1), nn.ReLU()]
            channels = block[0]
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *(*layers, nn.Flatten()),
        *(nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout()),
        *(nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000)),
    )


class ResidualBlock(nn.Module):
    """Two convolutions of 3×3 and a shortcut, ReLU after the sum."""

    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            *(nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)),
            *(nn.ReLU(), nn.Conv2d(filters, filters, 3, 1, 1, bias=False)),
            nn.BatchNorm2d(filters),
        )
        self.shortcut: nn.Module = nn.Sequential()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Add the shortcut."""
        return functional.relu(self.residual(x) + self.shortcut(x))


def resnet18() -> nn.Module:
    """ResNet-18 of He et al. (2015)."""
    blocks: list[nn.Module] = []
    channels = 64
    for filters, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [
            ResidualBlock(channels, filters, stride),
            ResidualBlock(filters, filters, 1),
        ]
        channels = filters
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.MaxPool2d(3, 2, 1), *blocks),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)),
    )


class InvertedResidual(nn.Module):
    """Expansion by 1×1, depthwise 3×3, projection by 1×1, and a shortcut where shapes allow it."""

    def __init__(self, channels: int, filters: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = channels * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden)]
            layers += [nn.ReLU6()]
        layers += [
            *(nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),),
            *(nn.BatchNorm2d(hidden), nn.ReLU6()),
            *(nn.Conv2d(hidden, filters, 1, bias=False), nn.BatchNorm2d(filters)),
        ]
        self.layers = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and channels == filters

    def forward(self, x: Tensor) -> Tensor:
        """Add the shortcut."""
        y: Tensor = self.layers(x)
        return x + y if self.has_shortcut else y


def mobilenetv2() -> nn.Module:
    """MobileNetV2 of Sandler et al. (2018), table 2."""
    layers: list[nn.Module] = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32)]
    layers.append(nn.ReLU6())
    channels = 32
    for expansion, filters, count, stride in (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ):
        for number in range(count):
            block = (channels, filters, stride if number == 0 else 1, expansion)
            layers.append(InvertedResidual(*block))
            channels = filters
    layers += [nn.Conv2d(320, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()]
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers)


#: What makes a network, and the shape of its batch of images and number of classes.
NETWORKS = {
    "lenet": (lenet, (64, 1, 32, 32), 10),
    "resnet18": (resnet18, (8, 3, 224, 224), 1000),
    "mobilenetv2": (mobilenetv2, (8, 3, 224, 224), 1000),
    "vgg16": (vgg16, (8, 3, 224, 224), 1000),
}


def main() -> None:
    """Capture one training step."""
    # The exporter is for this alone: whoever takes a network from here does not need it.
    import cnnverify

    name, path = sys.argv[1:]
    torch.manual_seed(1)
    make, shape, classes = NETWORKS[name]
    model = make().train()
    images, labels = torch.randn(shape), torch.randint(0, classes, shape[:1])
    # The exporter's checks of itself take as long again, and `cnn-verify` looks at the file anyway.
    with cnnverify.capture(model, Path(path), self_check=False):
        functional.cross_entropy(model(images), labels).backward()


if __name__ == "__main__":
    main()
