// Known mistakes of arithmetic on tensors that broadcast, and of joining tensors.

public import LayerKit
import Tensors

extension Cause {
  /// The gradient of a stretched input that was not summed over the axes it was stretched along.
  static var broadcastNotReduced: Cause {
    Cause(
      "broadcast-not-reduced",
      advice: "the gradient of a stretched input is the sum over the axes that it was stretched "
        + "along",
      remedies: [
        .torch: "`grad.sum_to_size(x.shape)`", .keras: "`tf.reduce_sum` over the stretched axes",
        .jax: "`grad.sum` over the stretched axes",
      ], shownBy: "an input that is stretched along the batch and along another axis"
    ) { evidence in
      guard case .inputGradient(let index) = evidence.tensor, let dy = evidence.upstream.first
      else { return [] }
      let own = evidence.operands.inputs[index]
      guard let target = Shape.broadcast([own.shape, dy.shape]), target.count > own.count,
        own.count > 0
      else { return [] }
      // The gradient of an input that was stretched beforehand is the sum's terms one by one.
      var operands = evidence.operands
      operands.inputs[index] = own.stretched(to: target)
      guard let terms = evidence.replay(operands: operands) else { return [] }
      let strides = own.shape.broadcastStrides(to: target)
      return [terms] + evidence.parts(of: terms, target, strides)
    }
  }
}

extension Evidence {
  /// What may stand in the place of the sum of the terms: their mean, one of them, one sample's sum.
  fileprivate func parts(
    of terms: Prediction, _ target: Shape, _ strides: [Int]
  ) -> [Prediction] {
    let stretched = target.extents.indices.filter { strides[$0] == 0 && target[$0] > 1 }
    let count = stretched.reduce(1) { $0 * target[$1] }
    let shape = computed.shape
    func chosen(_ name: String, _ isIn: @escaping @Sendable ([Int]) -> Bool) -> Prediction {
      @Sendable func sums(_ value: (Double) -> Double) -> Tensor<Double> {
        var sum = Tensor(shape, repeating: 0.0)
        let values = terms.values
        for offset in 0..<target.count {
          let index = target.index(at: offset)
          guard isIn(index) else { continue }
          sum[zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }] += value(values[offset])
        }
        return sum
      }
      return Prediction(
        of: shape,
        margin: .own { .sum(terms: max(1, count) + 1, magnitude: sums { $0.magnitude }) },
        detail: name
      ) { sums { $0 } }
    }
    let mean = Prediction(
      computed, times: 1 / Double(count), detail: "the mean of \(count) elements")
    let ends = [
      chosen("the first element") { index in stretched.allSatisfy { index[$0] == 0 } },
      chosen("the last element") { index in stretched.allSatisfy { index[$0] == target[$0] - 1 } },
    ]
    guard stretched.first == 0, stretched.count > 1 else { return [mean] + ends }
    return [mean] + ends + [
      chosen("the first sample's sum") { $0[0] == 0 },
      chosen("the last sample's sum") { $0[0] == target[0] - 1 },
    ]
  }
}

extension Tensor<Double> {
  /// The tensor repeated along the axes that it is stretched along.
  fileprivate func stretched(to target: Shape) -> Tensor {
    let strides = shape.broadcastStrides(to: target)
    return Tensor(
      target,
      (0..<target.count).map { offset in
        self[Swift.zip(target.index(at: offset), strides).reduce(0) { $0 + $1.0 * $1.1 }]
      })
  }
}

extension Add {
  public var causes: [Cause] { [.broadcastNotReduced] }
}

extension Sub {
  public var causes: [Cause] { [.broadcastNotReduced] }
}

extension Mul {
  public var causes: [Cause] { [.broadcastNotReduced] }
}

extension Div {
  public var causes: [Cause] { [.broadcastNotReduced] }
}

extension Concat {
  /// Inputs joined in another order.
  public var causes: [Cause] {
    [
      Cause(
        "concat-order", advice: "the inputs are joined in another order",
        remedies: [
          .torch: "compare the order in `torch.cat`", .keras: "compare the order in `concatenate`",
          .jax: "compare the order in `jnp.concatenate`",
        ], shownBy: "inputs that are not equal"
      ) { evidence in
        let inputs = evidence.operands.inputs
        guard (2...4).contains(inputs.count) else { return [] }
        return Self.orders(inputs.count).compactMap { order in
          guard order != Array(inputs.indices) else { return nil }
          var operands = evidence.operands
          operands.inputs = order.map { inputs[$0] }
          var tensor = evidence.tensor
          if case .inputGradient(let index) = tensor, let place = order.firstIndex(of: index) {
            tensor = .inputGradient(place)
          }
          let names = order.map(String.init).joined(separator: ", ")
          return evidence.replay(operands: operands, of: tensor, detail: "inputs \(names)")
        }
      }
    ]
  }

  /// All orders of so many inputs.
  private static func orders(_ count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return orders(count - 1).flatMap { order in
      (0..<count).map { place in
        var longer = order
        longer.insert(count - 1, at: place)
        return longer
      }
    }
  }
}
