// Known mistakes of transposed convolutions. Their output is the input gradient of a convolution.

import Kernels
public import LayerKit
import Tensors

extension TransposedConvolutionLayer {
  public var causes: [Cause] {
    [
      FilterCauses.rotated, weightAxes, FilterCauses.kernelAxesSwapped,
      FilterCauses.layout("hwio", [.kernel, .first, .second]),
      FilterCauses.layout("hwoi", [.kernel, .second, .first]),
      FilterCauses.edgeMissing, FilterCauses.groupOrder(settings.groups), UpstreamCauses.reversed,
      paddingSide, remainderRowsDropped, remainderAtStart, overlapOverwritten,
      UpstreamCauses.lastRowSkipped, FilterCauses.oneSample, FilterCauses.weightDecay,
      FilterCauses.biasOmitted, FilterCauses.biasTwice, FilterCauses.biasNotOverSpace,
      FilterCauses.biasOverChannels,
    ]
  }

  /// The windows over the output; nil without a sample.
  private func variants(_ evidence: Evidence) -> WindowVariants? {
    guard let x = evidence.operands.inputs.first?.shape,
      let w = evidence.operands.parameters["weight"]?.shape,
      let plan = try? TransposedPlan(settings, x, w), plan.geometry != nil
    else { return nil }
    return WindowVariants(axes: plan.axes)
  }

  private var weightAxes: Cause {
    Cause(
      "transposed-weight-axes",
      advice: "the weights of a transposed convolution are in the order I O, not O I",
      remedies: [
        .torch: "`weight.transpose(0, 1)`", .keras: "`tf.transpose(kernel, (0, 1, 3, 2))`",
        .jax: "set `transpose_kernel`, or `jnp.swapaxes(kernel, 0, 1)`",
      ], shownBy: "more than one input and output channel"
    ) { evidence in
      evidence.withFilters { [($0.exchangedBack, "read"), ($0.exchanged, "written")] }
    }
  }

  private var paddingSide: Cause {
    Cause(
      "padding-side", advice: "the cells are cut off at the other end of the output",
      shownBy: "padding that is not the same at both ends"
    ) { evidence in
      let axes = settings.stride.indices
      guard evidence.tensor != .parameterGradient("bias"),
        case .cells(let begin, let end) = settings.padding
      else { return [] }
      let totals = axes.map { begin[$0] + end[$0] }
      let zeros = axes.map { _ in 0 }
      return [
        ("begin and end exchanged", end, begin), ("all at the end", zeros, totals),
        ("all at the begin", totals, zeros),
      ].compactMap { name, first, last in
        guard first != begin else { return nil }
        return replay(evidence, detail: name) { $0.padding = .cells(begin: first, end: last) }
      }
    }
  }

  private func replay(
    _ evidence: Evidence, detail: String? = nil, _ change: (inout ConvolutionSettings) -> Void
  ) -> Prediction? {
    var changed = self
    change(&changed.settings)
    return evidence.replay(changed.erased, detail: detail)
  }

  // MARK: Output padding

  private var rest: [Int] { settings.outputPadding }

  private var remainderRowsDropped: Cause {
    Cause(
      "remainder-rows-dropped",
      advice: "the last rows and columns of the output, as many as `output_padding`, were left out",
      remedies: [.torch: "set `output_padding`", .keras: "set `output_padding`"],
      shownBy: "output padding together with padding"
    ) { evidence in
      guard evidence.tensor == .output(0), rest.contains(where: { $0 > 0 }) else { return [] }
      let shape = evidence.computed.shape
      let moves = WindowVariants.withoutLast(shape, rest)
      let empty = Prediction(evidence.computed, rearranged: moves, detail: "they are zero")
      guard let b = evidence.operands.parameters["bias"] else { return [empty] }
      let inner = shape.split(at: 1).inner
      let values = Tensor(
        shape,
        (0..<shape.count).map { place in
          moves.source(of: place) == Moves.zero
            ? b[place / inner % b.count] : evidence.computed[place]
        })
      return [empty, Prediction(likeComputed: values, detail: "they hold the bias")]
    }
  }

  private var remainderAtStart: Cause {
    Cause(
      "remainder-at-start",
      advice: "`output_padding` adds cells at the end of the output, not at its begin",
      shownBy: "output padding that is not the padding"
    ) { evidence in
      guard evidence.tensor == .output(0), rest.contains(where: { $0 > 0 }),
        case .cells(let begin, let end) = settings.padding
      else { return [] }
      // Output cell h shows what belongs to cell h − r: so many cells fewer are cut off before it.
      let shown = zip(begin, rest).map { $0 - $1 }
      let begins = shown.map { max(0, $0) }
      let ends = zip(zip(begin, end), begins).map { $0.0 + $0.1 - $1 }
      let missing = zip(shown, begins).map { $0 - $1 }
      let whole = replay(evidence) { $0.padding = .cells(begin: begins, end: ends) }
      return [whole].compactMap { whole in
        guard missing.contains(where: { $0 != 0 }) else { return whole }
        return withBias(
          evidence, whole, WindowVariants.moves(evidence.computed.shape, missing))
      }
    }
  }

  /// A replay that was moved; what comes from outside holds the bias alone.
  private func withBias(_ evidence: Evidence, _ whole: Prediction?, _ moves: Moves) -> Prediction? {
    guard let whole else { return nil }
    guard let b = evidence.operands.parameters["bias"] else { return whole.moved(by: moves) }
    let inner = moves.shape.split(at: 1).inner
    let moved = whole.moved(by: moves)
    return Prediction(of: moves.shape, margin: moved.margin, detail: moved.detail) {
      let values = moved.values
      return Tensor(
        moves.shape,
        (0..<values.count).map { place in
          moves.source(of: place) == Moves.zero ? b[place / inner % b.count] : values[place]
        })
    }
  }

  private var overlapOverwritten: Cause {
    UpstreamCauses.overlapOverwritten { evidence in
      guard evidence.tensor == .output(0), let variants = variants(evidence),
        variants.axes.contains(where: { $0.overlap > 1 && $0.output > 1 }),
        let w = evidence.operands.parameters["weight"], let x = evidence.operands.inputs.first
      else { return [] }
      let windows = OverwrittenWindows(axes: variants.axes, groups: settings.groups)
      return [
        windows.prediction(
          w, x, bias: evidence.operands.parameters["bias"], shape: evidence.computed.shape)
      ]
    }
  }
}
