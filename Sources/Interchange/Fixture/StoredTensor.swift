// StoredTensor.swift

import HDF5File
public import Tensors
import Text

/// A tensor of a fixture that has been found in order, but not read.
public struct StoredTensor: Sendable {
  /// Its path in the file, by the name under which it was met here: untrusted text.
  public let path: String
  /// Its extents in canonical order.
  public let shape: Shape
  /// The format of its numbers; nil for integers and truth values.
  public let format: NumberFormat?
  /// Equal for two names of one object.
  public var objectID: UInt64 { dataset.objectID }
  /// Whether its axes are stored in canonical order.
  public var isCanonical: Bool { order == nil }

  /// Whether a window costs no more to read than its own elements, wherever it begins: they stand
  /// in canonical order, as numbers of the file, in one piece.
  package var isReadInWindows: Bool {
    isCanonical && replacement == nil && dataset.storageKind == .contiguous
  }

  /// The stored axis behind each canonical one; nil where they are the same.
  private let order: [Int]?
  private let dataset: Dataset
  private let file: HDF5File
  /// What gives the elements in the dataset's place, in canonical order.
  private let replacement: (@Sendable () throws -> [Double])?

  init(
    path: ObjectPath, shape: Shape, order: [Int]?, dataset: Dataset, file: HDF5File
  ) {
    self.path = path.text.validated ?? ""
    self.shape = shape
    self.format = dataset.elementType.format
    self.order = order
    self.dataset = dataset
    self.file = file
    self.replacement = nil
  }

  private init(_ tensor: StoredTensor, shape: Shape) {
    self.path = tensor.path
    self.shape = shape
    self.format = tensor.format
    self.order = tensor.order
    self.dataset = tensor.dataset
    self.file = tensor.file
    self.replacement = tensor.replacement
  }

  private init(_ tensor: StoredTensor, _ replacement: TensorReplacement) {
    self.path = tensor.path
    self.shape = tensor.shape
    self.format = replacement.format
    self.order = nil
    self.dataset = tensor.dataset
    self.file = tensor.file
    self.replacement = replacement.read
  }

  /// The tensor with elements from elsewhere.
  func replaced(_ replacement: TensorReplacement) -> StoredTensor {
    StoredTensor(self, replacement)
  }

  /// The number of elements.
  public var count: Int { shape.count }

  /// Whether this is a scalar, as such or as an array of one, for which both are accepted.
  var isScalar: Bool { shape.rank <= 1 && shape.count == 1 }

  /// The same element as a scalar or as an array of one, where that is all that is different.
  func agreeing(with expected: Shape?) -> StoredTensor {
    guard let expected, isScalar, expected.rank <= 1, expected.count == 1, expected != shape else {
      return self
    }
    return StoredTensor(self, shape: expected)
  }
}

extension StoredTensor {
  /// Asks the system to fetch the elements from the disk, at most `limit` bytes of them.
  ///
  /// Returns the number of bytes asked for.
  package func fetch(limit: Int) -> Int {
    replacement == nil ? file.fetch(dataset, limit: limit) : 0
  }

  /// The elements, permuted to canonical order.
  ///
  /// A format wider than `S` is rounded to it; an integer that `S` cannot hold is refused.
  /// Throws `HDF5Error`.
  public func read<S: FloatingScalar>(as type: S.Type = S.self) throws -> Tensor<S> {
    guard let order else {
      return Tensor(shape, try elements(0..<shape.count))
    }
    let stored = Shape(dataset.shape)
    return Tensor(stored, try elements(0..<stored.count)).permuted(order)
  }

  /// A window of the elements in row-major order; only where `isCanonical`.
  public func read<S: FloatingScalar>(
    elements range: Range<Int>, as type: S.Type = S.self
  ) throws -> [S] {
    precondition(isCanonical, "\(path) is permuted: read it as a whole")
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.count, "\(range) is outside")
    return try elements(range)
  }

  private func elements<S: FloatingScalar>(_ range: Range<Int>) throws -> [S] {
    guard let replacement else { return try storedElements(range) }
    let elements = try replacement()
    precondition(elements.count == shape.count, "a replacement has the elements of its tensor")
    return converted(Array(elements[range]))
  }

  private func storedElements<S: FloatingScalar>(_ range: Range<Int>) throws -> [S] {
    switch dataset.elementType {
    case .float64: try converted(read(range, Double.self))
    case .float32, .float16, .bfloat16:
      if S.self == Double.self {
        try converted(read(range, Double.self))
      } else {
        try converted(read(range, Float.self))
      }
    default: try exact(read(range, Int64.self), range)
    }
  }

  /// Reads all at once where all is wanted: the whole is read in parallel.
  private func read<Element: ReadableElement>(
    _ range: Range<Int>, _ type: Element.Type
  ) throws(HDF5Error) -> [Element] {
    range == 0..<shape.count
      ? try file.read(dataset, as: type) : try file.read(dataset, elements: range, as: type)
  }

  /// The numbers in another format; where it is the same one, they are not copied.
  private func converted<From: FloatingScalar, S: FloatingScalar>(_ numbers: [From]) -> [S] {
    // A cast between array types goes through every element; one between tensors does not.
    if let same = Tensor([numbers.count], numbers) as Any as? Tensor<S> { return same.elements }
    return Array(count: numbers.count) { S(numbers[$0]) }
  }

  private func exact<S: FloatingScalar>(_ integers: [Int64], _ range: Range<Int>) throws -> [S] {
    try Array(count: integers.count) { position in
      guard let number = S(exactly: integers[position]) else {
        throw HDF5Error(
          file: file.path, object: dataset.path,
          reason: .notRepresentable(
            element: range.lowerBound + position, value: String(integers[position]),
            as: S.format.rawValue))
      }
      return number
    }
  }
}

extension ElementType {
  /// The format of floating-point elements; nil for the others.
  package var format: NumberFormat? {
    switch self {
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float32
    case .float64: .float64
    default: nil
    }
  }
}
