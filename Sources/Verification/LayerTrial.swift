import Diagnosis
import Discrepancy
import Interchange
import LayerKit
import Reports
import Tensors

/// One layer, fed the reference's own inputs and upstream gradients, held against what the
/// reference made of them.
struct LayerTrial {
  private let layer: FixtureLayer
  private let fixtureCase: FixtureCase
  private let position: Int
  private let options: VerificationOptions

  init(
    _ layer: FixtureLayer, in fixtureCase: FixtureCase, at position: Int,
    options: VerificationOptions
  ) {
    self.layer = layer
    self.fixtureCase = fixtureCase
    self.position = position
    self.options = options
  }

  /// Everything found about the layer's tensors; never empty.
  func run() -> [TensorReport] {
    var spots: [BlindSpot] = []
    return run(noting: &spots)
  }

  /// The same, noting what the fixture cannot show of the layer.
  func run(noting spots: inout [BlindSpot]) -> [TensorReport] {
    var reports: [TensorReport] = []
    for side in sides {
      // The twin has the same operands.
      var noted: [BlindSpot] = []
      reports += run(side, noting: &noted)
      if !side.isTwin { spots += noted }
    }
    if options.isDiagnosed { reports += BranchTrial(fixtureCase, at: position).run() }
    reports += UpdateTrial(fixtureCase, at: position, options: options).run()
    return expectFailure(of: Self.decided(reports))
  }

  /// The elements of one tensor that was judged, computed again; nil where there are none.
  func arrays(of report: TensorReport, _ facts: LayerFacts) throws -> ComparedArrays? {
    let update = UpdateTrial(fixtureCase, at: position, options: options)
    if let arrays = try update.arrays(of: report, facts) { return arrays }
    guard let kind = layer.layer, let side = sides.first(where: { $0.name == report.reference })
    else { return nil }
    let arithmetic = fixtureCase.arithmetic
    return switch computingFormat(of: side) {
    case .float32:
      try ReferenceTrial<Float>(kind, layer, side, arithmetic).arrays(of: report, facts)
    default:
      try ReferenceTrial<Double>(kind, layer, side, arithmetic).arrays(of: report, facts)
    }
  }

  /// The layer's references: the usual one, and its twin where there is one.
  private var sides: [ReferenceSide] {
    let isLoss = fixtureCase.lossLayer == position
    let usual = ReferenceSide(tree: layer.reference, isTwin: false, layer, isLoss: isLoss)
    return [usual]
      + (layer.twin.map { [.init(tree: $0, isTwin: true, layer, isLoss: isLoss)] } ?? [])
  }

  private func run(_ side: ReferenceSide, noting spots: inout [BlindSpot]) -> [TensorReport] {
    guard let kind = layer.layer else {
      return side.allNotCompared(.unknownKind(layer.kind, closest: layer.closestKind))
    }
    if let failure = layer.failure { return side.allNotCompared(.unusable(failure)) }
    let precision = computingFormat(of: side)
    switch precision {
    case .float32:
      return trial(of: Float.self, kind, side).run(noting: &spots)
    default:
      return trial(of: Double.self, kind, side).run(noting: &spots)
    }
  }

  private func trial<S: LayerScalar>(
    of type: S.Type, _ kind: AnyLayer, _ side: ReferenceSide
  ) -> ReferenceTrial<S> {
    ReferenceTrial(
      kind, layer, side, fixtureCase.arithmetic,
      flattened: fixtureCase.imageBeforeFlattening(for: position),
      isDiagnosed: options.isDiagnosed)
  }

  /// Where several causes fit a tensor, the one that explains another tensor of the layer.
  private static func decided(_ reports: [TensorReport]) -> [TensorReport] {
    let named = reports.map { $0.diagnosis?.headline?.id }
    return reports.enumerated().map { index, report in
      var report = report
      let others = named.enumerated().compactMap { $0.offset == index ? nil : $0.element }
      report.diagnosis?.prefer(anyOf: Set(others))
      return report
    }
  }

  private func computingFormat(of side: ReferenceSide) -> NumberFormat {
    switch options.precision {
    case .float64: .float64
    case .float32: .float32
    case .reference: side.format == .float64 ? .float64 : .float32
    }
  }

  /// Where the fixture expects the layer to differ, differing is as expected, and a layer that
  /// agrees throughout is a surprise.
  private func expectFailure(of reports: [TensorReport]) -> [TensorReport] {
    guard layer.expectedFailure != nil else { return reports }
    let differs = reports.contains { $0.verdict.isFailure }
    return reports.map { report in
      var report = report
      switch report.verdict {
      case .differ, .invalid: report.verdict = .expected
      case .agree, .warn: report.verdict = differs ? report.verdict : .surprise
      default: break
      }
      return report
    }
  }
}

extension FixtureCase {
  /// The image that a layer's first input was before it became a vector, [C, H, W].
  func imageBeforeFlattening(for position: Int) -> Shape? {
    guard case .layerOutput(let producer, 0) = layers[position].connections?.first,
      layers[producer].kind == "Flatten",
      let image = layers[producer].inputs.first??.shape, image.rank == 4
    else { return nil }
    return Shape(Array(image.extents.dropFirst()))
  }
}
