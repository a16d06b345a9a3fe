internal import CKernels

/// A small square window that moves over whole planes and reads them where they are.
public struct DirectPlanes: Sendable {
  /// The extents of a plane that is read.
  let source: (height: Int, width: Int)
  /// The extents of a plane of results; for a weight gradient, those of the upstream gradient.
  let result: (rows: Int, columns: Int)
  /// K × K taps.
  let kernel: Int
  let stride: Int
  /// The padding.
  let above: Int
  let before: Int
  /// Whether the window is turned by half a turn.
  let isTurned: Bool
  /// Whether planes are spread out to results a stride apart.
  let isSpread: Bool
  /// How many neighbouring planes of results read the same plane.
  let outputs: Int
  /// How many planes of results have weights of their own.
  let channels: Int

  /// The windows that the micro-kernels are made for.
  static func supports(kernel: Int, stride: Int) -> Bool {
    (kernel == 3 || kernel == 5) && (stride == 1 || stride == 2)
  }

  /// Whether windows stay within the K − 1 cells beside an axis.
  static func reaches(kernel: Int, stride: Int, padding: Int, extent: Int, outputs: Int) -> Bool {
    (0..<kernel).contains(padding) && (outputs - 1) * stride - padding < extent
  }

  /// What the window of a convolution reads, if there is a micro-kernel for it.
  init?(forward geometry: ConvolutionGeometry) {
    let (height, width) = (geometry.height, geometry.width)
    guard geometry.groupInputs == 1, geometry.depth == WindowAxis(extent: 1, kernel: 1),
      Self.supports(kernel: height.kernel, stride: height.stride),
      [height, width].allSatisfy({ axis in
        axis.kernel == height.kernel && axis.stride == height.stride && axis.dilation == 1
          && Self.reaches(
            kernel: axis.kernel, stride: axis.stride, padding: axis.paddingBegin,
            extent: axis.extent, outputs: axis.output)
      })
    else { return nil }
    source = (height.extent, width.extent)
    result = (height.output, width.output)
    (kernel, stride, above, before) =
      (height.kernel, height.stride, height.paddingBegin, width.paddingBegin)
    (isTurned, isSpread) = (false, false)
    (outputs, channels) = (geometry.groupOutputs, geometry.outputChannels)
  }

  /// The transposed convolution of one channel to a group, if there is a micro-kernel for it.
  init?(transposed geometry: ConvolutionGeometry) {
    let (height, width) = (geometry.height, geometry.width)
    guard geometry.groupOutputs == 1, geometry.depth == WindowAxis(extent: 1, kernel: 1),
      Self.supports(kernel: height.kernel, stride: height.stride),
      [height, width].allSatisfy({ axis in
        axis.kernel == height.kernel && axis.stride == height.stride && axis.dilation == 1
          && (0..<axis.kernel).contains(axis.paddingBegin)
      })
    else { return nil }
    // Without a stride it is a convolution with the window turned: h = y + p − P, p′ = K − 1 − p,
    // y = h + p′ − (K − 1 − P).
    (isTurned, isSpread) = (height.stride == 1, height.stride > 1)
    (kernel, stride) = (height.kernel, height.stride)
    above = isTurned ? kernel - 1 - height.paddingBegin : height.paddingBegin
    before = isTurned ? kernel - 1 - width.paddingBegin : width.paddingBegin
    source = (height.output, width.output)
    result = (height.extent, width.extent)
    (outputs, channels) = (geometry.groupInputs, geometry.inputChannels)
    guard
      !isTurned
        || Self.reaches(
          kernel: kernel, stride: 1, padding: above, extent: source.height, outputs: result.rows)
          && Self.reaches(
            kernel: kernel, stride: 1, padding: before, extent: source.width,
            outputs: result.columns)
    else { return nil }
  }

  /// As the micro-kernels want it.
  var window: ck_direct {
    ck_direct(
      height: source.height, width: source.width, rows: result.rows, columns: result.columns,
      kernel: kernel, stride: stride, above: above, before: before, turned: isTurned ? 1 : 0,
      outputs: outputs, channels: channels)
  }
}

/// The operands of convolutions of some planes, counted through all samples.
public struct DirectTile<S> {
  let instructions: InstructionSet
  let planes: DirectPlanes
  let range: Range<Int>
  let source: UnsafePointer<S>
  let weights: UnsafePointer<S>
  let bias: UnsafePointer<S>?
  let result: UnsafeMutablePointer<S>
}

/// The operands of sums over a part of the positions of some planes.
public struct DirectSums<S> {
  let instructions: InstructionSet
  let planes: DirectPlanes
  let rows: Range<Int>
  let columns: Range<Int>
  let range: Range<Int>
  let source: UnsafePointer<S>
  let gradient: UnsafePointer<S>
  let lanes: UnsafeMutablePointer<S>

  /// As the micro-kernels want it.
  var part: ck_part {
    ck_part(
      top: rows.lowerBound, bottom: rows.upperBound, left: columns.lowerBound,
      right: columns.upperBound)
  }
}

extension Float {
  /// Convolutions of planes.
  public static func direct(_ t: DirectTile<Float>) {
    withUnsafePointer(to: t.planes.window) { window in
      ck_direct_f32(
        t.instructions.rawValue, window, t.range.lowerBound, t.range.upperBound, t.source,
        t.weights, t.bias, t.result)
    }
  }

  /// Transposed convolutions of planes.
  public static func spread(_ t: DirectTile<Float>) {
    withUnsafePointer(to: t.planes.window) { window in
      ck_spread_f32(
        t.instructions.rawValue, window, t.range.lowerBound, t.range.upperBound, t.source,
        t.weights, t.bias, t.result)
    }
  }

  /// Sums over the positions of planes.
  public static func directSums(_ t: DirectSums<Float>) {
    withUnsafePointer(to: t.planes.window) { window in
      withUnsafePointer(to: t.part) { part in
        ck_direct_sums_f32(
          t.instructions.rawValue, window, part, t.range.lowerBound, t.range.upperBound, t.source,
          t.gradient, t.lanes)
      }
    }
  }
}

extension Double {
  /// Convolutions of planes.
  public static func direct(_ t: DirectTile<Double>) {
    withUnsafePointer(to: t.planes.window) { window in
      ck_direct_f64(
        t.instructions.rawValue, window, t.range.lowerBound, t.range.upperBound, t.source,
        t.weights, t.bias, t.result)
    }
  }

  /// Transposed convolutions of planes.
  public static func spread(_ t: DirectTile<Double>) {
    withUnsafePointer(to: t.planes.window) { window in
      ck_spread_f64(
        t.instructions.rawValue, window, t.range.lowerBound, t.range.upperBound, t.source,
        t.weights, t.bias, t.result)
    }
  }

  /// Sums over the positions of planes.
  public static func directSums(_ t: DirectSums<Double>) {
    withUnsafePointer(to: t.planes.window) { window in
      withUnsafePointer(to: t.part) { part in
        ck_direct_sums_f64(
          t.instructions.rawValue, window, part, t.range.lowerBound, t.range.upperBound, t.source,
          t.gradient, t.lanes)
      }
    }
  }
}
