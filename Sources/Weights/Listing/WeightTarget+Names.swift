extension WeightTarget {
  /// The layer that a name of a weight file means: the one of that very name, or else the only one
  /// whose first and last components are the same.
  public func layer(named name: String) -> Layer? {
    let positions = positions(of: name)
    return positions.count == 1 ? layers[positions[0]] : nil
  }

  /// The positions of the layers that a name may mean: one is right, several are ambiguous.
  ///
  /// `.` and `/` separate components. Frameworks leave out containers between the first and the
  /// last of them, so where no layer has the whole name, those two must agree.
  public func positions(of name: String) -> [Int] {
    let wanted = Self.components(name)
    let all = layers.map { Self.components($0.name) }
    let exact = all.indices.filter { all[$0] == wanted }
    guard exact.isEmpty, wanted.count > 1 else { return exact }
    return all.indices.filter { index in
      all[index].count > 1 && all[index].first == wanted.first && all[index].last == wanted.last
    }
  }

  private static func components(_ name: String) -> [[UInt8]] {
    name.utf8.split { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }.map { Array($0) }
  }
}
