import LayerKit
import Tensors

/// Tensors whose axes stand in another order, or whose buffer was read in another order.
enum LayoutCauses {
  static var named: [Cause] { [channelsLast, heightWidth] }
  static var fitted: [Cause] { [permuted] }

  /// The buffer of N H W C read as N C H W, or the inverse.
  private static var channelsLast: Cause {
    Cause(
      "layout-nhwc-read-as-nchw",
      advice: "the elements stand channels last (N H W C) and were read channels first (N C H W), "
        + "or the reverse: transpose, do not reshape",
      remedies: [
        .torch: "`x.permute(0, 3, 1, 2)`, not `x.reshape(N, C, H, W)`",
        .keras: "`tf.transpose(x, (0, 3, 1, 2))`, or write the attribute `axes` = \"NHWC\"",
        .jax: "`jnp.transpose(x, (0, 3, 1, 2))`, or write the attribute `axes` = \"NHWC\"",
      ], shownBy: "an image of more than one channel"
    ) { evidence in
      guard evidence.isImage else { return [] }
      return evidence.readings([0, 2, 3, 1])
    }
  }

  /// Rows for columns.
  private static var heightWidth: Cause {
    Cause(
      "height-width-swapped", advice: "rows and columns of the image are exchanged",
      remedies: [
        .torch: "`x.transpose(-1, -2)`", .keras: "`tf.transpose(x, (0, 2, 1, 3))`",
        .jax: "`jnp.swapaxes(x, -1, -2)`",
      ]
    ) { evidence in
      guard evidence.isImage else { return [] }
      return evidence.readings([0, 1, 3, 2])
    }
  }

  /// S = reshape(M.transpose(π)), or its inverse.
  private static var permuted: Cause {
    Cause(
      "layout-permuted", advice: "the axes stand in another order: transpose, do not reshape",
      specificity: .fitted
    ) { evidence in
      let rank = evidence.computed.shape.rank
      guard (2...5).contains(rank) else { return [] }
      return permutations(rank).dropFirst().flatMap { evidence.readings($0) }
    }
  }

  /// All orders of so many axes, the identity first.
  private static func permutations(_ rank: Int) -> [[Int]] {
    guard rank > 0 else { return [[]] }
    return permutations(rank - 1).flatMap { order in
      // The last axis goes to every place, its own one first.
      (0..<rank).reversed().map { place in
        var longer: [Int] = order
        longer.insert(rank - 1, at: place)
        return longer
      }
    }
  }
}

extension Evidence {
  /// Whether the tensor is a batch of images.
  fileprivate var isImage: Bool {
    switch tensor {
    case .output, .inputGradient: computed.shape.rank == 4
    case .parameterGradient, .buffer: false
    }
  }

  /// The right result with its axes in another order: as a tensor of that shape, or with its buffer
  /// read as the usual shape; and the right result's buffer read in that order.
  fileprivate func readings(_ order: [Int]) -> [Prediction] {
    let shape = computed.shape
    let moved = Rearrangement(permuting: shape, order)
    var predictions: [Prediction] = []
    let name = "axes \(order)"
    if suspect.shape == moved.shape, suspect.shape != shape {
      predictions.append(Prediction(computed, rearranged: moved, detail: name))
    }
    guard suspect.shape == shape else { return predictions }
    predictions.append(
      Prediction(computed, rearranged: moved.reshaped(to: shape), detail: name))
    let inverse = order.indices.map { axis in order.firstIndex(of: axis) ?? axis }
    predictions.append(
      Prediction(
        computed, rearranged: Rearrangement(permuting: moved.shape, inverse),
        detail: "axes \(order), the other way"))
    return predictions
  }
}
