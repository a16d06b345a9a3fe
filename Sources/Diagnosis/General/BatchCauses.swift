import LayerKit
import Tensors

/// Samples that were mixed up.
enum BatchCauses {
  static var all: [Cause] { [reversed, firstSample] }

  /// S[n] = M[N−1−n].
  private static var reversed: Cause {
    Cause(
      "batch-order-reversed", advice: "the samples of the batch stand in reverse order"
    ) { evidence in
      guard evidence.hasBatchAxis else { return [] }
      let shape = evidence.computed.shape
      let size = shape.count / shape[0]
      return [
        Prediction(
          evidence.computed,
          rearranged: Rearrangement(shape) { (shape[0] - 1 - $0 / size) * size + $0 % size })
      ]
    }
  }

  /// S[n] = M[0] for all n.
  private static var firstSample: Cause {
    Cause(
      "first-sample-broadcast", advice: "the gradient of the first sample was used for all samples"
    ) { evidence in
      guard evidence.hasBatchAxis, case .inputGradient = evidence.tensor else { return [] }
      let shape = evidence.computed.shape
      let size = shape.count / shape[0]
      return [
        Prediction(evidence.computed, rearranged: Rearrangement(shape) { $0 % size })
      ]
    }
  }
}

extension Evidence {
  /// Whether the first axis of the tensor counts the samples of a batch of 2 or more.
  var hasBatchAxis: Bool {
    switch tensor {
    case .output, .inputGradient: break
    case .parameterGradient, .buffer: return false
    }
    guard let batch, batch > 1, computed.shape.rank > 1, computed.count > 0 else { return false }
    return computed.shape[0] == batch
  }
}
