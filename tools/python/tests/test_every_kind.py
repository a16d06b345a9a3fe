"""Every kind by its module and by its function: the file must say what they compute."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import cnnverify as cv
from cnnverify.torch.module_kinds import MODULE_KINDS
from recompute import recompute

Make = Callable[[], Any]
Shapes = tuple[tuple[int, ...], ...]

LINE, PLANE, SOLID = (2, 4, 9), (2, 4, 7, 8), (2, 4, 5, 6, 4)
ROWS = (5, 6)


def classes(count: int, *shape: int) -> Tensor:
    return torch.randint(0, count, shape)


def signs(*shape: int) -> Tensor:
    return (torch.rand(shape) > 0.5).double() * 2 - 1


MODULES: list[tuple[Callable[[], nn.Module], Shapes]] = [
    *[(lambda m=m: m(4, 6, 3, padding=1, stride=2), (LINE,)) for m in (nn.Conv1d,)],
    (lambda: nn.Conv3d(4, 6, (3, 2, 1), groups=2, dilation=(1, 2, 1)), (SOLID,)),
    (lambda: nn.ConvTranspose1d(4, 2, 3, stride=2, output_padding=1), (LINE,)),
    (lambda: nn.ConvTranspose3d(4, 2, 2, stride=(1, 2, 2), padding=1), (SOLID,)),
    (lambda: nn.Bilinear(6, 3, 4), (ROWS, (5, 3))),
    (lambda: nn.MaxPool1d(3, 2), (LINE,)),
    (lambda: nn.MaxPool1d(3, 2, return_indices=True), (LINE,)),
    (lambda: nn.MaxPool3d(2, ceil_mode=True), (SOLID,)),
    (lambda: nn.AvgPool1d(3, 2, 1, count_include_pad=False), (LINE,)),
    (lambda: nn.AvgPool3d(2, divisor_override=3), (SOLID,)),
    (lambda: nn.LPPool1d(2, 3), (LINE,)),
    (lambda: nn.LPPool2d(1.5, 3, 2), (PLANE,)),
    (lambda: nn.LPPool3d(3, 2), (SOLID,)),
    (lambda: nn.AdaptiveAvgPool1d(4), (LINE,)),
    (lambda: nn.AdaptiveAvgPool3d((2, None, 3)), (SOLID,)),
    (lambda: nn.AdaptiveMaxPool1d(4), (LINE,)),
    (lambda: nn.AdaptiveMaxPool2d((3, 5)), (PLANE,)),
    (lambda: nn.AdaptiveMaxPool3d(2, return_indices=True), (SOLID,)),
    (lambda: nn.BatchNorm1d(6), (ROWS,)),
    (lambda: nn.BatchNorm1d(4, momentum=None), (LINE,)),
    (lambda: nn.BatchNorm3d(4, affine=False), (SOLID,)),
    (lambda: nn.InstanceNorm1d(4), (LINE,)),
    (lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True), (PLANE,)),
    (lambda: nn.InstanceNorm2d(4, track_running_stats=True).eval(), (PLANE,)),
    (lambda: nn.InstanceNorm3d(4, affine=True), (SOLID,)),
    (lambda: nn.LayerNorm((7, 8), bias=False), (PLANE,)),
    (lambda: nn.RMSNorm(8), (PLANE,)),
    (lambda: nn.RMSNorm((7, 8), eps=0.1, elementwise_affine=False), (PLANE,)),
    (lambda: nn.LocalResponseNorm(3, 0.5, 0.7, 2.0), (PLANE,)),
    (lambda: nn.CosineSimilarity(dim=1, eps=0.01), (PLANE, PLANE)),
    (lambda: nn.PairwiseDistance(3.0, keepdim=True), (ROWS, ROWS)),
    (lambda: nn.PReLU(4), (PLANE,)),
    (lambda: nn.RReLU(0.1, 0.6), (PLANE,)),
    (lambda: nn.RReLU().eval(), (PLANE,)),
    (lambda: nn.RReLU(0.3, 0.3), (PLANE,)),
    (lambda: nn.GLU(1), (PLANE,)),
    (lambda: nn.Threshold(0.1, 20), (ROWS,)),
    (lambda: nn.LogSigmoid(), (ROWS,)),
    (lambda: nn.Softmin(1), (ROWS,)),
    (lambda: nn.Softmax2d(), (PLANE,)),
    (lambda: nn.Hardsigmoid(), (ROWS,)),
    (lambda: nn.Hardshrink(0.2), (ROWS,)),
    (lambda: nn.Softshrink(0.2), (ROWS,)),
    (lambda: nn.Tanhshrink(), (ROWS,)),
    (lambda: nn.Softsign(), (ROWS,)),
    (lambda: nn.Dropout1d(0.4), (LINE,)),
    (lambda: nn.Dropout3d(0.4), (SOLID,)),
    (lambda: nn.AlphaDropout(0.3), (PLANE,)),
    (lambda: nn.AlphaDropout(1.0), (PLANE,)),
    (lambda: nn.AlphaDropout(0.3).eval(), (PLANE,)),
    (lambda: nn.FeatureAlphaDropout(0.3), (PLANE,)),
    *[
        (lambda d=d, m=m: getattr(nn, f"{m}Pad{d}d")(1), (shape,))
        for m in ("Zero", "Reflection", "Replication", "Circular")
        for d, shape in ((1, LINE), (2, PLANE), (3, SOLID))
    ],
    *[
        (lambda d=d: getattr(nn, f"ConstantPad{d}d")(1, 0.5), (shape,))
        for d, shape in ((1, LINE), (2, PLANE), (3, SOLID))
    ],
    (lambda: nn.Unflatten(1, (2, 2)), (PLANE,)),
    (lambda: nn.Unfold((2, 3), padding=1, stride=2), (PLANE,)),
    (lambda: nn.Fold((5, 6), (2, 2), stride=2, padding=1), ((2, 12, 12),)),
    (lambda: nn.Upsample(scale_factor=2), (LINE,)),
    (lambda: nn.Upsample(size=(5, 9), mode="bilinear", align_corners=True), (PLANE,)),
    (lambda: nn.Upsample(scale_factor=(1.5, 2.3), mode="bicubic"), (PLANE,)),
    (lambda: nn.Upsample(scale_factor=1.7, mode="trilinear"), (SOLID,)),
    (lambda: nn.UpsamplingNearest2d(scale_factor=2), (PLANE,)),
    (lambda: nn.UpsamplingBilinear2d(size=(9, 4)), (PLANE,)),
    (lambda: nn.PixelShuffle(2), (PLANE,)),
    (lambda: nn.PixelUnshuffle(2), ((2, 3, 4, 6),)),
    (lambda: nn.ChannelShuffle(2), (PLANE,)),
]


def title(case: Any) -> str:
    return type(case[0]()).__name__


def export(module: Any, *inputs: Any, path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cv.layer(module, *inputs, out=path, twin="float64")
    root = cv.read_fixture(path).root
    assert root is not None
    return root.layers[0]


def check(path: Path, least: int = 2, tolerance: float = 1e-12) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        differences, compared = recompute(path, tolerance)
    assert differences == []
    assert compared >= least


@pytest.mark.parametrize("case", MODULES, ids=title)
def test_module(case: tuple[Callable[[], nn.Module], Shapes], tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = case[0]().double()
    inputs = [torch.randn(shape, dtype=torch.float64) for shape in case[1]]
    layer = export(module, *inputs, path=tmp_path / "f.h5")
    assert layer.kind == type(module).__name__
    assert len(layer.reference.grad_inputs) == len(inputs)
    check(tmp_path / "f.h5")


def test_the_twin_repeats_what_chance_decided(tmp_path: Path) -> None:
    for module in (nn.RReLU(), nn.AlphaDropout(0.4), nn.FeatureAlphaDropout(), nn.RMSNorm(6)):
        torch.manual_seed(5)
        export(module, torch.randn(4, 5, 6), path=tmp_path / "f.h5")
        if not isinstance(module, nn.RMSNorm):  # its epsilon depends on the type
            check(tmp_path / "f.h5", least=4, tolerance=1e-6)
        file = cv.read_fixture(tmp_path / "f.h5").root
        assert file is not None
        narrow, wide = file.layers[0].reference, file.layers[0].reference_f64
        assert wide is not None
        for one, other in ((narrow.outputs, wide.outputs), (narrow.grad_inputs, wide.grad_inputs)):
            assert abs(one[0] - other[0]).max() < 2e-6  # type: ignore[operator]
            assert str(other[0].dtype) == "float64"  # type: ignore[union-attr]


LOSSES: list[tuple[Make, Callable[..., Tensor], Callable[[], tuple[Any, ...]]]] = [
    (nn.PoissonNLLLoss, F.poisson_nll_loss, lambda: (randn(5, 3), rand(5, 3) * 3)),
    (nn.GaussianNLLLoss, F.gaussian_nll_loss, lambda: (randn(5, 3), randn(5, 3), rand(5, 3))),
    (nn.HingeEmbeddingLoss, F.hinge_embedding_loss, lambda: (randn(5, 3), signs(5, 3))),
    (
        nn.CosineEmbeddingLoss,
        F.cosine_embedding_loss,
        lambda: (randn(5, 3), randn(5, 3), signs(5)),
    ),
    (nn.MarginRankingLoss, F.margin_ranking_loss, lambda: (randn(5), randn(5), signs(5))),
    (
        nn.TripletMarginLoss,
        F.triplet_margin_loss,
        lambda: (randn(5, 3), randn(5, 3), randn(5, 3)),
    ),
    (
        nn.TripletMarginWithDistanceLoss,
        F.triplet_margin_with_distance_loss,
        lambda: (randn(5, 3), randn(5, 3), randn(5, 3)),
    ),
    (nn.MultiMarginLoss, F.multi_margin_loss, lambda: (randn(5, 3), classes(3, 5))),
    (
        nn.MultiLabelMarginLoss,
        F.multilabel_margin_loss,
        lambda: (randn(2, 4), torch.tensor([[1, 3, -1, 0], [0, -1, 1, 1]])),
    ),
    (nn.SoftMarginLoss, F.soft_margin_loss, lambda: (randn(5, 3), signs(5, 3))),
    (
        nn.MultiLabelSoftMarginLoss,
        F.multilabel_soft_margin_loss,
        lambda: (randn(5, 3), signs(5, 3).clamp(0)),
    ),
    (nn.KLDivLoss, F.kl_div, lambda: (randn(5, 3), rand(5, 3))),
    (nn.L1Loss, F.l1_loss, lambda: (randn(5, 3), randn(5, 3))),
    (
        nn.CTCLoss,
        F.ctc_loss,
        lambda: (randn(7, 2, 4).log_softmax(2), classes(3, 2, 3) + 1, (7, 6), (3, 2)),
    ),
]


def randn(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def rand(*shape: int) -> Tensor:
    return torch.rand(shape, dtype=torch.float64) + 0.1


@pytest.mark.parametrize("case", LOSSES, ids=title)
def test_loss(case: Any, tmp_path: Path) -> None:
    make, function, inputs = case
    torch.manual_seed(3)
    given = inputs()
    kind = make.__name__
    for form in (make(), make(reduction="sum"), function):
        layer = export(form, *given, path=tmp_path / "f.h5")
        assert layer.kind == kind
        assert len(layer.reference.inputs) == len(given)
        assert 0 in layer.reference.grad_inputs
        check(tmp_path / "f.h5")


def test_ctc_lengths_become_inputs(tmp_path: Path) -> None:
    given = randn(7, 2, 4).log_softmax(2), classes(3, 5) + 1
    for lengths in (((7, 6), (3, 2)), (torch.tensor([7, 6]), torch.tensor([3, 2]))):
        layer = export(nn.CTCLoss(), *given, *lengths, path=tmp_path / "f.h5")
        assert layer.reference.inputs[2].tolist() == [7, 6]
        assert layer.reference.inputs[3].tolist() == [3, 2]


@pytest.mark.parametrize(
    "options",
    [{"padding_idx": 1}, {"max_norm": 0.5, "norm_type": 1.0}, {"scale_grad_by_freq": True}],
)
def test_embedding(options: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = nn.Embedding(4, 3, **options).double()
    before = module.weight.detach().clone()
    layer = export(module, torch.tensor([[0, 1, 1], [3, 0, 0]]), path=tmp_path / "f.h5")
    assert np.array_equal(layer.parameters["weight"], before.numpy())
    assert {k: layer.attributes[k] for k in options} == options
    assert set(layer.reference.grad_parameters) == {"weight"}
    check(tmp_path / "f.h5")


def test_inputs_by_name_stand_in_the_order_of_forward(tmp_path: Path) -> None:
    class Swapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.loss = nn.MarginRankingLoss(margin=0.5)

        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            sign = torch.ones(len(a), dtype=a.dtype)
            result: Tensor = self.loss(target=sign, input2=b, input1=a)
            return result

    model, a, b = Swapped(), randn(5).requires_grad_(), randn(5)
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        model(a, b).backward()
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert root.layers[0].inputs == ["a", "b", "target"] or root.layers[0].inputs == [
        "a",
        "b",
        "const_0",
    ]
    check(tmp_path / "f.h5", least=1)


class Calling(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


FUNCTIONS: list[tuple[str, Callable[[Tensor], Any]]] = [
    ("LPPool2d", lambda x: F.lp_pool2d(x.abs(), 2.0, 2)),
    ("InstanceNorm2d", F.instance_norm),
    ("RMSNorm", lambda x: F.rms_norm(x, (8,), eps=0.01)),
    ("LocalResponseNorm", lambda x: F.local_response_norm(x, 3)),
    ("CosineSimilarity", lambda x: F.cosine_similarity(x, x * 2 + 1, dim=2)),
    ("PairwiseDistance", lambda x: F.pairwise_distance(x, x * 2 + 1, p=1)),
    ("GLU", F.glu),
    ("RReLU", lambda x: F.rrelu(x, training=True)),
    ("Threshold", lambda x: F.threshold(x, 0.1, 3)),
    ("LogSigmoid", F.logsigmoid),
    ("Softmin", lambda x: F.softmin(x, dim=1)),
    ("AlphaDropout", lambda x: F.alpha_dropout(x, 0.3, training=True)),
    ("FeatureAlphaDropout", lambda x: F.feature_alpha_dropout(x, 0.3, training=True)),
    ("Upsample", lambda x: F.interpolate(x, scale_factor=2)),
    ("Upsample", lambda x: F.interpolate(x, (5, 5), mode="area")),
    ("Upsample", lambda x: F.interpolate(x, (5, 5), mode="nearest-exact")),
    ("Upsample", lambda x: F.interpolate(x, (9, 5), mode="bicubic", align_corners=True)),
    ("Upsample", lambda x: F.upsample_bilinear(x, scale_factor=2)),
    ("Unfold", lambda x: F.unfold(x, 3, padding=1)),
    ("PixelUnshuffle", lambda x: F.pixel_unshuffle(x[:, :, :6], 2)),
    ("ChannelShuffle", lambda x: F.channel_shuffle(x, 2)),
    ("AdaptiveMaxPool2d", lambda x: F.adaptive_max_pool2d(x, 3, return_indices=True)[0]),
    ("CircularPad2d", lambda x: F.pad(x, (1, 1, 2, 0), mode="circular")),
    ("ReplicationPad2d", lambda x: F.pad(x, (1, 1, 2, 0), mode="replicate")),
    ("ZeroPad2d", lambda x: F.pad(x, (1, -2))),
    ("Unsqueeze ZeroPad3d Squeeze", lambda x: F.pad(x, (0, 0, 0, 0, 1, 1))),
    ("Unsqueeze ReflectionPad2d Squeeze", lambda x: F.pad(x[:, 0], (1, 1, 2, 0), mode="reflect")),
    ("Unsqueeze Unsqueeze Concat", lambda x: torch.stack([x, x * 2], 1)),
    ("Slice Squeeze Slice Squeeze", lambda x: sum(torch.unbind(x, 0))),
    ("Slice", lambda x: x.narrow(2, 1, 3)),
    ("Slice Squeeze", lambda x: x.select(1, -1)),
    ("Permute", lambda x: x.movedim((1, 2), (3, 0))),
    ("Unflatten", lambda x: x.unflatten(1, (2, 2))),
    ("Reshape", lambda x: x.view_as(torch.empty(2, 4, 56))),
    ("Power", lambda x: x.reciprocal()),
    ("Power Scale", lambda x: 3 / x),
    ("Power", lambda x: (x.abs() + 1).rsqrt()),
    ("MatMul", lambda x: torch.bmm(x[0], x[1].mT)),
    ("Log", lambda x: torch.log(x.abs())),
    ("Sqrt", lambda x: (x.abs() + 1).sqrt()),
    ("Split", lambda x: torch.tensor_split(x, 3, 3)[1]),
    ("Softmin", lambda x: F.softmin(x, 1)),
    ("TripletMarginLoss", lambda x: F.triplet_margin_loss(x, x * 2, x + 1, swap=True)),
    ("MSELoss", lambda x: F.mse_loss(x, x.detach() + 1, reduce=False)),
]


@pytest.mark.parametrize("case", FUNCTIONS, ids=lambda c: c[0])
def test_function(case: tuple[str, Callable[[Tensor], Any]], tmp_path: Path) -> None:
    torch.manual_seed(7)
    model, x = Calling(case[1]), randn(*PLANE).requires_grad_()
    with (
        warnings.catch_warnings(),
        cv.capture(model, tmp_path / "f.h5", quiet=True, twin="float64"),
    ):
        warnings.simplefilter("ignore")
        y = model(x)
        y.backward(torch.randn_like(y))
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    kinds = " ".join(layer.kind for layer in root.layers)
    assert case[0] in kinds
    assert "aten." not in kinds
    check(tmp_path / "f.h5")


def test_the_size_asked_of_a_transposed_convolution(tmp_path: Path) -> None:
    class Sized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = nn.ConvTranspose2d(4, 2, 3, stride=(2, 3)).double()

        def forward(self, x: Tensor) -> Tensor:
            result: Tensor = self.up(x, output_size=(16, 25))
            return result

    model = Sized()
    with cv.capture(model, tmp_path / "f.h5", quiet=True):
        y = model(randn(*PLANE).requires_grad_())
        y.backward(torch.randn_like(y))
    root = cv.read_fixture(tmp_path / "f.h5").root
    assert root is not None
    assert root.layers[0].attributes["output_padding"] == [1, 1]
    check(tmp_path / "f.h5")


def test_every_module_kind_is_tried_somewhere() -> None:
    tried = {type(case[0]()).__name__ for case in MODULES} | {c[0].__name__ for c in LOSSES}
    elsewhere = """
        Linear Conv2d ConvTranspose2d MaxPool2d AvgPool2d AdaptiveAvgPool2d BatchNorm2d GroupNorm
        ReLU ReLU6 LeakyReLU ELU SELU CELU GELU SiLU Mish Sigmoid Tanh Softplus Softmax LogSoftmax
        Hardtanh Hardswish Dropout Dropout2d Flatten Identity Embedding CrossEntropyLoss NLLLoss
        MSELoss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss
    """.split()
    assert set(MODULE_KINDS) == tried | set(elsewhere)
