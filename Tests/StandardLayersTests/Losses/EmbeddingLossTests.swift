import LayerKit
import StandardLayers
import Tensors
import Testing

@Test(arguments: embeddings)
func `cosines and distances are those of PyTorch`(_ example: LossCase) throws {
  try example.check()
}

// Values and gradients of torch 2.13.0+cpu in float64, with `backward(upstream)`.
private let embeddings: [LossCase] = [
  LossCase(
    "directions", "CosineEmbeddingLoss", ["margin": 0.25, "reduction": "none"],
    inputs: [
      tensor([5, 2], "1 2 1 2 1 0 0 0 3 4"), tensor([5, 2], "2 1 2 1 -1 0 1 0 1 1"),
      tensor([5], "1 -1 -1 1 0"),
    ],
    upstream: tensor([5], "1 1 1 1 1"),
    value: tensor([5], "0.20000000000016005 0.54999999999984 0 1 0"),
    gradients: [
      tensor(
        [5, 2],
        "-0.23999999999998398 0.11999999999991201 0.23999999999998398 -0.11999999999991201 0 0 -1000000.0019974014 0 0 0"
      ),
      tensor(
        [5, 2],
        "0.11999999999991201 -0.23999999999998398 -0.11999999999991201 0.23999999999998398 0 0 0 0 0 0"
      ), nil,
    ]),
  LossCase(
    "one vector for all, of one element", "CosineEmbeddingLoss", ["reduction": "mean"],
    inputs: [tensor([1, 3], "1 -2 3"), tensor([2, 1], "2 -1"), tensor([2], "1 -1")],
    upstream: tensor([], "1"), value: tensor([], "0.23273875808761857"),
    gradients: [
      tensor([1, 3], "-0.11454053224816484 -0.17181079837224247 -0.07636035483211308"),
      tensor([2, 1], "-3.344546861683284e-14 0"), nil,
    ]),
  LossCase(
    "no batch axis", "CosineEmbeddingLoss", ["margin": -0.5],
    inputs: [tensor([2], "1 2"), tensor([2], "2 -3"), tensor([], "-1")],
    upstream: tensor([], "1"), value: tensor([], "0.0038610616432349087"),
    gradients: [
      tensor([2], "0.3472972568497157 -0.17364862842490747"),
      tensor([2], "0.2003638020286877 0.1335758680191379"), nil,
    ]),
  LossCase(
    "p = 1", "TripletMarginLoss",
    ["eps": 0.0, "margin": 2.0, "p": 1.0, "reduction": "none", "swap": false],
    inputs: [
      tensor([2, 2], "1 0.5 1 1"), tensor([2, 2], "1 0.5 2 3"), tensor([2, 2], "0 1 0 5"),
    ],
    upstream: tensor([2], "1 1"), value: tensor([2], "0.5 0"),
    gradients: [
      tensor([2, 2], "-1 1 -2 0"), tensor([2, 2], "0 0 1 1"), tensor([2, 2], "1 -1 1 -1"),
    ]),
  LossCase(
    "p = 2, equal distances", "TripletMarginLoss",
    ["eps": 0.0, "margin": 2.0, "p": 2.0, "reduction": "none", "swap": true],
    inputs: [
      tensor([2, 2], "1 0.5 1 1"), tensor([2, 2], "1 0.5 2 3"), tensor([2, 2], "0 1 0 5"),
    ],
    upstream: tensor([2], "1 1"), value: tensor([2], "0.8819660112501051 1.4076408527535995"),
    gradients: [
      tensor(
        [2, 2], "-0.4472135954999579 0.22360679774997896 -0.4472135954999579 -0.8944271909999159"),
      tensor(
        [2, 2], "-0.4472135954999579 0.22360679774997896 -0.25989318568658953 1.6015339721864632"),
      tensor(
        [2, 2], "0.8944271909999159 -0.4472135954999579 0.7071067811865475 -0.7071067811865475"),
    ]),
  LossCase(
    "p = 3", "TripletMarginLoss",
    ["eps": 1e-06, "margin": 2.0, "p": 3.0, "reduction": "none", "swap": true],
    inputs: [
      tensor([2, 2], "1 0.5 1 1"), tensor([2, 2], "1 0.5 2 3"), tensor([2, 2], "0 1 0 5"),
    ],
    upstream: tensor([2], "1 1"), value: tensor([2], "0.9599586550328989 1.5602405676594553"),
    gradients: [
      tensor(
        [2, 2], "0.1677193672207553 0.7455201210191027 -0.23112021934308744 -0.9244818018543829"),
      tensor(
        [2, 2], "-1.092201682674116 -0.5144009288757687 -0.3988409355647168 1.5544416968411372"),
      tensor(
        [2, 2], "0.9244823154533608 -0.23111919214333387 0.6299611549078042 -0.6299598949867543"),
    ]),
  LossCase(
    "p = 1.5", "TripletMarginLoss",
    ["eps": 1e-06, "margin": 2.0, "p": 1.5, "reduction": "none", "swap": false],
    inputs: [
      tensor([2, 2], "1 0.5 1 1"), tensor([2, 2], "1 0.5 2 3"), tensor([2, 2], "0 1 0 5"),
    ],
    upstream: tensor([2], "1 1"), value: tensor([2], "0.7763709152353875 0.1205110413515591"),
    gradients: [
      tensor(
        [2, 2], "-0.11031323166638585 1.4329338254535422 -1.1199840136515773 0.057486184281328234"),
      tensor(
        [2, 2], "-0.7937005259840996 -0.7937005259840996 0.6392338897992412 0.9040134624861024"),
      tensor(
        [2, 2], "0.9040137576504854 -0.6392332994694426 0.4807501238523362 -0.9614996467674306"),
    ]),
  LossCase(
    "p = ½", "TripletMarginLoss",
    ["eps": 0.25, "margin": 2.0, "p": 0.5, "reduction": "none", "swap": false],
    inputs: [
      tensor([2, 2], "1 0.5 1 1"), tensor([2, 2], "1 0.5 2 3"), tensor([2, 2], "0 1 0 5"),
    ],
    upstream: tensor([2], "1 1"), value: tensor([2], "0.3819660112501051 0"),
    gradients: [
      tensor([2, 2], "0.5527864045000421 5.23606797749979 0 0"), tensor([2, 2], "-2 -2 0 0"),
      tensor([2, 2], "1.4472135954999579 -3.23606797749979 0 0"),
    ]),
  LossCase(
    "p = ∞, a tie", "TripletMarginLoss",
    ["eps": 0.0, "margin": 2.0, "p": .real(.infinity), "reduction": "none", "swap": false],
    inputs: [
      tensor([2, 2], "1 0.5 1 1"), tensor([2, 2], "1 0.5 2 3"), tensor([2, 2], "0 1 0 5"),
    ],
    upstream: tensor([2], "1 1"), value: tensor([2], "1 0"),
    gradients: [
      tensor([2, 2], "-1 0 0 0"), tensor([2, 2], "0 0 0 1"), tensor([2, 2], "1 0 0 -1"),
    ]),
  LossCase(
    "the rising side of the hinge", "TripletMarginLoss",
    ["eps": 0.0, "margin": 1.0, "reduction": "none"],
    inputs: [tensor([2, 2], "0 0 0 0"), tensor([2, 2], "3 4 3 4"), tensor([2, 2], "6 0 0 7")],
    upstream: tensor([2], "1 1"), value: tensor([2], "0 0"),
    gradients: [
      tensor([2, 2], "0.4 -0.8 0 0"), tensor([2, 2], "0.6 0.8 0 0"), tensor([2, 2], "-1 0 0 0"),
    ]),
  LossCase(
    "the default distance", "TripletMarginWithDistanceLoss", ["margin": 3.0, "swap": true],
    inputs: [tensor([2, 2], "1 2 0 1"), tensor([2, 2], "2 2 1 1"), tensor([2, 2], "0 0 2 1")],
    upstream: tensor([], "1"), value: tensor([], "2.3819648404299394"),
    gradients: [
      tensor(
        [2, 2], "-0.72360688719239 -0.44721305077811624 -0.49999999999975003 5.000005000002501e-07"),
      tensor(
        [2, 2],
        "0.49999999999975003 -5.000005000002501e-07 0.9999999999995001 -1.0000010000005002e-06"),
      tensor(
        [2, 2], "0.22360688719263988 0.44721355077861624 -0.49999999999975003 5.000005000002501e-07"
      ),
    ]),
]
