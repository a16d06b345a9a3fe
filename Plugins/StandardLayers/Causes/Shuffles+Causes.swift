// Known mistakes of layers that put the same elements into another order.

public import LayerKit
import Tensors

extension PixelShuffle {
  public var causes: [Cause] {
    [
      .pixelShuffleOrder { shape in
        let (r, lead) = (factor, shape.rank - 3)
        let (c, h, w) = (shape[lead] / (r * r), shape[lead + 1], shape[lead + 2])
        let outer = Array(shape.extents[..<lead])
        func order(_ channels: [Int], _ axes: [Int]) -> Rearrangement {
          Rearrangement(
            split: Shape(outer + channels + [h, w]),
            order: outer.indices + axes.map { lead + $0 },
            joined: Shape(outer + [c, h * r, w * r]))
        }
        return [
          (order([r, r, c], [2, 3, 0, 4, 1]), Order.channelsLast),
          (order([c, r, r], [0, 3, 2, 4, 1]), Order.transposed),
          (order([r, r, c], [2, 3, 1, 4, 0]), Order.both),
        ]
      }
    ]
  }
}

extension PixelUnshuffle {
  public var causes: [Cause] {
    [
      .pixelShuffleOrder { shape in
        let (r, lead) = (factor, shape.rank - 3)
        let (c, h, w) = (shape[lead], shape[lead + 1] / r, shape[lead + 2] / r)
        let outer = Array(shape.extents[..<lead])
        func order(_ axes: [Int]) -> Rearrangement {
          Rearrangement(
            split: Shape(outer + [c, h, r, w, r]),
            order: outer.indices + axes.map { lead + $0 },
            joined: Shape(outer + [c * r * r, h, w]))
        }
        return [
          (order([2, 4, 0, 1, 3]), Order.channelsLast),
          (order([0, 4, 2, 1, 3]), Order.transposed),
          (order([4, 2, 0, 1, 3]), Order.both),
        ]
      }
    ]
  }
}

/// What a report says about the order of the channels that make a block.
private enum Order {
  static let channelsLast = "channels ordered r r C"
  static let transposed = "rows and columns of the block exchanged"
  static let both = "channels ordered r r C, rows and columns exchanged"
}

extension ChannelShuffle {
  public var causes: [Cause] {
    [
      Cause(
        "channel-shuffle-order",
        advice: "the inverse permutation was applied: reshape C to (groups, C/groups), transpose,"
          + " flatten; the backward pass is the inverse",
        shownBy: "groups whose square is not the number of channels"
      ) { evidence in
        let shape = evidence.operands.inputs[0].shape
        guard let plan = try? rearrangement(of: shape) else { return [] }
        let inverse = Rearrangement(
          split: [shape[0], plan.split[2], plan.split[1], plan.split[3]], order: [0, 2, 1, 3],
          joined: shape)
        return [evidence.replay(AnyLayer(OtherOrder(plan: { _ in inverse })))].compactMap { $0 }
      }
    ]
  }
}

extension Cause {
  fileprivate static func pixelShuffleOrder(
    _ plans: @escaping @Sendable (Shape) -> [(plan: Rearrangement, name: String)]
  ) -> Cause {
    Cause(
      "pixel-shuffle-order",
      advice: "the channels of a block are in another order: C, then rows, then columns"
        + " of the block",
      remedies: [
        .torch: "`nn.PixelShuffle` has C r r",
        .keras: "`tf.nn.depth_to_space` has r r C: transpose the channels first",
      ], shownBy: "more than one channel of the result"
    ) { evidence in
      plans(evidence.operands.inputs[0].shape).compactMap { plan, name in
        evidence.replay(AnyLayer(OtherOrder(plan: { _ in plan })), detail: name)
      }
    }
  }
}

/// A layer that puts elements into an order of its own.
private struct OtherOrder: RearrangingLayer {
  static let kind = "OtherOrder"
  static let examples: [LayerExample] = []

  let plan: @Sendable (Shape) -> Rearrangement

  init(plan: @escaping @Sendable (Shape) -> Rearrangement) { self.plan = plan }

  init(_ hyperparameters: inout HyperparameterReader) {
    self.init { Rearrangement(split: $0, order: Array(0..<$0.rank), joined: $0) }
  }

  func rearrangement(of input: Shape) throws -> Rearrangement { plan(input) }
}
