internal import Tensors

/// Convolutions of flat arrays with one to three spatial axes: activations in the order N C D H W,
/// weights O I D H W, without the axes that there are not.
///
/// In the formulas y, p, S, D and P are one number for each axis. Padding is with zeros; other
/// kinds are padded before. All results have the same bits on any number of threads and with any
/// instruction set.
public enum Convolution {
  /// Y[n,o,y] = b[o] + Σ_{i,p} W[o,i,p] · X[n, i, yS + pD − P].
  ///
  /// - Parameters:
  ///   - x: N·I·D·H·W activations.
  ///   - w: O·(I/G)·kd·kh·kw weights.
  ///   - bias: O numbers, or none.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: N·O·Do·Ho·Wo activations.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func forward<S: KernelScalar>(
    _ x: [S], _ w: [S], bias: [S]?, _ geometry: ConvolutionGeometry
  ) -> [S] {
    precondition(x.count == geometry.inputCount && w.count == geometry.weightCount)
    precondition(bias.map { $0.count == geometry.outputChannels } ?? true)
    if geometry.isLinear {
      KernelPath.note(.linear)
      // Y = X·Wᵀ + b
      let y = MatrixProduct.multiply(
        x, transposed: false, w, transposed: true, m: geometry.batch,
        n: geometry.outputChannels, k: geometry.reduction)
      return adding(bias, to: y, area: 1)
    }
    if let product = DirectProduct<S>(forward: geometry) {
      return product.run(x, w, bias: bias, batch: geometry.batch)
    }
    if let small = SmallConvolution<S>(forward: geometry) { return small.run(x, w, bias: bias) }
    let geometry = geometry.simplest
    let product = ShiftedProduct<S>(
      planes: SourcePlanes(forward: geometry), batch: geometry.batch, groups: geometry.groups,
      channels: geometry.groupInputs, rows: geometry.groupOutputs,
      targetDepth: TargetAxis(windowsOf: geometry.depth),
      targetRows: TargetAxis(windowsOf: geometry.height),
      targetColumns: TargetAxis(windowsOf: geometry.width),
      instructions: .current)
    let view = WeightView(
      groupStride: geometry.groupOutputs * geometry.reduction, rowStride: geometry.reduction,
      channelStride: geometry.taps)
    return Array(uninitializedCount: geometry.outputCount) { y in
      run(product, x, w, view, bias: bias, y)
    }
  }

  /// dX[n,i,h] = Σ W[o,i,p] · g[n,o,y] over all o, p, y with yS + pD − P = h.
  ///
  /// - Parameters:
  ///   - dy: N·O·Do·Ho·Wo, the gradient at the output.
  ///   - w: O·(I/G)·kd·kh·kw weights.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: N·I·D·H·W, the gradient at the input.
  public static func inputGradient<S: KernelScalar>(
    _ dy: [S], _ w: [S], _ geometry: ConvolutionGeometry
  ) -> [S] {
    transposed(dy, w, bias: nil, geometry)
  }

  /// Z[n,i,h] = b[i] + Σ W[o,i,p] · X[n,o,y] over all o, p, y with yS + pD − P = h.
  ///
  /// This is the transposed convolution: the linear map of the input gradient as a layer of its
  /// own, from the outputs of the convolution that the geometry describes to its inputs. Its own
  /// gradients are the convolution of its upstream gradient, and `weightGradient` with the
  /// upstream gradient in the place of the input.
  ///
  /// Within one stride phase (h mod S) it is a product without strides, with the taps that reach the
  /// phase. The phases of rows and columns are computed together and interleaved; where each output
  /// is the sum of few terms, one after the other.
  ///
  /// - Parameters:
  ///   - x: N·O·Do·Ho·Wo activations.
  ///   - w: O·(I/G)·kd·kh·kw weights.
  ///   - bias: I numbers, or none.
  ///   - geometry: The shapes; the counts must match.
  /// - Returns: N·I·D·H·W activations.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func transposed<S: KernelScalar>(
    _ x: [S], _ w: [S], bias: [S]?, _ geometry: ConvolutionGeometry
  ) -> [S] {
    precondition(x.count == geometry.outputCount && w.count == geometry.weightCount)
    precondition(bias.map { $0.count == geometry.inputChannels } ?? true)
    if geometry.isLinear {
      KernelPath.note(.linear)
      // Z = X·W + b
      let z = MatrixProduct.multiply(
        x, w, m: geometry.batch, n: geometry.reduction, k: geometry.outputChannels)
      return adding(bias, to: z, area: geometry.inputArea)
    }
    if let product = DirectProduct<S>(transposed: geometry) {
      return product.run(x, w, bias: bias, batch: geometry.batch)
    }
    if let small = SmallConvolution<S>(transposed: geometry) { return small.run(x, w, bias: bias) }
    let geometry = geometry.simplest
    let (depth, height, width) = (geometry.depth, geometry.height, geometry.width)
    let view = WeightView(
      groupStride: geometry.groupOutputs * geometry.reduction, rowStride: geometry.taps,
      channelStride: geometry.reduction)
    return Array(uninitializedCount: geometry.inputCount) { z in
      for a in 0..<min(depth.stride, depth.extent) {
        let planes = TargetAxis(phase: a, of: depth)
        /// The product for some rows and columns of the result.
        func product(
          _ source: (SourceAxis, SourceAxis), _ target: (TargetAxis, TargetAxis)
        ) -> ShiftedProduct<S> {
          ShiftedProduct(
            planes: SourcePlanes(
              depth: SourceAxis(gradient: depth, phase: a), rows: source.0, columns: source.1,
              outputDepth: planes.count, channels: geometry.outputChannels),
            batch: geometry.batch, groups: geometry.groups, channels: geometry.groupOutputs,
            rows: geometry.groupInputs, targetDepth: planes, targetRows: target.0,
            targetColumns: target.1, instructions: .current)
        }
        let all = product(
          (SourceAxis(gradient: height), SourceAxis(gradient: width)),
          (TargetAxis(cellsOf: height), TargetAxis(cellsOf: width)))
        guard PlaneProduct.fits(all) else {
          run(all, x, w, view, bias: bias, z)
          continue
        }
        for b in 0..<min(height.stride, height.extent) {
          for c in 0..<min(width.stride, width.extent) {
            let phase = product(
              (SourceAxis(gradient: height, phase: b), SourceAxis(gradient: width, phase: c)),
              (TargetAxis(phase: b, of: height), TargetAxis(phase: c, of: width)))
            run(phase, x, w, view, bias: bias, z)
          }
        }
      }
    }
  }

  /// db[o] = Σ_{n,y} g[n,o,y].
  ///
  /// - Parameters:
  ///   - dy: N·O·Do·Ho·Wo, the gradient at the output.
  ///   - geometry: The shapes; the count must match.
  /// - Returns: O sums.
  @_specialize(where S == Float)
  @_specialize(where S == Double)
  public static func biasGradient<S: KernelScalar>(
    _ dy: [S], _ geometry: ConvolutionGeometry
  ) -> [S] {
    Reduction.channelSums(
      dy, batch: geometry.batch, channels: geometry.outputChannels, area: geometry.outputArea)
  }

  /// The planes of a result, each with the bias of its channel added.
  private static func adding<S: KernelScalar>(_ bias: [S]?, to planes: [S], area: Int) -> [S] {
    guard let bias else { return planes }
    var sums = planes
    for index in sums.indices { sums[index] += bias[index / area % bias.count] }
    return sums
  }

  private static func run<S: KernelScalar>(
    _ product: ShiftedProduct<S>, _ source: [S], _ weights: [S], _ view: WeightView, bias: [S]?,
    _ result: UnsafeMutableBufferPointer<S>
  ) {
    source.withUnsafeBufferPointer { source in
      weights.withUnsafeBufferPointer { weights in
        (bias ?? []).withUnsafeBufferPointer { b in
          guard let x = source.baseAddress, let w = weights.baseAddress,
            let y = result.baseAddress
          else { return }
          product.run(x, w, view, bias: bias == nil ? nil : b.baseAddress, result: y)
        }
      }
    }
  }
}
