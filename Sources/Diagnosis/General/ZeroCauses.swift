import LayerKit
import Tensors

/// Gradients that nothing arrived at.
enum ZeroCauses {
  static var all: [Cause] {
    [
      Cause(
        "all-zero", advice: "the gradient is zero throughout: it was never computed, or cut off",
        remedies: [
          .torch: "look for `.detach()`, `torch.no_grad()` or a missing `retain_grad()`",
          .keras: "look for `tf.stop_gradient` or a variable that the tape does not watch",
          .jax: "look for `jax.lax.stop_gradient`",
        ], specificity: .general
      ) { evidence in
        guard evidence.tensor.isGradient else { return [] }
        let zeros = Tensor(evidence.computed.shape, repeating: 0.0)
        return [Prediction(zeros) { .exact }]
      }
    ]
  }
}
