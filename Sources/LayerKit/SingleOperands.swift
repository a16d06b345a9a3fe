internal import Synchronization
internal import Tensors

/// The absolute values of what a layer computed from, in single precision.
struct SingleOperands {
  let operands: Operands<Float>
  let upstream: [Tensor<Float>]

  /// Fails if single precision does not hold each of the values.
  init?(_ question: BoundQuestion) {
    let isExact = Atomic(true)
    operands = question.operands.mapTensors { $0.singleMagnitudes(isExact) }
    upstream = question.upstream.map { $0.singleMagnitudes(isExact) }
    guard isExact.load(ordering: .relaxed) else { return nil }
  }
}

extension Tensor<Double> {
  /// The absolute values in single precision; clears the flag if one of them is rounded or no number.
  fileprivate func singleMagnitudes(_ isExact: borrowing Atomic<Bool>) -> Tensor<Float> {
    guard isExact.load(ordering: .relaxed) else { return Tensor<Float>(shape, repeating: 0) }
    return elements.withUnsafeBufferPointer { x in
      nonisolated(unsafe) let x = x
      return Tensor<Float>(
        shape,
        Array(parallelCount: count) { block, y in
          guard let y = y.baseAddress else { return }
          var differences = 0
          for i in block {
            let single = Float(x[i])
            differences += Double(single) == x[i] ? 0 : 1
            y[i] = single.magnitude
          }
          if differences > 0 { isExact.store(false, ordering: .relaxed) }
        })
    }
  }
}

extension Tensor<Float> {
  /// The elements in double precision and transformed; nil if one of them is not finite.
  @inline(__always)
  func widened(_ transform: @Sendable (Double) -> Double) -> Tensor<Double>? {
    let isFinite = Atomic(true)
    let wide: Tensor<Double> = mapBlocks { x, y, count in
      var others = 0
      for i in 0..<count {
        // False for NaN too.
        others += x[i].magnitude < .infinity ? 0 : 1
        y[i] = transform(Double(x[i]))
      }
      if others > 0 { isFinite.store(false, ordering: .relaxed) }
    }
    return isFinite.load(ordering: .relaxed) ? wide : nil
  }
}
