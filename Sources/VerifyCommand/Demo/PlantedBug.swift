import LayerKit
import Network
import Tensors

/// A mistake that the demo makes on purpose, as plain code of its own.
struct PlantedBug: Sendable {
  /// The cause that the check must name.
  let id: String
  /// The layer in which it is made.
  let layer: String
  /// The one tensor that it makes wrong.
  let tensor: ResultTensor
  /// What someone wrote.
  let written: String
  /// What is right.
  let right: String
  /// Computes the tensor wrongly.
  let wrong: @Sendable (LayerApplication<Float>, _ computed: Tensor<Float>) -> Tensor<Float>

  /// The path of the tensor in reports.
  var path: String {
    switch tensor {
    case .output: "output"
    case .inputGradient: "grad_input"
    case .parameterGradient(let name): "grad_parameters/\(name)"
    case .buffer(let name): "buffers/\(name)"
    }
  }

  static let all = [
    PlantedBug(
      id: "kernel-rotated-180", layer: "conv2", tensor: .parameterGradient("weight"),
      written: "dW[o, i, K−1−u, L−1−v] += dY[n, o, p, q] · X[n, i, 2p+u−1, 2q+v−1]",
      right: "dW[o, i, u, v] += dY[n, o, p, q] · X[n, i, 2p+u−1, 2q+v−1]"
    ) { layer, _ in
      convolution(layer, stride: 2, padding: [1, 1]).turnedWeightGradient(layer.upstream[0])
    },
    PlantedBug(
      id: "stride-ignored", layer: "conv2", tensor: .inputGradient(0),
      written: "dX[n, i, p+u−1, q+v−1] += dY[n, o, p, q] · W[o, i, u, v]",
      right: "dX[n, i, 2p+u−1, 2q+v−1] += dY[n, o, p, q] · W[o, i, u, v]"
    ) { layer, _ in
      convolution(layer, stride: 1, padding: [1, 1]).inputGradient(layer.upstream[0])
    },
    PlantedBug(
      id: "bias-omitted", layer: "conv1", tensor: .output(0),
      written: "Y[n, o, p, q] = Σ W[o, i, u, v] · X[n, i, p+u−1, q+v]",
      right: "Y[n, o, p, q] = b[o] + Σ W[o, i, u, v] · X[n, i, p+u−1, q+v]"
    ) { layer, computed in
      convolution(layer, stride: 1, padding: [1, 0]).outputWithoutBias(computed.shape)
    },
    PlantedBug(
      id: "relu-mask-from-upstream", layer: "relu1", tensor: .inputGradient(0),
      written: "dX = dY where dY > 0, else 0", right: "dX = dY where X > 0, else 0"
    ) { layer, _ in layer.upstream[0].map { $0 > 0 ? $0 : 0 } },
    PlantedBug(
      id: "accumulated-twice", layer: "fc", tensor: .parameterGradient("weight"),
      written: "the second backward() adds to the gradients of the first",
      right: "the gradients are set to zero before each backward()"
    ) { _, computed in computed.map { $0 + $0 } },
    PlantedBug(
      id: "batch-one-sample-only", layer: "fc", tensor: .parameterGradient("weight"),
      written: "dW[o, i] = dY[n, o] · X[n, i] for each n, so that the last one stays",
      right: "dW[o, i] = Σ dY[n, o] · X[n, i] over n"
    ) { layer, computed in
      let (dy, x) = (layer.upstream[0], layer.operands.inputs[0])
      var gradient = computed
      for n in 0..<x.shape[0] {
        for o in 0..<dy.shape[1] {
          for i in 0..<x.shape[1] { gradient[o, i] = dy[n, o] * x[n, i] }
        }
      }
      return gradient
    },
  ]

  private static func convolution(
    _ layer: LayerApplication<Float>, stride: Int, padding: [Int]
  ) -> PlainConvolution {
    PlainConvolution(
      x: layer.operands.inputs[0], w: layer.operands.parameter("weight"), stride: stride,
      padding: padding)
  }
}
