import LayerKit
import Tensors
import Testing

// The numbers are those of PyTorch 2.13 in double precision, computed from random eighths.
private let cases: [TorchCase] = [
  TorchCase(
    "rows", "CosineSimilarity", [:],
    inputs: [
      tensor([2, 3], "0.75 -0.625 -0.75 -2 1.125 1.375"),
      tensor([2, 3], "1.125 -0.625 -0.25 0.125 -2 -1.125"),
    ],
    upstream: tensor([2], "1.625 1.75"),
    output: tensor([2], "0.8809660710658838 -0.6582769904533394"),
    inputGradients: [
      tensor(
        [2, 3],
        """
        0.42426495616869486 -0.03892339047419213 0.4567011148971888 -0.2863695251753817 \
        -0.38822260371714123 -0.09890081539562151
        """),
      tensor(
        [2, 3],
        """
        -0.18191377311620183 -0.10869061915747913 -0.5468854311292111 -0.5420547295448976 \
        -0.11601171333433241 0.14601474264493547
        """),
    ]),
  TorchCase(
    "a vector of 0", "CosineSimilarity", [:],
    inputs: [
      tensor([2, 3], "0.75 -0.75 -1.25 0 0 0"), tensor([2, 3], "0.75 0.375 0.5 -0.625 1.25 1.25"),
    ],
    upstream: tensor([2], "1.75 -0.75"),
    output: tensor([2], "-0.214779852535754 0"),
    inputGradients: [
      tensor(
        [2, 3],
        """
        0.9249610139859002 0.30514177780978147 0.3718915417056713 25000000 -50000000 \
        -50000000
        """),
      tensor(
        [2, 3],
        """
        1.1158309477490884 -0.6721873179211375 -1.1696059331827795 -0 0 0
        """),
    ]),
  TorchCase(
    "norms below ε", "CosineSimilarity", ["dim": 0, "eps": 10.0],
    inputs: [
      tensor([3, 2], "0.25 -0.375 -0.25 0.125 -0.5 -0.25"), tensor([3, 1], "-2 0.25 1.75"),
    ],
    upstream: tensor([2], "0.25 -0.5"),
    output: tensor([2], "-0.014375 0.0034375000000000005"),
    inputGradients: [
      tensor(
        [3, 2],
        """
        -0.004853285770614549 0.009862193422138907 0.00047828577061454923 \
        -0.0012040644740463021 0.004081571541229098 -0.008841871051907394
        """),
      tensor(
        [3, 1],
        """
        0.00210195103007778 -0.0012002438787597227 0.0003482928486819425
        """),
    ]),
  TorchCase(
    "the distance of Euclid", "PairwiseDistance", [:],
    inputs: [tensor([2, 3], "0.25 -1.375 -1.625 -1.75 2 -0.75"), tensor([3], "1.25 1.375 -0.25")],
    upstream: tensor([2], "1.75 -1.625"),
    output: tensor([2], "3.2331277039428863 3.1049346611487656"),
    inputGradients: [
      tensor(
        [2, 3],
        """
        -0.5412709952241694 -1.4884961840916549 -0.7442478214100593 1.5700808252101335 \
        -0.3271008043126543 0.26167970140131436
        """), tensor([3], "-1.028809829985964 1.8155969884043093 0.48256812000874494"),
    ]),
  TorchCase(
    "equal vectors without ε", "PairwiseDistance", ["eps": 0.0],
    inputs: [
      tensor([2, 3], "0.75 -0.75 -1.25 -0.375 1.75 1"),
      tensor([2, 3], "0.75 -0.75 -1.25 -0.375 1.75 1"),
    ],
    upstream: tensor([2], "-1.625 0.875"),
    output: tensor([2], "0 0"),
    inputGradients: [tensor([2, 3], "-0 -0 -0 0 0 0"), tensor([2, 3], "0 0 0 -0 -0 -0")]),
  TorchCase(
    "sums of magnitudes", "PairwiseDistance", ["p": 1.0, "eps": 0.0, "keepdim": true],
    inputs: [
      tensor([2, 3], "1.5 -0.125 -0.125 -1.25 -0.5 2"),
      tensor([2, 3], "1.125 0 1.875 -0.625 1.125 0"),
    ],
    upstream: tensor([2, 1], "-1.25 -1.625"),
    output: tensor([2, 1], "2.5 4.25"),
    inputGradients: [
      tensor([2, 3], "-1.25 1.25 1.25 1.625 1.625 -1.625"),
      tensor([2, 3], "1.25 -1.25 -1.25 -1.625 -1.625 1.625"),
    ]),
  TorchCase(
    "ties of largest magnitudes", "PairwiseDistance", ["p": .real(.infinity), "eps": 0.0],
    inputs: [tensor([2, 3], "1 -1 0.5 0.25 -2 2"), tensor([2, 3], "0 0 0 0 0 0")],
    upstream: tensor([2], "-0.25 1.375"),
    output: tensor([2], "1 2"),
    inputGradients: [
      tensor([2, 3], "-0.125 0.125 -0 0 -0.6875 0.6875"),
      tensor([2, 3], "0.125 -0.125 0 -0 0.6875 -0.6875"),
    ]),
  TorchCase(
    "a power of 3 and an element of 0", "PairwiseDistance", ["p": 3.0, "eps": 0.0],
    inputs: [tensor([2, 3], "1 -1 0.5 0.25 -2 2"), tensor([3], "1 0 0")],
    upstream: tensor([2], "0 0.25"),
    output: tensor([2], "1.040041911525952 2.541797299864053"),
    inputGradients: [
      tensor(
        [2, 3],
        """
        0 -0 0 -0.021766104375619873 -0.15478118667107466 0.15478118667107466
        """),
      tensor(
        [3],
        """
        0.021766104375619873 0.15478118667107466 -0.15478118667107466
        """),
    ]),
  TorchCase(
    "a power below 1", "PairwiseDistance", ["p": 0.5, "eps": 0.5],
    inputs: [tensor([1, 3], "1.25 0.375 -0.25"), tensor([1, 3], "0.125 1.125 1.75")],
    upstream: tensor([1], "1.875"),
    output: tensor([1], "8.996998748988982"),
    inputGradients: [
      tensor([1, 3], "4.41187723707542 -11.248124061711694 -4.592027419119243"),
      tensor([1, 3], "-4.41187723707542 11.248124061711694 4.592027419119243"),
    ]),
]

@Test(arguments: cases)
func `distances as in PyTorch`(_ example: TorchCase) throws { try example.check() }
