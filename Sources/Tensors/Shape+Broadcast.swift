/// Broadcasting as NumPy defines it: axes are aligned at the end, and an extent of 1 stretches.
extension Shape {
  /// The shape that all the given shapes stretch to, or nil where two extents do not fit.
  public static func broadcast(_ shapes: [Shape]) -> Shape? {
    let rank = shapes.map(\.rank).max() ?? 0
    var extents = [Int](repeating: 1, count: rank)
    for shape in shapes {
      let lead = rank - shape.rank
      for (axis, extent) in shape.extents.enumerated() where extent != 1 {
        guard extents[lead + axis] == 1 || extents[lead + axis] == extent else { return nil }
        extents[lead + axis] = extent
      }
    }
    return Shape(extents)
  }

  /// For each axis of `target`, the step in this shape's elements: 0 where it is stretched.
  public func broadcastStrides(to target: Shape) -> [Int] {
    let lead = target.rank - rank
    precondition(lead >= 0, "\(self) has more axes than \(target)")
    let own = strides
    return target.extents.indices.map { axis in
      guard axis >= lead else { return 0 }
      let extent = extents[axis - lead]
      precondition(
        extent == 1 || extent == target[axis], "\(self) does not stretch to \(target)")
      return extent == 1 ? 0 : own[axis - lead]
    }
  }
}
