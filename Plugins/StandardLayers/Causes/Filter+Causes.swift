// Mistakes about the filters and the bias, which a convolution and a transposed one share.

import LayerKit
import Tensors

/// Causes of layers with filters, whose gradients show them directly and whose other results show
/// them in a replay with filters that were changed in the same way.
enum FilterCauses {
  static let rotated = Cause(
    "kernel-rotated-180",
    advice: "the kernel is turned by 180°: a convolution was computed for a cross-correlation, or "
      + "the reverse",
    remedies: [
      .torch: "`weight.flip(-1, -2)`", .keras: "`kernel[::-1, ::-1]`",
      .jax: "`jnp.flip(kernel, (-2, -1))` in the order O I H W",
    ], shownBy: "kernels larger than 1×1 that are not symmetric"
  ) { $0.withFilters { [($0.turned, nil)] } }

  static let kernelAxesSwapped = Cause(
    "kernel-axes-swapped", advice: "rows and columns of the kernel are exchanged",
    remedies: [
      .torch: "`weight.transpose(-1, -2)`", .keras: "`tf.transpose(kernel, (1, 0, 2, 3))`",
      .jax: "`jnp.swapaxes(kernel, -1, -2)` in the order O I H W",
    ], shownBy: "square kernels that are not symmetric"
  ) { $0.withFilters { $0.kernelAxesExchanged.map { ($0, nil) } } }

  /// `order` is that of the buffer that was read as the usual order.
  static func layout(_ name: String, _ order: [FilterMoves.StoredAxis]) -> Cause {
    let axes = name.uppercased().map(String.init).joined(separator: " ")
    return Cause(
      "layout-\(name)-read-as-oihw",
      advice: "the buffer of the weights is in the order \(axes) and was read in the order O I H W",
      remedies: [
        .torch: "transpose the weights to O I H W with `permute` before they are used",
        .keras: "Keras keeps H W I O: write the attribute `axes` = \"\(name.uppercased())\"",
        .jax: "write the attribute `axes` = \"\(name.uppercased())\", or `jnp.transpose` them",
      ], shownBy: "numbers of inputs, of outputs and of taps that are all different"
    ) { $0.withFilters { $0.readings(order).map { ($0.moves, $0.direction) } } }
  }

  static let edgeMissing = Cause(
    "kernel-edge-missing",
    advice:
      "the gradient lacks a row and a column at the edge of each kernel: a loop over the taps "
      + "begins at 1 or ends one too early"
  ) { evidence in
    guard evidence.tensor == .parameterGradient("weight"), evidence.computed.shape.rank > 2
    else { return [] }
    let moves = FilterMoves(shape: evidence.computed.shape)
    return [("last", true), ("first", false)].map { edge, isLast in
      Prediction(
        evidence.computed, rearranged: moves.withoutEdge(last: isLast),
        detail: "the \(edge) row and column")
    }
  }

  /// S − M = λw.
  static let weightDecay = Cause(
    "weight-decay-in-gradient",
    advice: "the gradient contains λ times the weight: record it before the optimiser adds the "
      + "decay",
    remedies: [
      .torch: "read `.grad` before `optimizer.step()`, or set `weight_decay=0`",
      .keras: "remove the `kernel_regularizer` from the layer, or the penalty from the loss",
      .jax: "take `jax.grad` of the loss without the penalty",
    ], specificity: .fitted
  ) { evidence in
    guard evidence.tensor == .parameterGradient("weight"),
      let w = evidence.operands.parameters["weight"], w.shape == evidence.suspect.shape
    else { return [] }
    var (mixed, squares) = (0.0, 0.0)
    for i in 0..<w.count {
      mixed += (evidence.suspect[i] - evidence.computed[i]) * w[i]
      squares += w[i] * w[i]
    }
    let decay = mixed / squares
    guard decay.isFinite, decay > 0 else { return [] }
    return [
      Prediction(
        likeComputed: evidence.computed.zip(w) { $0 + decay * $1 }, detail: "λ = \(decay)",
        fitted: 1)
    ]
  }

  /// The gradient of one sample in the place of the sum over all.
  static let oneSample = Cause(
    "batch-one-sample-only",
    advice: "the gradient is that of one sample, not the sum over the batch: add up over n"
  ) { evidence in
    guard case .parameterGradient = evidence.tensor, let dy = evidence.upstream.first,
      dy.shape.rank > 1, dy.shape[0] > 1,
      evidence.operands.inputs.allSatisfy({ $0.shape.rank > 1 && $0.shape[0] == dy.shape[0] })
    else { return [] }
    return [0, dy.shape[0] - 1].compactMap { sample in
      var operands = evidence.operands
      operands.inputs = operands.inputs.map { $0.sample(sample) }
      return evidence.replay(
        operands: operands, upstream: [dy.sample(sample)], detail: "sample \(sample) alone")
    }
  }

  // MARK: Bias

  static let biasOmitted = bias(
    "bias-omitted", times: -1, advice: "the bias was not added to the output")
  static let biasTwice = bias(
    "bias-added-twice", times: 1, advice: "the bias was added twice")

  private static func bias(_ id: String, times factor: Double, advice: String) -> Cause {
    Cause(id, advice: advice, shownBy: "a bias that is not zero") { evidence in
      guard case .output = evidence.tensor, let b = evidence.operands.parameters["bias"],
        evidence.suspect.shape == evidence.computed.shape
      else { return [] }
      let shape = evidence.computed.shape
      // Channels stand on axis 1 of images, and on the last axis of rows.
      let axis =
        evidence.operands.parameters["weight"].map { $0.shape.rank > 2 } == true
          && evidence.operands.inputs.count == 1 ? 1 : shape.rank - 1
      let inner = shape.split(at: axis).inner
      let values = Tensor(
        shape,
        evidence.computed.elements.indices.map {
          evidence.computed[$0] + factor * b[$0 / inner % b.count]
        })
      return [Prediction(likeComputed: values)]
    }
  }

  static let biasOverChannels = Cause(
    "bias-summed-over-channels",
    advice: "the gradient of the bias was summed over the channels too: keep one sum for each"
  ) { evidence in
    guard evidence.tensor == .parameterGradient("bias"), let dy = evidence.upstream.first
    else { return [] }
    let shape = evidence.computed.shape
    let sum = evidence.computed.elements.reduce(0, +)
    let magnitude = dy.elements.reduce(0) { $0 + $1.magnitude }
    return [
      Prediction(Tensor(shape, repeating: sum)) {
        .sum(terms: dy.count, magnitude: Tensor(shape, repeating: magnitude), products: false)
      }
    ]
  }

  static let biasNotOverSpace = Cause(
    "bias-not-summed-over-space",
    advice: "the gradient of the bias must be summed over the batch and all positions",
    remedies: [
      .torch: "`grad_output.sum((0, 2, 3))`", .keras: "`tf.reduce_sum(dy, (0, 1, 2))`",
      .jax: "`dy.sum((0, 2, 3))`",
    ]
  ) { evidence in
    guard evidence.tensor == .parameterGradient("bias"), let dy = evidence.upstream.first,
      dy.shape.rank > 2
    else { return [] }
    let (samples, channels) = (dy.shape[0], dy.shape[1])
    let area = dy.count / max(1, samples * channels)
    guard area > 1 else { return [] }
    let plane = Shape(Array(dy.shape.extents.dropFirst()))
    func overBatch(_ shape: Shape, step: Int) -> Prediction {
      let size = channels * area
      @Sendable func sums(_ value: (Double) -> Double) -> Tensor<Double> {
        Tensor(
          shape,
          (0..<shape.count).map { place in
            (0..<samples).reduce(0) { $0 + value(dy[$1 * size + place * step]) }
          })
      }
      return Prediction(sums { $0 }, detail: step > 1 ? "the first position alone" : nil) {
        .sum(terms: samples, magnitude: sums { $0.magnitude }, products: false)
      }
    }
    return [
      Prediction(dy, detail: "it is the upstream gradient itself") { .exact },
      overBatch(plane, step: 1), overBatch([channels], step: area),
    ]
  }

  // MARK: Groups

  /// Channels that stand in the order of the groups' members instead of that of the groups.
  static func groupOrder(_ groups: Int) -> Cause {
    Cause(
      "group-order",
      advice: "the channels of the groups stand interleaved (c mod G) instead of one group after "
        + "the other",
      remedies: [.torch: "`x.reshape(N, G, C // G, H, W)`, not `(N, C // G, G, H, W)`"],
      shownBy: "2 groups or more of 2 channels or more"
    ) { evidence in
      let shape = evidence.computed.shape
      guard groups > 1, shape.rank > 0 else { return [] }
      let axis: Int
      switch evidence.tensor {
      case .output, .inputGradient: axis = 1
      case .parameterGradient, .buffer: axis = 0
      }
      guard shape.rank > axis, shape[axis] % groups == 0 else { return [] }
      let moved = GroupMoves(shape: shape, axis: axis, groups: groups).both.map {
        Prediction(evidence.computed, rearranged: $0.moves, detail: $0.name)
      }
      return moved + evidence.withInputGroups(groups)
    }
  }
}

extension Evidence {
  /// The gradient of the filters with its elements moved, or the replay with moved filters.
  func withFilters(_ moves: (FilterMoves) -> [(Moves, String?)]) -> [Prediction] {
    guard let w = operands.parameters["weight"], w.shape.rank > 2, w.count > 0 else { return [] }
    let all = moves(FilterMoves(shape: w.shape))
    switch tensor {
    case .parameterGradient("weight"):
      return all.map { Prediction(computed, rearranged: $0, detail: $1) }
    case .output, .inputGradient:
      return all.compactMap { moved, detail in
        var operands = operands
        operands.parameters["weight"] = moved.apply(to: w)
        return replay(operands: operands, detail: detail)
      }
    case .parameterGradient, .buffer: return []
    }
  }

  /// A replay in which the channels of the input stand in the other order.
  fileprivate func withInputGroups(_ groups: Int) -> [Prediction] {
    guard let x = operands.inputs.first, x.shape.rank > 1, x.shape[1] % groups == 0 else {
      return []
    }
    switch tensor {
    case .output, .parameterGradient("weight"): break
    case .inputGradient, .parameterGradient, .buffer: return []
    }
    return GroupMoves(shape: x.shape, axis: 1, groups: groups).both.compactMap { moves, name in
      var operands = operands
      operands.inputs[0] = moves.apply(to: x)
      return replay(operands: operands, detail: "\(name) in the input")
    }
  }
}
