import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors

/// One layer as two frameworks recorded it: each result of one held against that of the other.
///
/// Each side has a bound of its own rounding: that of the layer, at the operands that it recorded,
/// for its own format. What its operands differ in explains what follows from it, and nothing else:
/// the difference of the exact results of both, computed in double precision by the kind as the
/// first fixture sets it (`TwoSidedComparator`). The operands are judged by themselves
/// (`OperandPairs`).
struct LayerPairTrial {
  private let a: ReferenceSide
  private let b: ReferenceSide
  private let arithmetic: (a: Arithmetic, b: Arithmetic)
  private let nanIsEqual: Bool
  private let isChosen: (String) -> Bool
  /// The kind, where both sides have the same registered one.
  private let kind: AnyLayer?

  init(
    _ a: ReferenceSide, _ b: ReferenceSide, _ arithmetic: (a: Arithmetic, b: Arithmetic),
    nanIsEqual: Bool, isChosen: @escaping (String) -> Bool
  ) {
    self.a = a
    self.b = b
    self.arithmetic = arithmetic
    self.nanIsEqual = nanIsEqual
    self.isChosen = isChosen
    kind = a.layer.kind == b.layer.kind ? a.layer.layer : nil
  }

  /// What was found about each result that one of the sides has.
  func run() -> [TensorReport] {
    let others = b.present.filter { a.stored($0) == nil }
    let results = (a.present + others).filter { isChosen("\(a.name)/\(path($0))") }
    guard !results.isEmpty else { return [] }
    let pairs = results.filter { a.stored($0) != nil && b.stored($0) != nil }
    let source = pairs.isEmpty ? nil : operands()
    return results.map { report($0, source) }
  }

  private func path(_ tensor: ResultTensor) -> String {
    a.stored(tensor) == nil ? b.path(tensor) : a.path(tensor)
  }

  // MARK: Operands

  /// What both sides computed from.
  private struct Source {
    let kind: AnyLayer
    let operands: Operands<Double>
    let upstream: [Tensor<Double>]?
    /// Those of the second side, where they are not the same numbers.
    let moved: (operands: Operands<Double>, upstream: [Tensor<Double>]?)?
  }

  /// The operands of both sides; nil where they cannot all be had, so that no bound can be.
  private func operands() -> Source? {
    guard let kind, let own = try? Self.load(a) else { return nil }
    guard (try? kind.double.checkValues(own.operands)) != nil else { return nil }
    guard let other = try? Self.load(b), other.operands.shapes == own.operands.shapes,
      other.upstream?.map(\.shape) == own.upstream?.map(\.shape),
      (try? kind.double.checkValues(other.operands)) != nil
    else {
      return Source(kind: kind, operands: own.operands, upstream: own.upstream, moved: nil)
    }
    let isSame =
      own.operands.hasSameNumbers(as: other.operands) && own.upstream == other.upstream
    return Source(
      kind: kind, operands: own.operands, upstream: own.upstream, moved: isSame ? nil : other)
  }

  private static func load(
    _ side: ReferenceSide
  ) throws -> (operands: Operands<Double>, upstream: [Tensor<Double>]?)? {
    guard side.inputs.allSatisfy({ $0 != nil }), !(side.layer.outputShapes ?? []).isEmpty else {
      return nil
    }
    let operands = try side.operands(as: Double.self)
    return (operands, try? side.upstream(as: Double.self).get())
  }

  // MARK: Judging

  private func report(_ tensor: ResultTensor, _ source: Source?) -> TensorReport {
    let path = path(tensor)
    guard let first = a.stored(tensor) else { return missing(path, from: "A") }
    guard let second = b.stored(tensor) else { return missing(path, from: "B") }
    guard first.shape == second.shape else {
      return TensorReport(
        path: path, reference: a.name, verdict: .differ,
        reason: .differentShapes(a: first.shape.extents, b: second.shape.extents))
    }
    let pair = StoredPair(a: first, b: second)
    do {
      guard let source, let judged = try judge(tensor, pair, source) else {
        return try judgeWithoutBound(path, pair)
      }
      return judged
    } catch {
      return TensorReport(
        path: path, reference: a.name, verdict: .notCompared, reason: .unusable(error))
    }
  }

  private func missing(_ path: String, from file: String) -> TensorReport {
    TensorReport(
      path: path, reference: a.name, verdict: .notCompared, reason: .missing(from: file))
  }

  /// Nothing is known about the layer, or what it computed from: equal up to storage.
  private func judgeWithoutBound(_ path: String, _ pair: StoredPair) throws -> TensorReport {
    let found = try pair.compare(.storage, nanIsEqual: nanIsEqual)
    return TensorReport(
      path: path, reference: a.name, verdict: Verdict(found), shape: pair.a.shape,
      comparison: found, limit: pair.description(of: .storage))
  }

  private func judge(
    _ tensor: ResultTensor, _ pair: StoredPair, _ source: Source
  ) throws -> TensorReport? {
    let moved = source.moved ?? (source.operands, source.upstream)
    guard !tensor.isGradient || (source.upstream != nil && moved.upstream != nil) else {
      return nil
    }
    let mine = (source.operands, source.upstream ?? [])
    let theirs = (moved.operands, moved.upstream ?? [])
    guard
      let first = try side(tensor, pair.a, mine, source.kind, a.isTwin ? nil : arithmetic.a),
      let second = try side(tensor, pair.b, theirs, source.kind, a.isTwin ? nil : arithmetic.b)
    else { return nil }
    var found = TwoSidedComparator(first, second, inputsAreFinite: true).run()
    let mayBeNaN =
      nanIsEqual || !mine.0.isFinite || !theirs.0.isFinite
      || !(mine.1 + theirs.1).allSatisfy(\.isFinite)
    if found.invalid > 0, mayBeNaN {
      found = TwoSidedComparator(first, second, inputsAreFinite: false).run()
    }
    let cause = source.moved == nil ? "" : " and of what it is computed from"
    return TensorReport(
      path: a.path(tensor), reference: a.name, verdict: Verdict(found), shape: pair.a.shape,
      comparison: found, terms: first.tolerance.terms,
      detectableTerm: first.tolerance.detectableTerm,
      limit: "rounding of \(a.layer.kind)\(cause)")
  }

  /// What one side recorded, what it should be, and how far it may be from that; nil where the
  /// layer has no such result.
  private func side(
    _ tensor: ResultTensor, _ stored: StoredTensor,
    _ source: (operands: Operands<Double>, upstream: [Tensor<Double>]), _ kind: AnyLayer,
    _ arithmetic: Arithmetic?
  ) throws -> TwoSidedComparator.Side? {
    let upstream = tensor.isGradient ? source.upstream : []
    guard let exact = try kind.compute(tensor, source.operands, upstream),
      exact.shape == stored.shape
    else { return nil }
    let formats = ComparisonFormats(
      ours: .float64, reference: stored.format ?? .float64,
      operandRoundoff: arithmetic?.operandRoundoff)
    let question = BoundQuestion(
      tensor, operands: source.operands, upstream: upstream, computed: exact,
      rounding: formats.rounding)
    return TwoSidedComparator.Side(
      recorded: try stored.read(as: Double.self), exact: exact,
      tolerance: Tolerance(try kind.bound(question), formats))
  }
}

extension Operands where S == Double {
  /// Whether all tensors hold the same numbers, and constants are rounded alike.
  fileprivate func hasSameNumbers(as other: Operands<Double>) -> Bool {
    inputs == other.inputs && parameters == other.parameters && buffers == other.buffers
      && auxiliary == other.auxiliary && format == other.format
      && inputFormat == other.inputFormat
  }
}
