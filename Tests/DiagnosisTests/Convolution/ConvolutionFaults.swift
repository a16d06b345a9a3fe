import LayerKit
import Tensors
import Testing

/// A mistake in one tensor of a convolution, as wrong code makes it.
enum ConvolutionFault: String, CaseIterable, Sendable {
  // The weights.
  case rotatedGradient, rotatedOutput, rotatedInputGradient
  case swappedGradient, swappedOutput, swappedInputGradient
  case kernelAxesGradient, kernelAxesOutput, kernelAxesInputGradient
  case hwioGradient, hwioOutput, hwoiGradient, hwoiInputGradient, ohwiGradient, ohwiOutput
  case edgeMissing, weightDecay
  // The windows.
  case upstreamReversed, strideIgnoredGradient, strideIgnoredInputGradient
  case paddingSideOutput, paddingSideGradient, replicateOutput, reflectGradient
  case outerPaddingFull, outerPaddingP, remainderDropped, remainderAtStart, overwritten
  case lastRowGradient, lastRowInputGradient, lastRowBias, oneSampleGradient, oneSampleBias
  // The bias.
  case biasOmitted, biasTwice, biasNotSummed, biasOnePosition, biasOverChannels
  // Any kind.
  case sign, twice, timesBatch, overBatch, overPositions, overAll, factor, zero, notFinite
  case batchReversed, firstSample, channelsLast, heightWidth, permuted

  /// The id that must be found.
  var id: String {
    switch self {
    case .rotatedGradient, .rotatedOutput, .rotatedInputGradient: "kernel-rotated-180"
    case .swappedGradient, .swappedOutput, .swappedInputGradient: "channels-swapped"
    case .kernelAxesGradient, .kernelAxesOutput, .kernelAxesInputGradient: "kernel-axes-swapped"
    case .hwioGradient, .hwioOutput: "layout-hwio-read-as-oihw"
    case .hwoiGradient, .hwoiInputGradient: "layout-hwoi-read-as-oihw"
    case .ohwiGradient, .ohwiOutput: "layout-ohwi-read-as-oihw"
    case .edgeMissing: "kernel-edge-missing"
    case .weightDecay: "weight-decay-in-gradient"
    case .upstreamReversed: "upstream-reversed"
    case .strideIgnoredGradient, .strideIgnoredInputGradient: "stride-ignored"
    case .paddingSideOutput, .paddingSideGradient: "padding-side"
    case .replicateOutput, .reflectGradient: "padding-mode"
    case .outerPaddingFull, .outerPaddingP: "wrong-outer-padding"
    case .remainderDropped: "remainder-rows-dropped"
    case .remainderAtStart: "remainder-at-start"
    case .overwritten: "overlap-overwritten"
    case .lastRowGradient, .lastRowInputGradient, .lastRowBias: "last-output-row-skipped"
    case .oneSampleGradient, .oneSampleBias: "batch-one-sample-only"
    case .biasOmitted: "bias-omitted"
    case .biasTwice: "bias-added-twice"
    case .biasNotSummed, .biasOnePosition: "bias-not-summed-over-space"
    case .biasOverChannels: "bias-summed-over-channels"
    case .sign: "sign"
    case .twice: "accumulated-twice"
    case .timesBatch, .overBatch: "scaled-by-batch"
    case .overPositions, .overAll: "scaled-by-positions"
    case .factor: "constant-factor"
    case .zero: "all-zero"
    case .notFinite: "not-finite"
    case .batchReversed: "batch-order-reversed"
    case .firstSample: "first-sample-broadcast"
    case .channelsLast: "layout-nhwc-read-as-nchw"
    case .heightWidth: "height-width-swapped"
    case .permuted: "layout-permuted"
    }
  }

  var tensor: ResultTensor {
    switch self {
    case .rotatedOutput, .swappedOutput, .kernelAxesOutput, .hwioOutput, .ohwiOutput,
      .paddingSideOutput, .replicateOutput, .biasOmitted, .biasTwice, .channelsLast:
      .output(0)
    case .rotatedInputGradient, .swappedInputGradient, .kernelAxesInputGradient,
      .hwoiInputGradient, .strideIgnoredInputGradient, .outerPaddingFull, .outerPaddingP,
      .remainderDropped, .remainderAtStart, .overwritten, .lastRowInputGradient, .batchReversed,
      .firstSample, .heightWidth, .permuted:
      .inputGradient(0)
    case .lastRowBias, .oneSampleBias, .biasNotSummed, .biasOnePosition, .biasOverChannels:
      .parameterGradient("bias")
    default: .parameterGradient("weight")
    }
  }
}

extension NaiveConvolution {
  /// The tensor as the wrong code computes it.
  func planted(_ fault: ConvolutionFault) -> Tensor<S> {
    switch fault.tensor {
    case .output: return wrongOutput(fault)
    case .inputGradient: return wrongInputGradient(fault)
    case .parameterGradient("bias"): return wrongBiasGradient(fault)
    default: return wrongWeightGradient(fault)
    }
  }

  private var taps: (Int, Int) { (setting.kernel.0, setting.kernel.1) }

  /// The weights, each element taken from where wrong code looks for it.
  private func misread(_ fault: ConvolutionFault) -> Tensor<S>? {
    let (kh, kw) = taps
    let (outputs, inputs) = (setting.outputs, setting.w[1])
    func place(_ o: Int, _ c: Int, _ p: Int, _ q: Int) -> Int {
      ((o * inputs + c) * kh + p) * kw + q
    }
    switch fault.id {
    case "kernel-rotated-180": return weights { place($0, $1, kh - 1 - $2, kw - 1 - $3) }
    case "channels-swapped": return weights { place($1, $0, $2, $3) }
    case "kernel-axes-swapped": return weights { place($0, $1, $3, $2) }
    default: break
    }
    // The buffer was written in another order and is read in the order O I H W.
    var buffer: [S] = []
    switch fault.id {
    case "layout-hwio-read-as-oihw":
      for p in 0..<kh {
        for q in 0..<kw {
          for c in 0..<inputs { for o in 0..<outputs { buffer.append(w[o, c, p, q]) } }
        }
      }
    case "layout-hwoi-read-as-oihw":
      for p in 0..<kh {
        for q in 0..<kw {
          for o in 0..<outputs { for c in 0..<inputs { buffer.append(w[o, c, p, q]) } }
        }
      }
    case "layout-ohwi-read-as-oihw":
      for o in 0..<outputs {
        for p in 0..<kh {
          for q in 0..<kw { for c in 0..<inputs { buffer.append(w[o, c, p, q]) } }
        }
      }
    default: return nil
    }
    return Tensor(w.shape, buffer)
  }

  // MARK: Output

  private func wrongOutput(_ fault: ConvolutionFault) -> Tensor<S> {
    if let w = misread(fault) { return output(weight: w) }
    let (height, width) = setting.image
    switch fault {
    case .biasOmitted: return output(biasTimes: 0)
    case .biasTwice: return output(biasTimes: 2)
    case .paddingSideOutput:
      return output { step in
        var step = step
        step.row += setting.padding.0
        step.column += setting.padding.1
        return step
      }
    case .replicateOutput:
      return output { step in
        var step = step
        step.row = min(max(step.row, 0), height - 1)
        step.column = min(max(step.column, 0), width - 1)
        return step
      }
    case .channelsLast:
      let y = output()
      var buffer: [S] = []
      for n in 0..<y.shape[0] {
        for i in 0..<y.shape[2] {
          for j in 0..<y.shape[3] { for o in 0..<y.shape[1] { buffer.append(y[n, o, i, j]) } }
        }
      }
      return Tensor(y.shape, buffer)
    default: preconditionFailure("\(fault) is no fault of the output")
    }
  }

  // MARK: Gradient of the weights

  private func wrongWeightGradient(_ fault: ConvolutionFault) -> Tensor<S> {
    let s = setting
    let (kh, kw) = taps
    let inputs = s.w[1]
    func scaled(_ factor: S) -> Tensor<S> { weightGradient().map { $0 * factor } }
    switch fault {
    case .rotatedGradient:
      return weightGradient(at: {
        (($0.o * inputs + $0.c) * kh + kh - 1 - $0.p) * kw + kw - 1 - $0.q
      })
    case .swappedGradient:
      return weightGradient(at: { (($0.c * inputs + $0.o) * kh + $0.p) * kw + $0.q })
    case .kernelAxesGradient:
      return weightGradient(at: { (($0.o * inputs + $0.c) * kh + $0.q) * kw + $0.p })
    case .hwioGradient:
      return weightGradient(at: { (($0.p * kw + $0.q) * inputs + $0.c) * s.outputs + $0.o })
    case .hwoiGradient:
      return weightGradient(at: { (($0.p * kw + $0.q) * s.outputs + $0.o) * inputs + $0.c })
    case .ohwiGradient:
      return weightGradient(at: { (($0.o * kh + $0.p) * kw + $0.q) * inputs + $0.c })
    case .edgeMissing: return weightGradient { $0.p > 0 && $0.q > 0 ? $0 : nil }
    case .weightDecay:
      // A tenth of the gradient, so that float32 shows it at any scale.
      let (dw, steepest) = (weightGradient(), w.elements.map(\.magnitude).max() ?? 1)
      let decay = (dw.elements.map(\.magnitude).max() ?? 0) / (10 * steepest)
      return dw.zip(w) { $0 + decay * $1 }
    case .upstreamReversed:
      return weightGradient { step in
        var step = step
        (step.i, step.j) = (s.rows - 1 - step.i, s.columns - 1 - step.j)
        return step
      }
    case .strideIgnoredGradient: return weightGradient(withoutStride)
    case .paddingSideGradient:
      return weightGradient { step in
        var step = step
        step.row += s.padding.0
        step.column += s.padding.1
        return step
      }
    case .reflectGradient:
      return weightGradient { step in
        var step = step
        step.row = mirrored(step.row, s.image.0)
        step.column = mirrored(step.column, s.image.1)
        return step
      }
    case .lastRowGradient:
      return weightGradient { $0.i < s.rows - 1 && $0.j < s.columns - 1 ? $0 : nil }
    case .oneSampleGradient: return weightGradient { $0.n == s.batch - 1 ? $0 : nil }
    case .sign: return scaled(-1)
    case .twice: return scaled(2)
    case .timesBatch: return scaled(S(s.batch))
    case .overBatch: return scaled(1 / S(s.batch))
    case .overPositions: return scaled(1 / S(s.rows * s.columns))
    case .overAll: return scaled(1 / S(s.batch * s.rows * s.columns))
    case .factor: return scaled(S(0.37))
    case .zero: return Tensor(s.w, repeating: 0)
    case .notFinite:
      var dw = weightGradient()
      dw[3] = .infinity
      return dw
    default: preconditionFailure("\(fault) is no fault of the weights' gradient")
    }
  }

  private func mirrored(_ position: Int, _ extent: Int) -> Int {
    let folded = position < 0 ? -position : position
    return folded < extent ? folded : 2 * (extent - 1) - folded
  }

  private func withoutStride(_ step: Step) -> Step {
    var step = step
    step.row = step.i + step.p * setting.dilation.0 - setting.padding.0
    step.column = step.j + step.q * setting.dilation.1 - setting.padding.1
    return step
  }

  // MARK: Gradient of the input

  private func wrongInputGradient(_ fault: ConvolutionFault) -> Tensor<S> {
    if let w = misread(fault) { return inputGradient(weight: w) }
    let s = setting
    switch fault {
    case .strideIgnoredInputGradient: return inputGradient(withoutStride)
    case .outerPaddingFull:
      return correlated(outer: (s.dilation.0 * (s.kernel.0 - 1), s.dilation.1 * (s.kernel.1 - 1)))
    case .outerPaddingP: return correlated(outer: (s.padding.0, s.padding.1))
    case .remainderAtStart: return correlated(before: s.rest)
    case .remainderDropped:
      return inputGradient {
        $0.row < s.image.0 - s.rest.0 && $0.column < s.image.1 - s.rest.1 ? $0 : nil
      }
    case .overwritten: return inputGradient(overwrites: true)
    case .lastRowInputGradient:
      return inputGradient { $0.i < s.rows - 1 && $0.j < s.columns - 1 ? $0 : nil }
    case .batchReversed: return moved { n, c, i, j, dx in dx[s.batch - 1 - n, c, i, j] }
    case .firstSample: return moved { _, c, i, j, dx in dx[0, c, i, j] }
    case .heightWidth:
      // The transposed planes, their buffer read as before.
      return moved { n, c, i, j, dx in
        let place = i * s.image.1 + j
        return dx[n, c, place % s.image.0, place / s.image.0]
      }
    case .permuted:
      // The samples last: C H W N read as N C H W.
      let dx = inputGradient()
      let size = dx.count / s.batch
      return Tensor(s.x, (0..<dx.count).map { dx[$0 % s.batch * size + $0 / s.batch] })
    default: preconditionFailure("\(fault) is no fault of the input's gradient")
    }
  }

  private func moved(
    _ source: (_ n: Int, _ c: Int, _ i: Int, _ j: Int, _ dx: Tensor<S>) -> S
  ) -> Tensor<S> {
    let dx = inputGradient()
    var wrong = dx
    for n in 0..<dx.shape[0] {
      for c in 0..<dx.shape[1] {
        for i in 0..<dx.shape[2] {
          for j in 0..<dx.shape[3] { wrong[n, c, i, j] = source(n, c, i, j, dx) }
        }
      }
    }
    return wrong
  }

  /// dx as a full correlation of the spread dy with turned kernels, the zeros around it counted
  /// wrongly: `outer` in the place of d(K − 1) − P, and so many zeros `before` instead of behind.
  private func correlated(
    outer: (Int, Int)? = nil, before: (Int, Int) = (0, 0)
  ) -> Tensor<S> {
    let s = setting
    let reach = (s.dilation.0 * (s.kernel.0 - 1), s.dilation.1 * (s.kernel.1 - 1))
    let zeros = outer ?? (reach.0 - s.padding.0, reach.1 - s.padding.1)
    return inputGradient { step in
      var step = step
      // Element i stands at zeros + before + i·s and meets tap K − 1 − p of the turned kernel.
      step.row = zeros.0 + before.0 + step.i * s.stride.0 - reach.0 + step.p * s.dilation.0
      step.column = zeros.1 + before.1 + step.j * s.stride.1 - reach.1 + step.q * s.dilation.1
      return step
    }
  }

  // MARK: Gradient of the bias

  private func wrongBiasGradient(_ fault: ConvolutionFault) -> Tensor<S> {
    let s = setting
    switch fault {
    case .lastRowBias: return biasGradient { $1 < s.rows - 1 && $2 < s.columns - 1 }
    case .oneSampleBias: return biasGradient { n, _, _ in n == 0 }
    case .biasNotSummed: return dy
    case .biasOnePosition: return biasGradient { $1 == 0 && $2 == 0 }
    case .biasOverChannels:
      let sum = biasGradient().elements.reduce(0, +)
      return Tensor([s.outputs], repeating: sum)
    default: preconditionFailure("\(fault) is no fault of the bias's gradient")
    }
  }
}
