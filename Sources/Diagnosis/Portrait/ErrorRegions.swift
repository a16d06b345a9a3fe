import LayerKit
import Tensors

/// Where the wrong elements of a tensor sit, axis by axis.
struct ErrorRegions {
  /// What is said of the axes that say something.
  let words: [String]

  init(_ wrong: [Int], in evidence: Evidence) {
    let shape = evidence.computed.shape
    guard !wrong.isEmpty, wrong.count < shape.count else {
      words = []
      return
    }
    let names = Self.names(of: evidence)
    var hit = shape.extents.map { [Bool](repeating: false, count: $0) }
    let strides = shape.strides
    var isBorder = names.contains { $0.isSpatial }
    for place in wrong {
      var (rest, touches) = (place, false)
      for axis in strides.indices {
        let position = rest / strides[axis]
        rest %= strides[axis]
        hit[axis][position] = true
        if names[axis].isSpatial, position == 0 || position == shape[axis] - 1 { touches = true }
      }
      if !touches { isBorder = false }
    }
    var words = hit.indices.compactMap { Self.word(hit[$0], names[$0]) }
    // The border says something only where there is an inside.
    let hasInside = names.indices.allSatisfy { !names[$0].isSpatial || shape[$0] > 2 }
    if words.isEmpty, isBorder, hasInside { words = ["only the border of the image"] }
    self.words = words
  }

  /// What the positions along one axis have in common; nil for all of them, or none of it.
  private static func word(_ hit: [Bool], _ axis: Axis) -> String? {
    let places = hit.indices.filter { hit[$0] }
    guard let first = places.first, let last = places.last, places.count < hit.count else {
      return nil
    }
    if places.count == 1 { return "only \(axis.one) \(first)" }
    if last - first + 1 == places.count {
      if first == 0 { return "only the first \(places.count) \(axis.many)" }
      if last == hit.count - 1 { return "only the last \(places.count) \(axis.many)" }
      return "only \(axis.many) \(first) to \(last)"
    }
    let step = places[1] - places[0]
    let isLattice = zip(places.dropFirst(), places).allSatisfy { $0 - $1 == step }
    if isLattice, places.count > 2 { return "only every \(step)th of the \(axis.many)" }
    if places == [0, hit.count - 1] { return "only the first and the last of the \(axis.many)" }
    return "only \(places.count) of \(hit.count) \(axis.many)"
  }

  /// What an axis counts.
  private struct Axis {
    let one: String
    let many: String
    var isSpatial = false

    init(_ one: String, _ many: String? = nil, isSpatial: Bool = false) {
      self.one = one
      self.many = many ?? one + "s"
      self.isSpatial = isSpatial
    }
  }

  private static func names(of evidence: Evidence) -> [Axis] {
    let rank = evidence.computed.shape.rank
    let spatial =
      [Axis("plane", isSpatial: true), Axis("row", isSpatial: true)]
      + [Axis("column", isSpatial: true)]
    switch evidence.tensor {
    case .output, .inputGradient:
      let leading = [Axis("batch item"), rank > 2 ? Axis("channel") : Axis("feature")]
      guard rank > 2, rank < 6 else { return Array(leading.prefix(rank)) + others(rank - 2) }
      return leading + spatial.suffix(rank - 2)
    case .parameterGradient, .buffer:
      guard rank > 2, rank < 6 else {
        return Array([Axis("output"), Axis("input")].prefix(rank)) + others(rank - 2)
      }
      let taps = [Axis("kernel plane"), Axis("kernel row"), Axis("kernel column")]
      return [Axis("filter"), Axis("filter channel")] + taps.suffix(rank - 2)
    }
  }

  private static func others(_ count: Int) -> [Axis] {
    guard count > 0 else { return [] }
    return (0..<count).map { Axis("place along axis \($0 + 2)", "places along axis \($0 + 2)") }
  }
}
