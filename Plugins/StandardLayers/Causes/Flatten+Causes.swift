// Images that became vectors in another order.

public import LayerKit
import Tensors

/// The order in which the elements of an image stand in a vector.
enum FlattenCauses {
  /// Columns in the order H W C or W H C for C H W, or the reverse.
  static let order = Cause(
    "flatten-order",
    advice: "the image was flattened in another order of its axes",
    remedies: [
      .torch: "torch flattens C H W: `x.permute(0, 3, 1, 2).flatten(1)` for channels-last images",
      .keras: "Keras flattens H W C: permute the rows of the next kernel, as `weights` does",
      .jax: "JAX flattens H W C: `x.transpose(0, 3, 1, 2).reshape(N, -1)`",
    ], shownBy: "more than one channel, row and column"
  ) { evidence in
    guard let image = evidence.flattened, image.rank == 3, image.count > 1 else { return [] }
    return orders.flatMap { order, name in
      columns(image, order).compactMap { columns, direction in
        prediction(evidence, columns, detail: "\(name)\(direction)")
      }
    }
  }

  private static let orders = [([1, 2, 0], "H W C"), ([2, 1, 0], "W H C")]

  /// For each column the one that stands there, and the reverse.
  static func columns(_ image: Shape, _ order: [Int]) -> [(columns: Moves, direction: String)] {
    let moved = Moves(permuting: image, order)
    let inverse = order.indices.map { axis in order.firstIndex(of: axis) ?? axis }
    return [
      (moved.reshaped(to: [image.count]), ""),
      (
        Moves(permuting: moved.shape, inverse).reshaped(to: [image.count]), ", the other way"
      ),
    ]
  }

  /// The columns of x, of dx, and of dW are those of the image.
  private static func prediction(
    _ evidence: Evidence, _ columns: Moves, detail: String
  ) -> Prediction? {
    let width = columns.shape.count
    switch evidence.tensor {
    case .output:
      guard let x = evidence.operands.inputs.first, x.shape.extents.last == width else {
        return nil
      }
      var operands = evidence.operands
      operands.inputs[0] = moves(of: x.shape, columns).apply(to: x)
      return evidence.replay(operands: operands, detail: detail)
    case .inputGradient, .parameterGradient("weight"):
      guard evidence.computed.shape.extents.last == width else { return nil }
      return Prediction(
        evidence.computed, rearranged: moves(of: evidence.computed.shape, columns), detail: detail)
    case .parameterGradient, .buffer: return nil
    }
  }

  private static func moves(of shape: Shape, _ columns: Moves) -> Moves {
    let width = columns.shape.count
    return Moves(shape) { $0 / width * width + columns.source(of: $0 % width) }
  }
}

extension Flatten {
  public var causes: [Cause] {
    [
      Cause(
        "flatten-order", advice: FlattenCauses.order.advice, remedies: FlattenCauses.order.remedies,
        shownBy: FlattenCauses.order.shownBy, specificity: .specific
      ) { evidence in
        guard let x = evidence.operands.inputs.first?.shape, x.rank > 2, evidence.isOneToOne else {
          return []
        }
        let shape = evidence.computed.shape
        let sample = Shape(Array(x.extents.dropFirst()))
        // All orders of the axes but the batch, whose buffer is read as the usual order.
        return Self.orders(sample.rank).flatMap { order -> [Prediction] in
          FlattenCauses.columns(sample, order).map { columns, direction in
            Prediction(
              evidence.computed,
              rearranged: Moves(shape) {
                $0 / sample.count * sample.count + columns.source(of: $0 % sample.count)
              }, detail: "axes \(order)\(direction)")
          }
        }
      }
    ]
  }

  /// Channels last, and channels last with rows for columns.
  private static func orders(_ rank: Int) -> [[Int]] {
    let last = Array(1..<rank) + [0]
    let turned = Array((0..<rank).reversed())
    return rank > 2 ? [last, turned] : [last]
  }
}

extension Evidence {
  /// Whether the tensor holds all elements of the input, a batch of images.
  fileprivate var isOneToOne: Bool {
    switch tensor {
    case .output, .inputGradient: computed.count == operands.inputs.first?.count
    case .parameterGradient, .buffer: false
    }
  }
}
