// Mistakes about which part of the upstream gradient, or of the windows, is used.

import LayerKit
import Tensors

/// Causes of sliding windows in which the upstream gradient is used wrongly.
enum UpstreamCauses {
  /// A loop over the windows that stops one too early.
  static let lastRowSkipped = Cause(
    "last-output-row-skipped",
    advice: "the last row or column of windows is left out of the gradient: a loop stops one too "
      + "early"
  ) { evidence in
    guard evidence.tensor.isGradient, let dy = evidence.upstream.first, dy.shape.rank > 2
    else { return [] }
    let axes = Array(2..<dy.shape.rank).filter { dy.shape[$0] > 1 }
    guard !axes.isEmpty else { return [] }
    let single = axes.count > 1 ? axes.map { [$0] } : []
    return ([axes] + single).compactMap { axes in
      let shape = dy.shape
      let kept = Moves(shape, from: shape) { index in
        axes.contains { index[$0] == shape[$0] - 1 } ? nil : index
      }
      let names = axes.map {
        $0 == shape.rank - 1 ? "column" : $0 == shape.rank - 2 ? "row" : "plane"
      }
      return evidence.replay(
        upstream: [kept.apply(to: dy)], detail: "the last \(names.joined(separator: " and "))")
    }
  }

  /// dW of a full convolution whose δ was not turned.
  static let reversed = Cause(
    "upstream-reversed",
    advice: "the upstream gradient must not be turned by 180° in the gradient of the weights",
    shownBy: "more than one output position"
  ) { evidence in
    guard evidence.tensor == .parameterGradient("weight"), let dy = evidence.upstream.first,
      dy.shape.rank > 2
    else { return [] }
    let turned = FilterMoves(shape: dy.shape).turned.apply(to: dy)
    return [evidence.replay(upstream: [turned])].compactMap { $0 }
  }

  /// Windows that write where they should add; `predict` computes what is left then.
  static func overlapOverwritten(_ predict: @escaping @Sendable (Evidence) -> [Prediction]) -> Cause
  {
    Cause(
      "overlap-overwritten",
      advice: "where windows overlap, each must add to the result: `+=`, not `=`",
      shownBy: "windows that overlap: a stride smaller than the kernel", predict: predict)
  }
}
