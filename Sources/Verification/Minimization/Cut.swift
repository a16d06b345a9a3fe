import HDF5File
import LayerKit
import Tensors

/// A way of making a layer smaller: axes of several tensors that count the same thing.
struct Cut {
  /// What the axes count, `samples`.
  let name: String
  /// How many there are.
  let count: Int
  /// The one in which the largest error stands.
  let worst: Int
  /// The layer with a range of them alone; nil where that is no layer.
  let keeping: (StandaloneLayer, Range<Int>) -> StandaloneLayer?

  /// An axis of one tensor; several neighbouring elements may belong together.
  struct Axis {
    let path: String
    let axis: Int
    var unit = 1
  }

  /// Cuts whole tensors along some of their axes.
  init(
    _ name: String, count: Int, worst: Int, _ axes: [Axis],
    attributes: @escaping (Int) -> [String: AttributeValue] = { _ in [:] }
  ) {
    self.name = name
    self.count = count
    self.worst = worst
    keeping = { layer, range in
      var layer = layer
      for cut in axes {
        let elements = range.lowerBound * cut.unit..<range.upperBound * cut.unit
        guard layer.parts[cut.path]?.values.keep(elements, along: cut.axis) ?? false else {
          return nil
        }
      }
      for (name, value) in attributes(range.count) { layer.set(name, value) }
      return layer
    }
  }

  /// Cuts in a way of its own.
  init(
    _ name: String, count: Int, worst: Int,
    keeping: @escaping (StandaloneLayer, Range<Int>) -> StandaloneLayer?
  ) {
    self.name = name
    self.count = count
    self.worst = worst
    self.keeping = keeping
  }

  /// The ranges to try, the smallest first; each holds the largest error.
  var ranges: [Range<Int>] {
    let sizes = [1, 2, 3, 4, 6, 8].filter { $0 < count } + halves.filter { $0 > 8 }.reversed()
    return sizes.map { size in
      let start = min(max(0, worst - size / 2), count - size)
      return start..<start + size
    }
  }

  private var halves: [Int] {
    var (size, sizes) = (count / 2, [Int]())
    while size > 8 {
      sizes.append(size)
      size /= 2
    }
    return sizes
  }
}

extension StandaloneLayer {
  /// Sizes that a layer may state although its tensors say them too.
  private static let declaredSizes: Set<String> = [
    "in_channels", "out_channels", "in_features", "out_features", "num_features",
    "num_parameters",
  ]

  /// Sets a hyper-parameter.
  mutating func set(_ name: String, _ value: AttributeValue) {
    attributes.removeAll { $0.name == name }
    attributes.append((name, value))
  }

  /// Forgets the sizes that the tensors say.
  mutating func forgetSizes() { attributes.removeAll { Self.declaredSizes.contains($0.name) } }

  /// A hyper-parameter of whole numbers, one for each of some axes; nil where it is something else.
  func integers(_ name: String, axes: Int, default value: Int?) -> [Int]? {
    guard let attribute = attributes.first(where: { $0.name == name })?.value else {
      return value.map { [Int](repeating: $0, count: axes) }
    }
    guard case .integers(let numbers, _) = attribute else { return nil }
    return numbers.count == 1 ? [Int](repeating: numbers[0], count: axes) : numbers
  }
}

extension Tensor {
  /// Keeps a range of one axis; false where it has no such range.
  mutating func keep(_ range: Range<Int>, along axis: Int) -> Bool {
    guard axis < shape.rank, range.upperBound <= shape[axis] else { return false }
    let (outer, extent, inner) = shape.split(at: axis)
    var extents = shape.extents
    extents[axis] = range.count
    var kept: [Element] = []
    kept.reserveCapacity(outer * range.count * inner)
    for block in 0..<outer {
      let start = block * extent * inner
      kept += elements[start + range.lowerBound * inner..<start + range.upperBound * inner]
    }
    self = Tensor(Shape(extents), kept)
    return true
  }
}
