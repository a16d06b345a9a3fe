internal import CKernels

/// Small planes, and where they go with zeros around them.
public struct SmallCopies<S> {
  let instructions: InstructionSet
  let window: SmallWindow
  let planes: Int
  let source: UnsafePointer<S>
  let target: UnsafeMutablePointer<S>
}

/// How many positions a window over small planes has, and how its operands lie.
public struct SmallPositions: Sendable {
  let samples: Int
  let outputs: Int
  let terms: Int
  let window: SmallWindow
  /// The distances between two samples of the source, and of the result or its gradient.
  let sourceStep: Int
  let resultStep: Int

  /// As the micro-kernels want it.
  fileprivate var forKernels: ck_small {
    ck_small(
      samples: samples, outputs: outputs, terms: terms, rows: window.rows.outputs,
      columns: window.columns.outputs, pitch: window.columns.padded, source_step: sourceStep,
      result_step: resultStep)
  }
}

/// The operands of the outputs at all positions.
public struct SmallTile<S> {
  let instructions: InstructionSet
  let positions: SmallPositions
  let source: UnsafePointer<S>
  let offsets: UnsafePointer<Int>
  let weights: UnsafePointer<S>
  let bias: UnsafePointer<S>?
  let result: UnsafeMutablePointer<S>
}

/// The operands of sums over all positions.
public struct SmallSums<S> {
  let instructions: InstructionSet
  let positions: SmallPositions
  let source: UnsafePointer<S>
  let offsets: UnsafePointer<Int>
  let gradient: UnsafePointer<S>
  let lanes: UnsafeMutablePointer<S>
}

extension Float {
  /// Copies small planes with zeros around them.
  public static func smallCopies(_ t: SmallCopies<Float>) {
    let (rows, columns) = (t.window.rows, t.window.columns)
    ck_small_copy_f32(
      t.instructions.rawValue, t.planes, rows.extent, columns.extent, rows.before, rows.after,
      columns.before, columns.after, t.source, t.target)
  }

  /// The positions of a window over small planes.
  public static func small(_ t: SmallTile<Float>) {
    withUnsafePointer(to: t.positions.forKernels) { positions in
      ck_small_f32(
        t.instructions.rawValue, positions, t.source, t.offsets, t.weights, t.bias, t.result)
    }
  }

  /// Sums over the positions of a window over small planes.
  public static func smallSums(_ t: SmallSums<Float>) {
    withUnsafePointer(to: t.positions.forKernels) { positions in
      ck_small_sums_f32(
        t.instructions.rawValue, positions, t.source, t.offsets, t.gradient, t.lanes)
    }
  }
}

extension Double {
  /// Copies small planes with zeros around them.
  public static func smallCopies(_ t: SmallCopies<Double>) {
    let (rows, columns) = (t.window.rows, t.window.columns)
    ck_small_copy_f64(
      t.instructions.rawValue, t.planes, rows.extent, columns.extent, rows.before, rows.after,
      columns.before, columns.after, t.source, t.target)
  }

  /// The positions of a window over small planes.
  public static func small(_ t: SmallTile<Double>) {
    withUnsafePointer(to: t.positions.forKernels) { positions in
      ck_small_f64(
        t.instructions.rawValue, positions, t.source, t.offsets, t.weights, t.bias, t.result)
    }
  }

  /// Sums over the positions of a window over small planes.
  public static func smallSums(_ t: SmallSums<Double>) {
    withUnsafePointer(to: t.positions.forKernels) { positions in
      ck_small_sums_f64(
        t.instructions.rawValue, positions, t.source, t.offsets, t.gradient, t.lanes)
    }
  }
}
