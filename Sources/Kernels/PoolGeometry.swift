/// The shapes of one pooling: planes with one to three axes, windows on each axis.
public struct PoolGeometry: Hashable, Sendable {
  /// N·C, the number of planes.
  public let planes: Int
  /// The axes: depth, height and width; an image with fewer has a single cell on the first ones.
  let axes: [PoolAxis]
  /// The cells of one plane.
  let inputArea: Int
  /// The windows of one plane.
  let outputArea: Int

  /// Makes a geometry of one to three axes, the one whose cells are neighbours last.
  public init(planes: Int, axes: [PoolAxis]) {
    precondition(planes > 0 && (1...3).contains(axes.count))
    self.planes = planes
    self.axes = [PoolAxis](repeating: .single, count: 3 - axes.count) + axes
    inputArea = axes.reduce(1) { $0 * $1.extent }
    outputArea = axes.reduce(1) { $0 * $1.output }
  }

  /// The cells of all planes.
  public var inputCount: Int { planes * inputArea }
  /// The windows of all planes.
  public var outputCount: Int { planes * outputArea }
}

/// What an average is divided by.
public enum PoolDivisor: Hashable, Sendable {
  /// The cells of the window inside the padded input: a window that hangs over the padded edge
  /// because of `ceilMode` counts up to that edge (`count_include_pad`).
  case padded
  /// The cells of the window inside the input.
  case valid
  /// A number of the caller's (`divisor_override`).
  case fixed(Int)
}
