"""The convolutions that are timed: those of well-known networks, and some odd ones."""

from __future__ import annotations

#: Name, and N, C, H, W, O, kernel, stride, padding, groups
SHAPES: list[tuple[str, tuple[int, ...]]] = [
    ("lenet conv1", (64, 1, 28, 28, 6, 5, 1, 2, 1)),
    ("lenet conv2", (64, 6, 14, 14, 16, 5, 1, 0, 1)),
    ("lenet conv3", (64, 16, 5, 5, 120, 5, 1, 0, 1)),
    ("resnet conv1 7x7 s2", (8, 3, 224, 224, 64, 7, 2, 3, 1)),
    ("resnet18 layer1 3x3", (8, 64, 56, 56, 64, 3, 1, 1, 1)),
    ("resnet18 layer2 3x3 s2", (8, 64, 56, 56, 128, 3, 2, 1, 1)),
    ("resnet18 layer2 1x1 s2", (8, 64, 56, 56, 128, 1, 2, 0, 1)),
    ("resnet18 layer2 3x3", (8, 128, 28, 28, 128, 3, 1, 1, 1)),
    ("resnet18 layer3 3x3 s2", (8, 128, 28, 28, 256, 3, 2, 1, 1)),
    ("resnet18 layer3 1x1 s2", (8, 128, 28, 28, 256, 1, 2, 0, 1)),
    ("resnet18 layer3 3x3", (8, 256, 14, 14, 256, 3, 1, 1, 1)),
    ("resnet18 layer4 3x3 s2", (8, 256, 14, 14, 512, 3, 2, 1, 1)),
    ("resnet18 layer4 1x1 s2", (8, 256, 14, 14, 512, 1, 2, 0, 1)),
    ("resnet18 layer4 3x3", (8, 512, 7, 7, 512, 3, 1, 1, 1)),
    ("resnet50 64-64 1x1", (8, 64, 56, 56, 64, 1, 1, 0, 1)),
    ("resnet50 64-256 1x1", (8, 64, 56, 56, 256, 1, 1, 0, 1)),
    ("resnet50 256-64 1x1", (8, 256, 56, 56, 64, 1, 1, 0, 1)),
    ("resnet50 128 3x3 s2", (8, 128, 56, 56, 128, 3, 2, 1, 1)),
    ("resnet50 128-512 1x1", (8, 128, 28, 28, 512, 1, 1, 0, 1)),
    ("resnet50 512-128 1x1", (8, 512, 28, 28, 128, 1, 1, 0, 1)),
    ("resnet50 256-512 1x1 s2", (8, 256, 56, 56, 512, 1, 2, 0, 1)),
    ("resnet50 256-1024 1x1", (8, 256, 14, 14, 1024, 1, 1, 0, 1)),
    ("resnet50 1024-256 1x1", (8, 1024, 14, 14, 256, 1, 1, 0, 1)),
    ("resnet50 512-2048 1x1", (8, 512, 7, 7, 2048, 1, 1, 0, 1)),
    ("resnet50 2048-512 1x1", (8, 2048, 7, 7, 512, 1, 1, 0, 1)),
    ("vgg16 conv1_1", (8, 3, 224, 224, 64, 3, 1, 1, 1)),
    ("vgg16 conv1_2", (8, 64, 224, 224, 64, 3, 1, 1, 1)),
    ("vgg16 conv2_1", (8, 64, 112, 112, 128, 3, 1, 1, 1)),
    ("vgg16 conv2_2", (8, 128, 112, 112, 128, 3, 1, 1, 1)),
    ("vgg16 conv3_1", (8, 128, 56, 56, 256, 3, 1, 1, 1)),
    ("vgg16 conv3_2", (8, 256, 56, 56, 256, 3, 1, 1, 1)),
    ("vgg16 conv4_1", (8, 256, 28, 28, 512, 3, 1, 1, 1)),
    ("vgg16 conv4_2", (8, 512, 28, 28, 512, 3, 1, 1, 1)),
    ("vgg16 conv5", (8, 512, 14, 14, 512, 3, 1, 1, 1)),
    ("mobilenet conv1 s2", (8, 3, 224, 224, 32, 3, 2, 1, 1)),
    ("mobilenet dw 32", (8, 32, 112, 112, 32, 3, 1, 1, 32)),
    ("mobilenet dw 96 s2", (8, 96, 112, 112, 96, 3, 2, 1, 96)),
    ("mobilenet dw 144", (8, 144, 56, 56, 144, 3, 1, 1, 144)),
    ("mobilenet dw 144 s2", (8, 144, 56, 56, 144, 3, 2, 1, 144)),
    ("mobilenet dw 192", (8, 192, 28, 28, 192, 3, 1, 1, 192)),
    ("mobilenet dw 384", (8, 384, 14, 14, 384, 3, 1, 1, 384)),
    ("mobilenet dw 576 s2", (8, 576, 14, 14, 576, 3, 2, 1, 576)),
    ("mobilenet dw 960", (8, 960, 7, 7, 960, 3, 1, 1, 960)),
    ("mobilenet 16-96 1x1", (8, 16, 112, 112, 96, 1, 1, 0, 1)),
    ("mobilenet 144-24 1x1", (8, 144, 56, 56, 24, 1, 1, 0, 1)),
    ("mobilenet 64-384 1x1", (8, 64, 14, 14, 384, 1, 1, 0, 1)),
    ("mobilenet 960-160 1x1", (8, 960, 7, 7, 160, 1, 1, 0, 1)),
    ("odd 17-23 5x5 s3", (8, 17, 37, 41, 23, 5, 3, 1, 1)),
    ("odd 3-5 3x3", (8, 3, 33, 31, 5, 3, 1, 1, 1)),
    ("odd 7-13 3x3", (8, 7, 19, 23, 13, 3, 1, 2, 1)),
    ("32 groups of 4", (8, 128, 56, 56, 128, 3, 1, 1, 32)),
    ("2 groups, 96-256 5x5", (8, 96, 27, 27, 256, 5, 1, 2, 2)),
]

#: How often ResNet-18 applies each of them.
RESNET18 = {
    "resnet conv1 7x7 s2": 1,
    "resnet18 layer1 3x3": 4,
    "resnet18 layer2 3x3 s2": 1,
    "resnet18 layer2 1x1 s2": 1,
    "resnet18 layer2 3x3": 3,
    "resnet18 layer3 3x3 s2": 1,
    "resnet18 layer3 1x1 s2": 1,
    "resnet18 layer3 3x3": 3,
    "resnet18 layer4 3x3 s2": 1,
    "resnet18 layer4 1x1 s2": 1,
    "resnet18 layer4 3x3": 3,
}

#: The convolutions with a kernel of one cell, at every pixel.
POINTWISE = {name: 1 for name, s in SHAPES if s[5:9] == (1, 1, 0, 1)}


def flops(sizes: tuple[int, ...]) -> float:
    """Give the multiplications and additions of one direction."""
    n, c, height, width, o, kernel, stride, padding, groups = sizes
    rows, columns = ((e + 2 * padding - kernel) // stride + 1 for e in (height, width))
    return 2.0 * n * o * rows * columns * (c // groups) * kernel**2
