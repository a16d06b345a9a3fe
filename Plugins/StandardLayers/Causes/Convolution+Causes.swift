// Known mistakes of convolutions.
// Source: V. Dumoulin, F. Visin, *A guide to convolution arithmetic for deep learning*, 2016, §4: most
// of them leave out one of the terms of its gradients.

import Kernels
public import LayerKit
import Tensors

extension ConvolutionLayer {
  public var causes: [Cause] {
    let filters = [
      FilterCauses.rotated, channelsSwapped, FilterCauses.kernelAxesSwapped,
      FilterCauses.layout("hwio", [.kernel, .second, .first]),
      FilterCauses.layout("hwoi", [.kernel, .first, .second]),
      FilterCauses.layout("ohwi", [.first, .kernel, .second]),
      FilterCauses.edgeMissing, FilterCauses.groupOrder(settings.groups),
    ]
    let windows = [
      UpstreamCauses.reversed, strideIgnored, dilationIgnored, paddingSide, paddingMode,
      wrongOuterPadding, remainderRowsDropped, remainderAtStart, overlapOverwritten,
      UpstreamCauses.lastRowSkipped,
    ]
    return filters + windows + [
      FilterCauses.oneSample, FilterCauses.weightDecay, FilterCauses.biasOmitted,
      FilterCauses.biasTwice, FilterCauses.biasNotOverSpace, FilterCauses.biasOverChannels,
    ]
  }

  // MARK: Other settings

  private func replay(
    _ evidence: Evidence, detail: String? = nil, _ change: (inout ConvolutionSettings) -> Void
  ) -> Prediction? {
    var changed = self
    change(&changed.settings)
    return evidence.replay(changed.erased, detail: detail)
  }

  /// The windows over the operands; nil where the layer has none, or pads with copies of cells.
  private func variants(_ evidence: Evidence) -> WindowVariants? {
    guard let x = evidence.operands.inputs.first?.shape,
      let w = evidence.operands.parameters["weight"]?.shape, settings.paddingMode == .zeros,
      let plan = try? ConvolutionPlan(settings, x, w), plan.geometry != nil
    else { return nil }
    return WindowVariants(axes: plan.axes)
  }

  private func isInputGradient(_ evidence: Evidence) -> Bool {
    evidence.tensor == .inputGradient(0)
  }

  private func isBackward(_ evidence: Evidence) -> Bool {
    isInputGradient(evidence) || evidence.tensor == .parameterGradient("weight")
  }

  // MARK: Channels

  private var channelsSwapped: Cause {
    Cause(
      "channels-swapped",
      advice: "input and output channels of the weights are exchanged",
      remedies: [
        .torch: "`weight.transpose(0, 1)`", .keras: "`tf.transpose(kernel, (0, 1, 3, 2))`",
        .jax: "`jnp.swapaxes(kernel, 0, 1)` in the order O I H W",
      ], shownBy: "more than one input and output channel"
    ) { evidence in
      evidence.withFilters { moves in
        moves.shape[0] == moves.shape[1] ? [(moves.exchanged, nil)] : []
      }
    }
  }

  // MARK: Windows

  private var strideIgnored: Cause {
    Cause(
      "stride-ignored",
      advice: "the upstream gradient was not spread by the stride: set s − 1 zeros between its "
        + "elements", shownBy: "a stride of 2 or more and more than one output position"
    ) { evidence in
      guard isBackward(evidence), let change = variants(evidence)?.withoutStride else { return [] }
      return [replay(evidence, change)].compactMap { $0 }
    }
  }

  private var dilationIgnored: Cause {
    Cause(
      "dilation-ignored", advice: "the gradient was computed as if the dilation were 1",
      shownBy: "a dilation of 2 or more"
    ) { evidence in
      guard isBackward(evidence), let change = variants(evidence)?.withoutDilation else {
        return []
      }
      return [replay(evidence, change)].compactMap { $0 }
    }
  }

  private var paddingSide: Cause {
    Cause(
      "padding-side", advice: "the padding stands at the other end of the image",
      remedies: [
        .torch:
          "`padding=` pads both ends alike; use `F.pad(x, (left, right, top, bottom))` before",
        .keras: "`padding=\"same\"` puts the odd cell at the end; torch pads both ends alike",
        .jax: "`padding=((top, bottom), (left, right))`",
      ], shownBy: "padding that is not the same at both ends"
    ) { evidence in
      guard let variants = variants(evidence), evidence.tensor != .parameterGradient("bias")
      else { return [] }
      return variants.paddingSides.compactMap { replay(evidence, detail: $0.name, $0.change) }
    }
  }

  private var paddingMode: Cause {
    Cause(
      "padding-mode", advice: "the image was padded with other values",
      remedies: [
        .torch: "set `padding_mode` of the layer", .keras: "Keras pads with zeros",
        .jax: "choose `mode` of `jnp.pad`",
      ], shownBy: "padding, and cells at the border that are not zero"
    ) { evidence in
      guard evidence.tensor != .parameterGradient("bias"), evidence.operands.inputs.count == 1
      else { return [] }
      return PaddingMode.allCases.filter { $0 != settings.paddingMode }.compactMap { mode in
        replay(evidence, detail: mode.rawValue) { $0.paddingMode = mode }
      }
    }
  }

  // MARK: The input gradient as a correlation

  /// dX = pad(dilate(dY), K̃ − 1 − P) ⋆ rot(W): the outer padding is K̃ − 1 − P, not K̃ − 1, not P.
  private var wrongOuterPadding: Cause {
    Cause(
      "wrong-outer-padding",
      advice: "the upstream gradient must be padded by d(K − 1) − P on each side, not by P or "
        + "d(K − 1)", shownBy: "padding P > 0 with d(K − 1) ≠ 2P", specificity: .specific
    ) { evidence in
      guard isInputGradient(evidence), let variants = variants(evidence) else { return [] }
      return [
        ("d(K − 1)", variants.axes.map { -$0.paddingBegin }),
        ("P", variants.axes.map { $0.effectiveKernel - 1 - 2 * $0.paddingBegin }),
      ].flatMap { name, shift in
        shifted(evidence, variants, by: shift, detail: "padded by \(name)")
      }
    }
  }

  /// The r cells that no window reaches belong to the padded image all the same.
  private var remainderRowsDropped: Cause {
    Cause(
      "remainder-rows-dropped",
      advice: "the input gradient lacks its last rows or columns: append (H + 2P − d(K − 1) − 1) "
        + "mod s zeros to the spread upstream gradient",
      shownBy: "an input that the stride does not divide, and padding"
    ) { evidence in
      guard isInputGradient(evidence), let variants = variants(evidence),
        variants.axes.contains(where: { $0.remainder > 0 })
      else { return [] }
      let moves = WindowVariants.withoutLast(
        evidence.computed.shape, variants.axes.map(\.remainder))
      return [Prediction(evidence.computed, rearranged: moves)]
    }
  }

  private var remainderAtStart: Cause {
    Cause(
      "remainder-at-start",
      advice: "the zeros for the cells that no window reaches belong after the upstream gradient, "
        + "not before it",
      shownBy: "an input that the stride does not divide, by another rest than P",
      specificity: .specific
    ) { evidence in
      guard isInputGradient(evidence), let variants = variants(evidence) else { return [] }
      return shifted(evidence, variants, by: variants.axes.map { -$0.remainder })
    }
  }

  /// The gradient of the padded image `shift` cells later, and the gradient of the image alone so.
  private func shifted(
    _ evidence: Evidence, _ variants: WindowVariants, by shift: [Int], detail: String? = nil
  ) -> [Prediction] {
    guard let (change, rest) = variants.shifted(shift) else { return [] }
    let shape = evidence.computed.shape
    var predictions: [Prediction] = []
    if let whole = replay(evidence, detail: detail, change) {
      let isMoved = rest.contains { $0 != 0 }
      predictions.append(isMoved ? whole.moved(by: WindowVariants.moves(shape, rest)) : whole)
    }
    predictions.append(
      Prediction(
        evidence.computed, rearranged: WindowVariants.moves(shape, shift), detail: detail))
    return predictions
  }

  private var overlapOverwritten: Cause {
    UpstreamCauses.overlapOverwritten { evidence in
      guard isInputGradient(evidence), let variants = variants(evidence),
        variants.axes.contains(where: { $0.overlap > 1 && $0.output > 1 }),
        let w = evidence.operands.parameters["weight"], let dy = evidence.upstream.first,
        dy.shape.rank == w.shape.rank
      else { return [] }
      let windows = OverwrittenWindows(axes: variants.axes, groups: settings.groups)
      return [windows.prediction(w, dy, shape: evidence.computed.shape)]
    }
  }
}
