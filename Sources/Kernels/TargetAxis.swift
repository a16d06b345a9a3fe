/// Where the outputs of a product go on one axis: index = stride · u + offset + residue.
struct TargetAxis: Sendable {
  let extent: Int
  let stride: Int
  let offset: Int
  /// How many residues are computed together, each with taps of its own.
  let residues: Int

  /// All windows of an axis.
  init(windowsOf axis: WindowAxis) {
    (extent, stride, offset, residues) = (axis.output, 1, 0, 1)
  }

  /// The cells of an axis that lie in one stride phase.
  init(phase: Int, of axis: WindowAxis) {
    (extent, stride, offset, residues) = (axis.extent, axis.stride, phase, 1)
  }

  /// All cells of an axis.
  init(cellsOf axis: WindowAxis) {
    (extent, stride, offset) = (axis.extent, axis.stride, 0)
    residues = min(axis.stride, axis.extent)
  }

  /// How many values u takes.
  var count: Int { max(0, (extent - offset + stride - 1) / stride) }
}
