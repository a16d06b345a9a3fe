public import LayerKit
public import Tensors

/// What a layer's shapes and data hide whatever its kind is.
public enum GeneralBlindSpots {
  /// The blind spots of a layer with these operands.
  public static func find<S>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] where S: Scalar & Equatable {
    var spots: [BlindSpot] = []
    if !upstream.isEmpty, upstream.allSatisfy({ $0.elements.allSatisfy { $0 == .zero } }) {
      spots.append(
        BlindSpot(
          "an upstream gradient of zeros",
          hides: ["sign", "accumulated-twice", "scaled-by-batch", "constant-factor"]))
    }
    guard let shape = operands.inputs.first?.shape, shape.rank > 1 else { return spots }
    if shape[0] == 1 {
      spots.append(
        BlindSpot(
          "one sample",
          hides: [
            "scaled-by-batch", "loss-reduction", "batch-one-sample-only", "batch-order-reversed",
            "first-sample-broadcast",
          ]))
    } else if shape[0] == 2 {
      // It shows, and cannot be told from `accumulated-twice`.
      spots.append(BlindSpot("two samples", hides: ["scaled-by-batch"]))
    }
    if shape[1] == 1, shape.rank > 2 {
      spots.append(
        BlindSpot("one channel", hides: ["layout-nhwc-read-as-nchw", "flatten-order"]))
    }
    return spots
  }
}
