internal import Tensors

/// Convolutions of flat arrays: activations in the order N C H W, weights O I H W.
///
/// Padding is with zeros; other kinds are padded before. All results have the same bits on any
/// number of threads and with any instruction set.
public enum Convolution {
  /// Y[n,o,y,x] = b[o] + Σ_{i,p,q} W[o,i,p,q] · X[n, i, yS + pD − P, xS + qD − P].
  ///
  /// - Parameters:
  ///   - x: N·I·H·W activations.
  ///   - w: O·(I/G)·kh·kw weights.
  ///   - bias: O numbers, or none.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: N·O·Ho·Wo activations.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func forward<S: KernelScalar>(
    _ x: [S], _ w: [S], bias: [S]?, _ geometry: ConvolutionGeometry
  ) -> [S] {
    precondition(x.count == geometry.inputCount && w.count == geometry.weightCount)
    precondition(bias.map { $0.count == geometry.outputChannels } ?? true)
    if geometry.isLinear { return linearForward(x, w, bias: bias, geometry) }
    let product = ShiftedProduct<S>(
      planes: SourcePlanes(
        rows: SourceAxis(forward: geometry.height), columns: SourceAxis(forward: geometry.width),
        channels: geometry.inputChannels, kernelWidth: geometry.width.kernel),
      batch: geometry.batch, groups: geometry.groups, channels: geometry.groupInputs,
      rows: geometry.groupOutputs,
      targetRows: TargetAxis(extent: geometry.height.output, stride: 1, offset: 0),
      targetColumns: TargetAxis(extent: geometry.width.output, stride: 1, offset: 0),
      instructions: .current)
    let view = WeightView(
      groupStride: geometry.groupOutputs * geometry.reduction, rowStride: geometry.reduction,
      channelStride: geometry.taps)
    return Array(uninitializedCount: geometry.outputCount) { y in
      (bias ?? []).withUnsafeBufferPointer { b in
        run(product, x, w, view, bias: bias == nil ? nil : b.baseAddress, y)
      }
    }
  }

  /// dX[n,i,h,w] = Σ W[o,i,p,q] · g[n,o,y,x] over all o, p, q, y, x with yS + pD − P = h and
  /// xS + qD − P = w.
  ///
  /// The result is computed one stride phase (h mod S, w mod S) at a time: within a phase it is a
  /// product without strides, with the taps that reach the phase.
  ///
  /// - Parameters:
  ///   - dy: N·O·Ho·Wo, the gradient at the output.
  ///   - w: O·(I/G)·kh·kw weights.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: N·I·H·W, the gradient at the input.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func inputGradient<S: KernelScalar>(
    _ dy: [S], _ w: [S], _ geometry: ConvolutionGeometry
  ) -> [S] {
    precondition(dy.count == geometry.outputCount && w.count == geometry.weightCount)
    guard !geometry.isLinear else {
      return MatrixProduct.multiply(
        dy, w, m: geometry.batch, n: geometry.reduction, k: geometry.outputChannels)
    }
    let (height, width) = (geometry.height, geometry.width)
    let view = WeightView(
      groupStride: geometry.groupOutputs * geometry.reduction, rowStride: geometry.taps,
      channelStride: geometry.reduction)
    return Array(uninitializedCount: geometry.inputCount) { dx in
      for a in 0..<min(height.stride, height.extent) {
        for b in 0..<min(width.stride, width.extent) {
          let product = ShiftedProduct<S>(
            planes: SourcePlanes(
              rows: SourceAxis(gradient: height, phase: a),
              columns: SourceAxis(gradient: width, phase: b),
              channels: geometry.outputChannels, kernelWidth: width.kernel),
            batch: geometry.batch, groups: geometry.groups, channels: geometry.groupOutputs,
            rows: geometry.groupInputs,
            targetRows: TargetAxis(extent: height.extent, stride: height.stride, offset: a),
            targetColumns: TargetAxis(extent: width.extent, stride: width.stride, offset: b),
            instructions: .current)
          run(product, dy, w, view, bias: nil, dx)
        }
      }
    }
  }

  /// db[o] = Σ_{n,y,x} g[n,o,y,x].
  ///
  /// - Parameters:
  ///   - dy: N·O·Ho·Wo, the gradient at the output.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: O sums.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func biasGradient<S: KernelScalar>(
    _ dy: [S], _ geometry: ConvolutionGeometry
  ) -> [S] {
    Reduction.channelSums(
      dy, batch: geometry.batch, channels: geometry.outputChannels,
      area: geometry.height.output * geometry.width.output)
  }

  /// Y = X·Wᵀ + b.
  private static func linearForward<S: KernelScalar>(
    _ x: [S], _ w: [S], bias: [S]?, _ geometry: ConvolutionGeometry
  ) -> [S] {
    let columns = geometry.outputChannels
    var y = MatrixProduct.multiply(
      x, transposed: false, w, transposed: true, m: geometry.batch, n: columns,
      k: geometry.reduction)
    guard let bias else { return y }
    for index in y.indices { y[index] += bias[index % columns] }
    return y
  }

  private static func run<S: KernelScalar>(
    _ product: ShiftedProduct<S>, _ source: [S], _ weights: [S], _ view: WeightView,
    bias: UnsafePointer<S>?, _ result: UnsafeMutableBufferPointer<S>
  ) {
    source.withUnsafeBufferPointer { source in
      weights.withUnsafeBufferPointer { weights in
        guard let x = source.baseAddress, let w = weights.baseAddress,
          let y = result.baseAddress
        else { return }
        product.run(x, w, view, bias: bias, result: y)
      }
    }
  }
}
