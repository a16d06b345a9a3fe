import Discrepancy
import HDF5File
import Interchange
import LayerKit
import Reports
import Text

extension TensorReport.Reason {
  /// The reason that an error gives; of a layer of others, as far as it can be shown.
  static func unusable(_ error: any Error) -> TensorReport.Reason {
    switch error {
    case let error as HDF5Error: .unusable(error.clause)
    case let error as LayerProblem: .unusable("\(error)")
    case let error as LayerFailure: .unusable("\(error)")
    default: .unusable(UntrustedText("\(error)").terminal)
    }
  }
}

/// The datasets of a layer that cannot be read, by what they mean for its comparison.
struct RefusedTensors {
  /// Paths below the layer's own group (`reference/output`), each with the reason.
  private let refused: [(path: String, reason: String)]

  init(_ layer: FixtureLayer) {
    refused = layer.unavailable.map { tensor in
      let marker = "/layers/\(layer.name)/"
      let start = tensor.path.firstRange(of: marker)?.upperBound ?? tensor.path.startIndex
      let name = "`\(UntrustedText(tensor.path).terminal)`"
      return (String(tensor.path[start...]), tensor.problem.sentence(about: name))
    }
  }

  /// Why the layer cannot be computed against a reference: an operand is unreadable.
  func operandReason(for side: ReferenceSide) -> TensorReport.Reason? {
    let folders = ["parameters/", "buffers/", "auxiliary/", "\(side.name)/input", "/"]
    let operand = refused.first { entry in folders.contains { entry.path.hasPrefix($0) } }
    return operand.map { .unusable($0.reason) }
  }

  /// Why there is no upstream gradient.
  func upstreamReason(for side: ReferenceSide) -> TensorReport.Reason? {
    let upstream = refused.first { $0.path.hasPrefix("\(side.name)/grad_output") }
    return upstream.map { .unusable($0.reason) }
  }

  /// Reports of all that cannot be read, by its path below the layer's own group.
  var all: [TensorReport] {
    refused.map { path, reason in
      TensorReport(
        path: path, reference: "layer", verdict: .notCompared, reason: .unusable(reason))
    }
  }

  /// Reports of the results whose recorded values cannot be read.
  func reports(for side: ReferenceSide) -> [TensorReport] {
    let prefix = side.name + "/"
    return refused.filter { $0.path.hasPrefix(prefix) }.map { path, reason in
      TensorReport(
        path: String(path.dropFirst(prefix.count)), reference: side.name, verdict: .notCompared,
        reason: .unusable(reason))
    }
  }
}
