import Tensors

/// What is done to stored elements to make them canonical: at most six steps, in this order.
///
/// 1. the order of the axes is reversed, for column-major writers;
/// 2. `reshape`, one extent of which may be −1;
/// 3. `permutation`: axis k of the result is axis `permutation[k]` of what was there;
/// 4. each of `flippedAxes` of the result so far is reversed;
/// 5. every element is multiplied by `scale`, in double precision, and rounded to its type;
/// 6. `finalShape`, where the elements stand in order but not under their canonical shape.
public struct Conversion: Hashable, Sendable {
  /// Whether the order of the axes is reversed first.
  public var reversesAxes: Bool
  /// The shape under which the axes are permuted; nil to keep it.
  public var reshape: [Int]?
  /// For each axis of the result, the axis it comes from; nil to keep the order.
  public var permutation: [Int]?
  /// The axes to reverse.
  public var flippedAxes: [Int]
  /// The factor; nil to leave every bit as it is.
  public var scale: Double?
  /// The last reshape.
  public var final: Final?
  /// What messages call it, `HWIO→OIHW`; nil to describe the steps.
  public var label: String?

  /// The last reshape.
  public enum Final: Hashable, Sendable {
    /// To this shape, one extent of which may be −1.
    case shape([Int])
    /// To the shape that the target network needs.
    case target
  }

  /// Makes a conversion; without arguments, none.
  public init(
    reversesAxes: Bool = false, reshape: [Int]? = nil, permutation: [Int]? = nil,
    flippedAxes: [Int] = [], scale: Double? = nil, final: Final? = nil, label: String? = nil
  ) {
    self.reversesAxes = reversesAxes
    self.reshape = reshape
    self.permutation = permutation
    self.flippedAxes = flippedAxes
    self.scale = scale
    self.final = final
    self.label = label
  }

  /// No step at all.
  public static let none = Conversion()

  /// The permutation of the axes named by letters: `Conversion(from: "HWIO", to: "OIHW")`.
  public init(from stored: String, to canonical: String) {
    let letters = Array(stored)
    let order = canonical.compactMap { letters.firstIndex(of: $0) }
    precondition(order.sorted() == Array(letters.indices), "\(stored) and \(canonical)")
    self.init(permutation: order, label: "\(stored)→\(canonical)")
  }

  /// Whether nothing is done.
  public var isNone: Bool {
    !reversesAxes && reshape == nil && permutation == nil && flippedAxes.isEmpty && scale == nil
      && final == nil
  }
}

/// Why a conversion does not fit a shape.
public enum ConversionFault: Error, Hashable, Sendable {
  /// The shape holds another number of elements.
  case reshape([Int])
  /// No order of the axes.
  case permutation([Int])
  /// No such axis.
  case flip(Int)
  /// The last shape comes from a network.
  case needsTarget
  /// Whole numbers have no scaled value of their type.
  case scale
}

extension Conversion {
  /// The canonical shape of a stored one.
  ///
  /// `target` is the shape that a network needs; where there is none, a conversion that ends with
  /// it cannot be done.
  public func shape(
    of stored: [Int], target: [Int]? = nil
  ) throws(ConversionFault) -> [Int] {
    var shape = reversesAxes ? stored.reversed() : stored
    if let reshape { shape = try Self.reshaped(shape, to: reshape) }
    if let permutation {
      guard permutation.sorted() == Array(shape.indices) else {
        throw .permutation(permutation)
      }
      shape = permutation.map { shape[$0] }
    }
    for axis in flippedAxes where !shape.indices.contains(axis) { throw .flip(axis) }
    switch final {
    case nil: return shape
    case .shape(let last): return try Self.reshaped(shape, to: last)
    case .target:
      guard let target else { throw .needsTarget }
      return try Self.reshaped(shape, to: target)
    }
  }

  /// A shape of as many elements, where one −1 stands for what is left.
  private static func reshaped(_ shape: [Int], to wanted: [Int]) throws(ConversionFault) -> [Int] {
    let given = wanted.filter { $0 != -1 }
    guard let count = StoredWeight.count(shape, times: 1), given.allSatisfy({ $0 >= 0 }),
      wanted.count <= StoredWeight.mostAxes, let known = StoredWeight.count(given, times: 1)
    else { throw .reshape(wanted) }
    switch wanted.count(where: { $0 == -1 }) {
    case 0:
      guard known == count else { throw .reshape(wanted) }
      return wanted
    case 1:
      guard known > 0, count % known == 0 else { throw .reshape(wanted) }
      return wanted.map { $0 == -1 ? count / known : $0 }
    default: throw .reshape(wanted)
    }
  }

  /// The elements in canonical order; `shape` must have passed `shape(of:target:)`.
  func apply<Element: Sendable>(_ elements: [Element], shape: [Int]) throws(ConversionFault)
    -> [Element]
  {
    var tensor = Tensor(Shape(shape), elements)
    if reversesAxes { tensor = tensor.permuted(Array(shape.indices.reversed())) }
    if let reshape {
      tensor = tensor.reshaped(
        to: Shape(try Self.reshaped(tensor.shape.extents, to: reshape)))
    }
    if let permutation { tensor = tensor.permuted(permutation) }
    for axis in flippedAxes { tensor = tensor.flipped(axis) }
    return tensor.elements
  }
}

extension Tensor {
  /// The tensor with one axis reversed.
  fileprivate func flipped(_ axis: Int) -> Tensor {
    let (outer, extent, inner) = shape.split(at: axis)
    var result = elements
    for o in 0..<outer {
      for e in 0..<extent {
        let from = (o * extent + e) * inner
        let to = (o * extent + extent - 1 - e) * inner
        for i in 0..<inner { result[to + i] = elements[from + i] }
      }
    }
    return Tensor(shape, result)
  }
}
