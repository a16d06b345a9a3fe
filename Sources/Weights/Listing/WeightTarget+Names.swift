extension WeightTarget {
  /// The layer that a name of a weight file means: the one of that very name, or else the only one
  /// whose first and last components are the same.
  public func layer(named name: String) -> Layer? {
    if let layer = layers.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return layer }
    let candidates = candidates(for: name)
    return candidates.count == 1 ? candidates[0] : nil
  }

  /// The layers whose first and last components are those of a name.
  ///
  /// Frameworks leave out containers between the two. A name of one component has no others.
  public func candidates(for name: String) -> [Layer] {
    let (first, last) = Self.ends(name)
    return layers.filter { layer in
      let ends = Self.ends(layer.name)
      return ends.first == first && ends.last == last
    }
  }

  /// The first and the last component of a name in which `.` and `/` separate.
  private static func ends(_ name: String) -> (first: [UInt8], last: [UInt8]) {
    let components = name.utf8.split { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
    return (
      Array(components.first ?? Substring("").utf8), Array(components.last ?? Substring("").utf8)
    )
  }
}
