import HDF5File

/// A kernel of whole numbers that stands for kernel / scale, one scale for each output.
struct QuantisedKernel: WeightElements {
  let kernel: StoredWeight
  let scale: StoredWeight

  func weight() throws(WeightProblem) -> StoredWeight {
    guard kernel.type.isInteger, kernel.shape.count == 2, scale.shape == [kernel.shape[1]] else {
      throw WeightProblem(
        source: kernel.source, .malformed("a kernel of int8 has one scale for each output"))
    }
    return StoredWeight(
      source: kernel.source, shape: kernel.shape, type: .float32,
      problem: kernel.problem ?? scale.problem, isComputed: true, elements: self)
  }

  func read() throws(WeightProblem) -> WeightValues {
    let scales = try scale.values().doubles.map { Float($0) }
    let elements = try kernel.values().doubles
    guard !scales.isEmpty else { return .float32([]) }
    return .float32(elements.indices.map { Float(elements[$0]) / scales[$0 % scales.count] })
  }
}

extension ElementType {
  /// Whether elements are whole numbers.
  var isInteger: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64, .other: false
    default: true
    }
  }
}
