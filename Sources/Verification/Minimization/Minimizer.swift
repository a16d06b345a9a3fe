import Diagnosis
import Discrepancy
public import HDF5File
public import Interchange
public import LayerKit
import Reports
public import Tensors

/// Searches the smallest case of a layer that still differs for the same cause.
///
/// Each attempt is written as a fixture and judged as any other one. Tensors are only cut, never
/// computed anew: what remains is what the reference said. A cut that would leave the differing
/// tensor without something it depends on shows in the layer's own computation, which then no
/// longer gives the same numbers, and is not made.
public struct Minimizer {
  private let registry: LayerRegistry
  private let reading: ReadOptions
  private let options: VerificationOptions
  /// Where attempts are written.
  private let scratch: String

  /// Prepares a search; `scratch` is the path of a file that may be overwritten.
  public init(
    registry: LayerRegistry, reading: ReadOptions, options: VerificationOptions, scratch: String
  ) {
    self.registry = registry
    self.reading = reading
    self.options = VerificationOptions(precision: options.precision, isChained: false)
    self.scratch = scratch
  }

  /// What became of a layer.
  public enum Outcome {
    /// No case has such a layer.
    case unknown
    /// Nothing of it differs that could be cut out.
    case agrees
    /// It cannot be taken out of its network; the words say why.
    case bound(String)
    /// The smallest case that was found.
    case minimal(MinimalLayer)
  }

  /// Takes the first case in which the layer differs, and makes it smaller.
  public func minimize(
    _ name: String, of fixture: Fixture, _ progress: (String) throws -> Void
  ) throws -> Outcome {
    var outcome = Outcome.unknown
    for fixtureCase in fixture.cases {
      for (position, layer) in fixtureCase.layers.enumerated()
      where layer.name.utf8.elementsEqual(name.utf8) {
        outcome = .agrees
        let trial = LayerTrial(layer, in: fixtureCase, at: position, options: options)
        let isLoss = fixtureCase.lossLayer == position
        guard let (side, target, report) = worst(of: trial.run(), layer, isLoss: isLoss) else {
          continue
        }
        let original = try StandaloneLayer(side, of: fixture, in: fixtureCase, target: target)
        if let format = original.unwritableFormats.first {
          return .bound("its numbers are \(format.rawValue), which is read and not written")
        }
        let cause = Self.key(report)
        guard let start = try judge(original), Self.key(start.report) == cause else {
          return .bound("without the layers around it, it does not differ for the same cause")
        }
        var minimal = MinimalLayer(
          original: original, layer: original, caseName: fixtureCase.name, cause: cause)
        try shrink(&minimal, start, kind: layer.kind, progress)
        return .minimal(minimal)
      }
    }
    return outcome
  }

  /// The tensor to show: one whose cause is named before any other.
  private func worst(
    of reports: [TensorReport], _ layer: FixtureLayer, isLoss: Bool
  ) -> (ReferenceSide, ResultTensor, TensorReport)? {
    let sides = [(layer.reference, false)] + (layer.twin.map { [($0, true)] } ?? [])
    let failing = sides.flatMap { tree, isTwin in
      let side = ReferenceSide(tree: tree, isTwin: isTwin, layer, isLoss: isLoss)
      return reports.compactMap { report -> (ReferenceSide, ResultTensor, TensorReport)? in
        guard report.reference == side.name,
          report.verdict.isFailure || report.verdict == .expected,
          let tensor = side.present.first(where: { side.path($0) == report.path })
        else { return nil }
        return (side, tensor, report)
      }
    }
    return failing.first { $0.2.diagnosis?.headline != nil } ?? failing.first
  }

  /// What must stay the same: the named cause, those that fit alike, or that none does.
  private static func key(_ report: TensorReport) -> String {
    guard let diagnosis = report.diagnosis else { return report.verdict.rawValue }
    if let cause = diagnosis.headline { return cause.id }
    return diagnosis.causes.isEmpty
      ? TensorDiagnosis.unidentified : diagnosis.causes.map(\.id).sorted().joined(separator: " or ")
  }

  // MARK: Judging

  /// An attempt that could be judged.
  private struct Judged {
    let report: TensorReport
    /// What the layer computes for the target.
    let computed: Tensor<Double>
  }

  /// Writes a layer and judges it as any fixture; nil where it is none, or does not differ.
  private func judge(_ layer: StandaloneLayer) throws -> Judged? {
    try layer.write(to: scratch, provenance: "{}")
    guard let fixture = try? Fixture(path: scratch, registry: registry, options: reading),
      let fixtureCase = fixture.cases.first, let stored = fixtureCase.layers.first,
      let kind = stored.layer
    else { return nil }
    let reports = LayerTrial(stored, in: fixtureCase, at: 0, options: options).run()
    guard let report = reports.first(where: { $0.path == layer.targetPath }),
      report.verdict.isFailure
    else { return nil }
    let side = ReferenceSide(tree: stored.reference, isTwin: false, stored, isLoss: false)
    let upstream = (try? side.upstream(as: Double.self).get()) ?? []
    let operands = try side.operands(as: Double.self)
    // A layer of others may break down.
    guard let computed = try? kind.compute(layer.target, operands, upstream) else { return nil }
    return Judged(report: report, computed: computed)
  }

  // MARK: Searching

  private func shrink(
    _ minimal: inout MinimalLayer, _ start: Judged, kind: String,
    _ progress: (String) throws -> Void
  ) throws {
    var current = start
    // One cut may make another possible; a search that goes on saving ends where nothing is left.
    var isSmaller = true
    while isSmaller {
      isSmaller = false
      let worst = Self.worstIndex(minimal.layer, current.computed)
      for cut in LayerCuts(minimal.layer, kind: kind, worst: worst).all {
        for range in cut.ranges {
          try progress("minimizing: \(range.count) of \(cut.count) \(cut.name)")
          guard let smaller = cutting(minimal.layer, cut, range),
            let judged = try accepted(smaller, minimal, current, cut, range)
          else { continue }
          minimal.steps.append("\(cut.name): \(cut.count) → \(range.count)")
          (minimal.layer, current, isSmaller) = (smaller, judged, true)
          break
        }
        // The other cuts were measured on the larger layer.
        if isSmaller { break }
      }
    }
    try simplify(&minimal, current, progress)
  }

  private func cutting(
    _ layer: StandaloneLayer, _ cut: Cut, _ range: Range<Int>
  ) -> StandaloneLayer? {
    var smaller = cut.keeping(layer, range)
    smaller?.forgetSizes()
    return smaller
  }

  /// The judgement on a smaller layer, where it differs for the same cause and computes the part
  /// that was kept as the larger one did.
  private func accepted(
    _ smaller: StandaloneLayer, _ minimal: MinimalLayer, _ current: Judged, _ cut: Cut,
    _ range: Range<Int>
  ) throws -> Judged? {
    guard let judged = try judge(smaller), Self.key(judged.report) == minimal.cause else {
      return nil
    }
    // What is kept of the computed target is cut as the stored one is.
    var whole = minimal.layer
    whole.parts["reference/\(whole.targetPath)"]?.values = current.computed
    guard let kept = cut.keeping(whole, range)?.parts["reference/\(whole.targetPath)"]?.values,
      kept.shape == judged.computed.shape
    else { return nil }
    let scale = current.computed.elements.reduce(0) { max($0, $1.magnitude) }
    let isSame = kept.elements.indices.allSatisfy {
      // Sums of other lengths are added in another order; a lost term is far larger.
      (kept[$0] - judged.computed[$0]).magnitude <= 1e-12 * scale
    }
    return isSame ? judged : nil
  }

  /// Puts zeros in the place of operands on which the target does not depend.
  private func simplify(
    _ minimal: inout MinimalLayer, _ start: Judged, _ progress: (String) throws -> Void
  ) throws {
    for path in minimal.layer.operandPaths {
      guard let part = minimal.layer.parts[path], part.values.elements.contains(where: { $0 != 0 })
      else { continue }
      try progress("minimizing: zeros for \(path)")
      var simpler = minimal.layer
      simpler.parts[path]?.values = Tensor(part.values.shape, repeating: 0)
      guard let judged = try judge(simpler), Self.key(judged.report) == minimal.cause,
        judged.computed == start.computed
      else { continue }
      minimal.layer = simpler
      minimal.steps.append("\(path): zeros, nothing here depends on its numbers")
    }
  }

  /// The place of the largest error, NaN before any other; where the shapes differ there is none.
  private static func worstIndex(_ layer: StandaloneLayer, _ computed: Tensor<Double>) -> [Int] {
    guard let stored = layer.parts["reference/\(layer.targetPath)"]?.values,
      stored.shape == computed.shape, computed.count > 0
    else { return [] }
    let errors = stored.zip(computed) { ($0 - $1).magnitude }.elements
    let worst = errors.indices.max { !errors[$0].isNaN && !(errors[$1] <= errors[$0]) }
    return computed.shape.index(at: worst ?? 0)
  }
}

/// A layer before and after it was made smaller.
public struct MinimalLayer {
  /// The layer as it stands in its fixture.
  public let original: StandaloneLayer
  /// The smallest that was found.
  public internal(set) var layer: StandaloneLayer
  /// The case it is from.
  public let caseName: String?
  /// The cause that both show, or `unidentified`.
  public let cause: String
  /// What was cut, in words.
  public internal(set) var steps: [String] = []

  /// The shapes before and after, by path.
  public var shapes: [(path: String, before: Shape, after: Shape)] {
    original.parts.keys.sorted().compactMap { path in
      guard let before = original.parts[path], let after = layer.parts[path] else { return nil }
      return (path, before.values.shape, after.values.shape)
    }
  }
}
