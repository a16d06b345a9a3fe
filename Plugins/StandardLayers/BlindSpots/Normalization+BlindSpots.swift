// What normalisations cannot show.

public import Kernels
public import LayerKit
public import Tensors

extension NormalizationLayer {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    var spots: [BlindSpot] = []
    let isFresh =
      (operands.parameters["weight"]?.elements.allSatisfy { $0 == 1 } ?? true)
      && (operands.parameters["bias"]?.elements.allSatisfy { $0 == 0 } ?? true)
    if isFresh, !operands.parameters.isEmpty {
      spots.append(BlindSpot("a fresh scale and shift", hides: ["affine-omitted"]))
    }
    if let first = upstream.first?.elements.first,
      upstream.allSatisfy({ $0.elements.allSatisfy { $0 == first } })
    {
      spots.append(
        BlindSpot(
          "a uniform upstream gradient",
          hides: [
            "batch-norm-statistics-constant", "layer-norm-statistics-constant",
            "normalisation-mean-term-omitted", "normalisation-variance-term-omitted",
          ]))
    }
    return spots
  }
}
