// Known mistakes of fully connected layers.

public import LayerKit
import Tensors

extension Linear {
  public var causes: [Cause] {
    [
      Self.transposed, FlattenCauses.order, Self.summedFirst, FilterCauses.oneSample,
      FilterCauses.weightDecay, FilterCauses.biasOmitted, FilterCauses.biasTwice,
      FilterCauses.biasOverChannels,
    ]
  }

  /// The weights, or their gradient, with rows for columns.
  private static var transposed: Cause {
    Cause(
      "dense-transposed",
      advice: "the weights are used transposed: I O for O I",
      remedies: [
        .torch: "`nn.Linear` keeps O I: `weight.T`",
        .keras: "`Dense` keeps I O: write the attribute `axes` = \"IO\"",
        .jax: "`nn.Dense` keeps I O: write the attribute `axes` = \"IO\"",
      ], shownBy: "as many inputs as outputs, and weights that are not symmetric"
    ) { evidence in
      guard let w = evidence.operands.parameters["weight"], w.shape.rank == 2 else { return [] }
      let turned = Moves(permuting: w.shape, [1, 0])
      switch evidence.tensor {
      case .parameterGradient("weight"):
        if evidence.suspect.shape == w.shape {
          return [Prediction(evidence.computed, rearranged: turned.reshaped(to: w.shape))]
        }
        return [Prediction(evidence.computed, rearranged: turned, detail: "of the shape I O")]
      case .output, .inputGradient:
        // The buffer of I O read as O I; and the buffer of O I put right without need.
        let moves = [
          Moves(permuting: Shape([w.shape[1], w.shape[0]]), [1, 0]), turned.reshaped(to: w.shape),
        ]
        return moves.compactMap { moves in
          var operands = evidence.operands
          operands.parameters["weight"] = moves.apply(to: w)
          return evidence.replay(operands: operands)
        }
      case .parameterGradient, .buffer: return []
      }
    }
  }

  /// dW = (Σ dy)(Σ x)ᵀ, the product of the sums for the sum of the products.
  private static var summedFirst: Cause {
    Cause(
      "batch-summed-before-product",
      advice: "the gradient is the sum over the batch of products dy·xᵀ; here dy and x were summed "
        + "first", shownBy: "a batch of 2 samples or more"
    ) { evidence in
      guard evidence.tensor == .parameterGradient("weight"), let dy = evidence.upstream.first,
        let x = evidence.operands.inputs.first, x.shape.rank > 1
      else { return [] }
      let w = evidence.computed.shape
      let rows = x.shape.extents.dropLast().reduce(1, *)
      @Sendable func product(_ value: (Double) -> Double) -> Tensor<Double> {
        func sums(_ tensor: Tensor<Double>, _ width: Int) -> [Double] {
          (0..<width).map { column in
            (0..<rows).reduce(0) { $0 + value(tensor[$1 * width + column]) }
          }
        }
        let (left, right) = (sums(dy, w[0]), sums(x, w[1]))
        return Tensor(w, left.flatMap { a in right.map { a * $0 } })
      }
      return [
        Prediction(product { $0 }) {
          .sum(terms: 2 * rows, magnitude: product { $0.magnitude })
        }
      ]
    }
  }
}

extension Bilinear {
  public var causes: [Cause] {
    [
      Self.transposed, FilterCauses.oneSample, FilterCauses.weightDecay, FilterCauses.biasOmitted,
      FilterCauses.biasTwice, FilterCauses.biasOverChannels,
    ]
  }

  /// The weights, or their gradient, with the two inputs exchanged.
  private static var transposed: Cause {
    Cause(
      "dense-transposed",
      advice: "the weights are used with both inputs exchanged: O J I for O I J",
      remedies: [.torch: "`weight.transpose(1, 2)`"], shownBy: "inputs of the same extent"
    ) { evidence in
      guard let w = evidence.operands.parameters["weight"], w.shape.rank == 3 else { return [] }
      let moves = [
        Moves(permuting: Shape([w.shape[0], w.shape[2], w.shape[1]]), [0, 2, 1]),
        Moves(permuting: w.shape, [0, 2, 1]).reshaped(to: w.shape),
      ]
      return moves.compactMap { moves in
        if evidence.tensor == .parameterGradient("weight") {
          return Prediction(evidence.computed, rearranged: moves)
        }
        var operands = evidence.operands
        operands.parameters["weight"] = moves.apply(to: w)
        return evidence.replay(operands: operands)
      }
    }
  }
}

extension MatMul {
  public var causes: [Cause] { [Self.transposed] }

  /// One of the matrices with rows for columns.
  private static var transposed: Cause {
    Cause(
      "dense-transposed", advice: "one of the matrices is used transposed",
      remedies: [.torch: "`b.transpose(-1, -2)`", .keras: "`transpose_b=True`", .jax: "`b.mT`"],
      shownBy: "square matrices that are not symmetric"
    ) { evidence in
      evidence.operands.inputs.enumerated().compactMap { index, x in
        let shape = x.shape
        guard shape.rank > 1, shape[shape.rank - 1] == shape[shape.rank - 2] else { return nil }
        var order = Array(0..<shape.rank)
        order.swapAt(shape.rank - 1, shape.rank - 2)
        var operands = evidence.operands
        operands.inputs[index] = x.permuted(order)
        return evidence.replay(operands: operands, detail: "input \(index)")
      }
    }
  }
}
