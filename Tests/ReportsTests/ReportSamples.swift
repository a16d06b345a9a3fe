import Discrepancy
import Reports
import Tensors

/// Collects the text that a report writes.
final class CollectedText: TextOutput {
  private(set) var text = ""
  func write(_ text: String) { self.text += text }
}

/// Small reports for the tests of the sinks.
enum ReportSamples {
  static func layer(
    _ name: String = "conv1", source: String? = "net.py:42", expectedFailure: String? = nil
  ) -> LayerFacts {
    LayerFacts(
      fixture: "net.h5", caseName: nil, name: name, kind: "Conv2d", source: source,
      expectedFailure: expectedFailure)
  }

  /// A tensor of shape [2, 3] whose element [1, 1] is wrong by 0.25.
  static var differing: TensorReport {
    var found = Comparison()
    found.count = 6
    found.informative = 6
    found.beyondBound = 1
    found.maxAbsolute = 0.25
    found.maxRelative = 0.5
    found.boundRatio = 2500
    found.worst = Comparison.Element(
      offset: 4, ours: 0.75, reference: 0.5, bound: 1e-4, ulps: 4_194_304)
    found.firstBeyond = found.worst
    return TensorReport(
      path: "grad_parameters/weight", reference: "reference", verdict: .differ, shape: [2, 3],
      comparison: found, terms: 9)
  }

  static var agreeing: TensorReport {
    var found = Comparison()
    found.count = 6
    found.informative = 6
    found.worst = Comparison.Element(offset: 0, ours: 1, reference: 1, bound: 1e-6, ulps: 0)
    return TensorReport(
      path: "output", reference: "reference", verdict: .agree, shape: [2, 3], comparison: found)
  }

  static func report(_ tensors: [TensorReport], _ layer: LayerFacts = layer()) -> LayerReport {
    LayerReport(
      layer: layer, verdict: .summary(tensors.map(\.verdict)), tensors: tensors, chained: [])
  }
}
