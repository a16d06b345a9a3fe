internal import CKernels
public import Tensors

/// A number type that the fast kernels compute with: `Float` and `Double`.
///
/// The requirements are the micro-kernels; only this module calls them.
public protocol KernelScalar: FloatingScalar {
  /// A tile of a product: c[m][j] = bias[m] + Σ_p a[p·rows + m] · b[offsets[p] + j].
  static func productTile(_ tile: ProductTile<Self>)

  /// A tile of a correlation: c[m][j] = Σ_l Σ_x s[offsets[m] + lines[l] + x] · g[…][j].
  static func correlationTile(_ tile: CorrelationTile<Self>)

  /// A tile of inner products: c[m][j] = Σ_p a[m·lda + p] · b[j·ldb + p].
  static func dotTile(_ tile: DotTile<Self>)

  /// A tile of a correlation for few outputs: positions are summed side by side.
  static func overlapTile(_ tile: OverlapTile<Self>)

  /// Turns a matrix: target[x·ldt + r] = source[r·lds + x].
  static func transpose(_ matrix: Transposition<Self>)

  /// Copies every `stride`-th element: target[x] = source[x·stride].
  static func pick(
    _ count: Int, from source: UnsafePointer<Self>, stride: Int,
    to target: UnsafeMutablePointer<Self>)
}

/// The operands of one product tile: a packed by p, b read at an offset for each p.
public struct ProductTile<S> {
  let instructions: InstructionSet
  let rows: Int
  let vectors: Int
  let a: UnsafePointer<S>
  let b: UnsafePointer<S>
  let offsets: UnsafePointer<Int>
  let count: Int
  let c: UnsafeMutablePointer<S>
  let pitch: Int
  let columns: Int
  let accumulates: Bool
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
  let lineCount: Int
  let length: Int
  let gradient: UnsafePointer<S>
  let c: UnsafeMutablePointer<S>
  let pitch: Int
  let columns: Int
  let accumulates: Bool
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
  let rows: Int
  let columns: Int
  let source: UnsafePointer<S>
  let sourcePitch: Int
  let target: UnsafeMutablePointer<S>
  let targetPitch: Int
}

extension Float: KernelScalar {
  /// A tile of a product.
  public static func productTile(_ t: ProductTile<Float>) {
    ck_product_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.a, t.b, t.offsets, t.count, t.c,
      t.pitch, Int32(t.columns), t.accumulates ? 1 : 0, t.bias)
  }

  /// A tile of a correlation.
  public static func correlationTile(_ t: CorrelationTile<Float>) {
    ck_correlate_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.source, t.offsets, t.lines,
      t.lineCount, t.length, t.gradient, t.c, t.pitch, Int32(t.columns), t.accumulates ? 1 : 0)
  }

  /// A tile of inner products.
  public static func dotTile(_ t: DotTile<Float>) {
    ck_dots_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.columns), t.a, t.aPitch, t.b, t.bPitch,
      t.count, t.c, t.pitch)
  }

  /// A tile of a correlation for few outputs.
  public static func overlapTile(_ t: OverlapTile<Float>) {
    ck_overlap_f32(
      t.instructions.rawValue, Int32(t.rows), Int32(t.terms), t.gradient, t.gradientPitch,
      t.source, t.offsets, t.lines, t.lineCount, t.length, t.c, t.pitch, t.accumulates ? 1 : 0)
  }

  /// Turns a matrix.
  public static func transpose(_ t: Transposition<Float>) {
    ck_transpose_f32(t.rows, t.columns, t.source, t.sourcePitch, t.target, t.targetPitch)
  }

  /// Copies every `stride`-th element.
  public static func pick(
    _ count: Int, from source: UnsafePointer<Float>, stride: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    ck_pick_f32(count, source, stride, target)
  }
}

extension Double: KernelScalar {
  /// A tile of a product.
  public static func productTile(_ t: ProductTile<Double>) {
    ck_product_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.a, t.b, t.offsets, t.count, t.c,
      t.pitch, Int32(t.columns), t.accumulates ? 1 : 0, t.bias)
  }

  /// A tile of a correlation.
  public static func correlationTile(_ t: CorrelationTile<Double>) {
    ck_correlate_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.vectors), t.source, t.offsets, t.lines,
      t.lineCount, t.length, t.gradient, t.c, t.pitch, Int32(t.columns), t.accumulates ? 1 : 0)
  }

  /// A tile of inner products.
  public static func dotTile(_ t: DotTile<Double>) {
    ck_dots_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.columns), t.a, t.aPitch, t.b, t.bPitch,
      t.count, t.c, t.pitch)
  }

  /// A tile of a correlation for few outputs.
  public static func overlapTile(_ t: OverlapTile<Double>) {
    ck_overlap_f64(
      t.instructions.rawValue, Int32(t.rows), Int32(t.terms), t.gradient, t.gradientPitch,
      t.source, t.offsets, t.lines, t.lineCount, t.length, t.c, t.pitch, t.accumulates ? 1 : 0)
  }

  /// Turns a matrix.
  public static func transpose(_ t: Transposition<Double>) {
    ck_transpose_f64(t.rows, t.columns, t.source, t.sourcePitch, t.target, t.targetPitch)
  }

  /// Copies every `stride`-th element.
  public static func pick(
    _ count: Int, from source: UnsafePointer<Double>, stride: Int,
    to target: UnsafeMutablePointer<Double>
  ) {
    ck_pick_f64(count, source, stride, target)
  }
}
