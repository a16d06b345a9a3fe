import HDF5File

/// Elements that stand in a range of a file's bytes, one after the other.
struct RawElements: WeightElements {
  let source: String
  let type: ElementType
  let order: ByteOrder
  let range: Range<Int>
  let file: WeightFile

  func read() throws(WeightProblem) -> WeightValues {
    let bytes: [UInt8]
    do throws(WeightError) {
      bytes = try file.bytes(range)
    } catch {
      throw WeightProblem(source: source, error.problems[0].reason)
    }
    return try WeightValues(bytes, type: type, order: order, source: source)
  }
}

extension WeightValues {
  /// The elements that bytes are; floats of 16 bits are widened.
  init(
    _ bytes: [UInt8], type: ElementType, order: ByteOrder, source: String
  ) throws(WeightProblem) {
    let count = bytes.count / (type.byteCount ?? 1)
    let elements = ElementSource(type: type, order: order)
    var refused: Int?
    switch type {
    case .float16, .bfloat16, .float32:
      self = .float32(elements.array(bytes, count: count, &refused))
    case .float64: self = .float64(elements.array(bytes, count: count, &refused))
    default: self = .integers(elements.array(bytes, count: count, &refused))
    }
    if let refused { throw WeightProblem(source: source, .integerTooLarge(element: refused)) }
  }
}

extension ElementSource {
  /// All elements; empty, with the place of the first that does not fit, where there is one.
  fileprivate func array<Element: ReadableElement>(
    _ bytes: [UInt8], count: Int, _ refused: inout Int?
  ) -> [Element] {
    guard count > 0 else { return [] }
    var first: Int?
    let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes { bytes in
        guard let source = bytes.baseAddress, let target = buffer.baseAddress else { return }
        first = convert(source, count: count, to: Element.readableKind, target)
      }
      initialized = first == nil ? count : 0
    }
    refused = first
    return elements
  }
}

extension StoredWeight {
  /// Most axes of a tensor.
  static let mostAxes = 32

  /// The product of extents and the width of an element; nil where it overflows.
  static func count(_ shape: [Int], times width: Int) -> Int? {
    var product = width
    // Also a product that a later zero would hide must fit.
    for extent in shape where extent != 0 {
      let next = product.multipliedReportingOverflow(by: extent)
      guard !next.overflow else { return nil }
      product = next.partialValue
    }
    return shape.contains(0) ? 0 : product
  }
}
