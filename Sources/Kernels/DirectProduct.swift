internal import Tensors

/// Convolutions of planes with a small window, in groups with one channel on the side that is read:
/// depthwise convolutions above all.
///
/// Nothing is copied: the planes are read where they are, and the padding is masked lanes. Each
/// output is the same chain of multiply-adds as in a `PlaneProduct`.
struct DirectProduct<S: KernelScalar> {
  private let planes: DirectPlanes
  /// Multiplications below which a task is not worth handing out.
  private static var smallestTask: Int { 1 << 19 }

  /// The product for a convolution, if one pays.
  init?(forward geometry: ConvolutionGeometry) {
    guard geometry.groups >= 8, geometry.groupOutputs <= 2,
      let planes = DirectPlanes(forward: geometry)
    else { return nil }
    self.planes = planes
  }

  /// The product for a transposed convolution, if one pays.
  init?(transposed geometry: ConvolutionGeometry) {
    guard geometry.groups >= 8, geometry.groupInputs <= 2,
      let planes = DirectPlanes(transposed: geometry)
    else { return nil }
    self.planes = planes
  }

  /// The planes of results of all samples.
  func run(_ source: [S], _ weights: [S], bias: [S]?, batch: Int) -> [S] {
    let count = batch * planes.channels
    return Array(uninitializedCount: count * area) { result in
      source.withUnsafeBufferPointer { x in
        weights.withUnsafeBufferPointer { w in
          (bias ?? []).withUnsafeBufferPointer { b in
            guard let x = x.baseAddress, let w = w.baseAddress, let y = result.baseAddress
            else { return }
            compute(count, x, w, bias: bias == nil ? nil : b.baseAddress, y)
          }
        }
      }
    }
  }

  /// The positions of a plane of results.
  private var area: Int { planes.result.rows * planes.result.columns }

  private func compute(
    _ count: Int, _ source: UnsafePointer<S>, _ weights: UnsafePointer<S>,
    bias: UnsafePointer<S>?, _ result: UnsafeMutablePointer<S>
  ) {
    KernelPath.note(planes.isSpread ? .planesReadAndSpread : .planesRead)
    let perTask = max(1, Self.smallestTask / (area * planes.kernel * planes.kernel))
    let instructions = InstructionSet.current
    nonisolated(unsafe) let (source, weights, bias, result) = (source, weights, bias, result)
    Parallel.forEach((count + perTask - 1) / perTask) { task in
      let tile = DirectTile(
        instructions: instructions, planes: planes,
        range: task * perTask..<min(count, (task + 1) * perTask), source: source,
        weights: weights, bias: bias, result: result)
      if planes.isSpread { S.spread(tile) } else { S.direct(tile) }
    }
  }
}
