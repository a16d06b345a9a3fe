// What the micro-kernels are handed: pointers, counts, distances.

internal import CKernels

/// The operands of one product tile: a packed by p, b read at an offset for each p.
public struct ProductTile<S> {
  let instructions: InstructionSet
  let rows: Int
  let vectors: Int
  let a: UnsafePointer<S>
  let b: UnsafePointer<S>
  let offsets: UnsafePointer<Int>
  /// Which terms of `a` they are.
  let terms: UnsafePointer<Int>
  let count: Int
  let c: UnsafeMutablePointer<S>
  let pitch: Int
  let columns: Int
  /// What is added to, if anything: `c` itself, or other memory.
  let sums: UnsafePointer<S>?
  let sumsPitch: Int
  /// Whether whole vectors are written past the caches.
  let streams: Bool
  let bias: UnsafePointer<S>?
}

/// The operands of one correlation tile: lines of a padded source against packed gradients.
public struct CorrelationTile<S> {
  let instructions: InstructionSet
  let rows: Int
  let vectors: Int
  let source: UnsafePointer<S>
  let offsets: UnsafePointer<Int>
  let lines: UnsafePointer<Int>
  /// The first position of each line in the gradient.
  let starts: UnsafePointer<Int>
  let lineCount: Int
  let length: Int
  let gradient: UnsafePointer<S>
  let c: UnsafeMutablePointer<S>
  /// Where each row goes.
  let places: UnsafePointer<Int>
  let columns: Int
  let accumulates: Bool
}

/// The operands of one tile whose rows are positions and whose lanes are filters.
public struct FilterTile<S> {
  let instructions: InstructionSet
  let rows: Int
  let vectors: Int
  let source: UnsafePointer<S>
  let places: UnsafePointer<Int>
  let offsets: UnsafePointer<Int>
  let count: Int
  let weights: UnsafePointer<S>
  let weightsPitch: Int
  let c: UnsafeMutablePointer<S>
  let pitch: Int
  let sums: UnsafePointer<S>
  let sumsPitch: Int
}

/// The operands of one tile of inner products of rows.
public struct DotTile<S> {
  let instructions: InstructionSet
  let rows: Int
  let columns: Int
  let a: UnsafePointer<S>
  let aPitch: Int
  let b: UnsafePointer<S>
  let bPitch: Int
  let count: Int
  let c: UnsafeMutablePointer<S>
  let pitch: Int

  /// The largest tile.
  static var largest: (rows: Int, columns: Int) { (8, 2) }
}

/// The operands of one overlap tile: lines of a padded source against lines of gradients.
public struct OverlapTile<S> {
  let instructions: InstructionSet
  let rows: Int
  let terms: Int
  let gradient: UnsafePointer<S>
  let gradientPitch: Int
  let source: UnsafePointer<S>
  let offsets: UnsafePointer<Int>
  let lines: UnsafePointer<Int>
  let lineCount: Int
  let length: Int
  let c: UnsafeMutablePointer<S>
  let pitch: Int
  let accumulates: Bool

  /// The largest tile.
  static var largest: (rows: Int, terms: Int) { (4, 6) }
}

/// A matrix and where its transposition goes.
public struct Transposition<S> {
  let instructions: InstructionSet
  let rows: Int
  let columns: Int
  let source: UnsafePointer<S>
  let sourcePitch: Int
  let target: UnsafeMutablePointer<S>
  let targetPitch: Int
}

/// The operands of a convolution of one plane.
public struct PlaneTile<S> {
  let instructions: InstructionSet
  let rows: Int
  let columns: Int
  let source: UnsafePointer<S>
  let pitch: Int
  let offsets: UnsafePointer<Int>
  let weights: UnsafePointer<S>
  let count: Int
  let c: UnsafeMutablePointer<S>
  let cPitch: Int
  let bias: S
}

/// The operands of sums over the positions of one plane.
public struct LaneTile<S> {
  let instructions: InstructionSet
  let terms: Int
  let rows: Int
  let columns: Int
  let gradient: UnsafePointer<S>
  let gradientPitch: Int
  let source: UnsafePointer<S>
  let pitch: Int
  let offsets: UnsafePointer<Int>
  let lanes: UnsafeMutablePointer<S>

  /// Scalars in 64 bytes.
  static var width: Int { 64 / MemoryLayout<S>.size }
}

/// Rows of a source, and where they go with zeros on all sides.
public struct RowCopy<S> {
  let instructions: InstructionSet
  let above: Int
  let rows: Int
  let below: Int
  let before: Int
  let count: Int
  let after: Int
  let source: UnsafePointer<S>
  let sourcePitch: Int
  let stride: Int
  let target: UnsafeMutablePointer<S>
}

/// Rows, and where they go at another distance.
public struct RowMove<S> {
  let instructions: InstructionSet
  let rows: Int
  let count: Int
  let source: UnsafePointer<S>
  let sourcePitch: Int
  let target: UnsafeMutablePointer<S>
  let targetPitch: Int
}

/// Segments of rows with rows between them that are skipped, and where they go without gaps.
public struct RowJoin<S> {
  let instructions: InstructionSet
  /// The rows of each.
  let segments: UnsafeBufferPointer<Int>
  let skipped: Int
  let count: Int
  let source: UnsafePointer<S>
  let sourcePitch: Int
  let target: UnsafeMutablePointer<S>
}

/// One plane for each residue of row and column, and where all of them go.
public struct Interleaving<S> {
  let instructions: InstructionSet
  /// Rows and columns of the result.
  let rows: Int
  let count: Int
  let residues: (rows: Int, columns: Int)
  let source: UnsafePointer<S>
  let sourcePitch: Int
  /// The distance between the planes of two residues, that of the columns first.
  let between: Int
  let target: UnsafeMutablePointer<S>
  let targetPitch: Int
}

/// Rows of a source, and where they go without gaps.
public struct RowStream<S> {
  let rows: Int
  let width: Int
  let source: UnsafePointer<S>
  let sourcePitch: Int
  let target: UnsafeMutablePointer<S>
}

/// Runs of neighbouring elements, and where they are copied from and to.
public struct RunCopy<S> {
  let instructions: InstructionSet
  let runs: UnsafePointer<ck_run>
  let count: Int
  let source: UnsafePointer<S>
  let target: UnsafeMutablePointer<S>
}

/// Numbers side by side.
public struct NumberRun<S> {
  let instructions: InstructionSet
  let values: UnsafePointer<S>
  let count: Int
}
