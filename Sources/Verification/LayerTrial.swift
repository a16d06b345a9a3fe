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
    var reports = run(.init(tree: layer.reference, isTwin: false, layer, isLoss: isLoss))
    if let twin = layer.twin {
      reports += run(.init(tree: twin, isTwin: true, layer, isLoss: isLoss))
    }
    reports += UpdateTrial(fixtureCase, at: position, precision: options.precision).run()
    return expectFailure(of: reports)
  }

  private var isLoss: Bool { fixtureCase.lossLayer == position }

  private func run(_ side: ReferenceSide) -> [TensorReport] {
    guard let kind = layer.layer else {
      return side.allNotCompared(.unknownKind(layer.kind, closest: layer.closestKind))
    }
    if let failure = layer.failure { return side.allNotCompared(.unusable(failure)) }
    let precision = computingFormat(of: side)
    let arithmetic = fixtureCase.arithmetic
    switch precision {
    case .float32:
      return ReferenceTrial<Float>(kind, layer, side, arithmetic).run()
    default:
      return ReferenceTrial<Double>(kind, layer, side, arithmetic).run()
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
