import HDF5File

/// The canonical elements of one tensor, and what is worth knowing about them.
public struct WeightContent: Sendable {
  /// The elements.
  public let values: WeightValues
  /// The extents.
  public let shape: [Int]
  /// How many are NaN or infinite.
  public let invalid: Int
  /// Whether there are elements and all of them are zero.
  public let isAllZero: Bool
  /// The largest change that rounding to float32 made; nil where nothing was rounded.
  public let largestRounding: Double?

  /// Reads a tensor, and rounds it to float32 where that is asked for.
  public init(_ tensor: WeightTensor, asFloat32: Bool = false) throws(WeightProblem) {
    shape = try tensor.canonicalShape()
    let stored = try tensor.values()
    if asFloat32, case .float64(let elements) = stored {
      let rounded = elements.map { Float($0) }
      values = .float32(rounded)
      // A number beyond the range of float32 changes by more than any number.
      largestRounding = zip(elements, rounded).reduce(0) { largest, pair in
        let change = abs(pair.0 - Double(pair.1))
        return change.isNaN ? largest : max(largest, change)
      }
    } else {
      values = stored
      largestRounding = nil
    }
    switch values {
    case .float32(let elements):
      invalid = elements.count { !$0.isFinite }
      isAllZero = !elements.isEmpty && elements.allSatisfy { $0 == 0 }
    case .float64(let elements):
      invalid = elements.count { !$0.isFinite }
      isAllZero = !elements.isEmpty && elements.allSatisfy { $0 == 0 }
    case .integers:
      // A counter may well be zero.
      invalid = 0
      isAllZero = false
    }
  }

  /// The type of the canonical elements: `float32`, `float64` or `int64`.
  public var dtype: String {
    switch values {
    case .float32: "float32"
    case .float64: "float64"
    case .integers: "int64"
    }
  }

  /// The SHA-256 of the elements' little-endian bytes, in hexadecimal digits.
  public var sha256: String { SHA256.of(values.littleEndianBytes) }
}
