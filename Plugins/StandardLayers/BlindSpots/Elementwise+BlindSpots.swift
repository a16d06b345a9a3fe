// What activations, linear layers and losses cannot show.

public import Kernels
public import LayerKit
public import Tensors

extension ReLU {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    let always = BlindSpot(
      "a derivative of 0 or 1", hides: ["derivative-at-output", "activation-derivative-twice"])
    guard !operands.inputs[0].elements.contains(0) else { return [always] }
    return [
      always,
      BlindSpot("no input that is exactly zero", hides: ["relu-derivative-at-zero"]),
    ]
  }
}

extension LeakyReLU {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    operands.inputs[0].elements.contains { $0 < 0 }
      ? [] : [BlindSpot("no negative input", hides: ["leaky-slope"])]
  }
}

extension Linear {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    var spots: [BlindSpot] = []
    let w = operands.parameter("weight").shape
    if w.contains(1) {
      spots.append(BlindSpot("one row or column of weights", hides: ["dense-transposed"]))
    }
    if operands.inputs[0].shape.count == w[1] {
      spots.append(BlindSpot("one sample", hides: ["batch-summed-before-product"]))
    }
    if let bias = operands.parameters["bias"], bias.elements.allSatisfy({ $0 == 0 }) {
      spots.append(BlindSpot("a bias of zeros", hides: ["bias-omitted", "bias-added-twice"]))
    }
    return spots
  }
}

extension CrossEntropyLoss {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    var spots: [BlindSpot] = []
    let weight = operands.auxiliary["weight"]?.elements ?? [1]
    if weight.allSatisfy({ $0 == weight.first }) {
      spots.append(
        BlindSpot(
          "classes of equal weight", hides: ["class-weight-normalisation", "class-weight-ignored"])
      )
    }
    let target = operands.inputs[1]
    if target.shape != operands.inputs[0].shape,
      !target.elements.contains(where: { Int(exactly: $0.value) == ignored })
    {
      spots.append(BlindSpot("no row that is ignored", hides: ["ignore-index-counted"]))
    }
    return spots
  }
}

extension SmoothL1Loss {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    beta == 1 ? [BlindSpot("beta 1", hides: ["huber-smooth-l1-mixed"])] : []
  }
}

extension Shape {
  fileprivate func contains(_ extent: Int) -> Bool { extents.contains(extent) }
}
