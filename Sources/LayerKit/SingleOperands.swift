internal import Synchronization
internal import Tensors

/// The absolute values of what a layer computed from, in single precision.
struct SingleOperands {
  let operands: Operands<Float>
  let upstream: [Tensor<Float>]
  /// Whether the product of any two of the values that are not zero is a normal number.
  let productsAreNormal: Bool

  /// Fails if single precision does not hold each of the values.
  init?(_ question: BoundQuestion) {
    let survey = Survey()
    operands = question.operands.mapTensors { $0.singleMagnitudes(survey) }
    upstream = question.upstream.map { $0.singleMagnitudes(survey) }
    guard survey.isExact.load(ordering: .relaxed) else { return nil }
    let least = Double(survey.least)
    productsAreNormal = least * least >= Double(Float.leastNormalMagnitude)
  }
}

/// What is found in passing about values that single precision is to hold.
private final class Survey: Sendable {
  /// Whether it holds each of them.
  let isExact = Atomic(true)
  /// The bits of the least magnitude but zero, less 1: so that those of zero are the largest of all.
  private let leastBits = Atomic(Int(UInt32.max))

  /// The least magnitude but zero; ∞ where there is none.
  var least: Float {
    let bits = leastBits.load(ordering: .relaxed)
    return bits == UInt32.max ? .infinity : Float(bitPattern: UInt32(bits) + 1)
  }

  /// Takes in what was found in a block of values.
  func add(differences: Int, leastBits bits: UInt32) {
    if differences > 0 { isExact.store(false, ordering: .relaxed) }
    // Swift 6.3 compares unsigned integers as signed ones here.
    leastBits.min(Int(bits), ordering: .relaxed)
  }
}

extension Tensor<Double> {
  /// The absolute values in single precision, and in the survey whether one of them is rounded or no
  /// number.
  fileprivate func singleMagnitudes(_ survey: Survey) -> Tensor<Float> {
    guard survey.isExact.load(ordering: .relaxed) else { return Tensor<Float>(shape, repeating: 0) }
    return elements.withUnsafeBufferPointer { x in
      nonisolated(unsafe) let x = x
      return Tensor<Float>(
        shape,
        Array(parallelCount: count) { block, y in
          guard let y = y.baseAddress else { return }
          var differences = 0
          var least = UInt32.max
          for i in block {
            let single = Float(x[i])
            differences += Double(single) == x[i] ? 0 : 1
            y[i] = single.magnitude
            least = min(least, single.magnitude.bitPattern &- 1)
          }
          survey.add(differences: differences, leastBits: least)
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
