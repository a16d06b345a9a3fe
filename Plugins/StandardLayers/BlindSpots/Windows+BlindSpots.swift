// What pools, resamplings and dropouts cannot show.

public import Kernels
public import LayerKit
public import Tensors

extension AvgPoolLayer {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    windowSpots(operands) { axes in
      axes.allSatisfy { $0.paddingBegin == 0 && $0.paddingEnd == 0 }
        ? [BlindSpot("no padding", hides: ["average-pool-divisor"])] : []
    }
  }
}

extension MaxPoolLayer {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    windowSpots(operands) { axes in
      if axes.allSatisfy({ $0.paddingBegin == 0 && $0.paddingEnd == 0 }) {
        return [BlindSpot("no padding", hides: ["max-pool-zero-padding"])]
      }
      return operands.inputs[0].elements.contains { $0 < 0 }
        ? [] : [BlindSpot("no negative input", hides: ["max-pool-zero-padding"])]
    }
  }
}

extension SlidingPoolLayer {
  /// What the windows cannot show, and what a kind adds for its own.
  fileprivate func windowSpots<S>(
    _ operands: Operands<S>, _ own: ([WindowAxis]) -> [BlindSpot]
  ) -> [BlindSpot] {
    guard let grid = try? window.grid(over: operands.inputs[0].shape) else { return [] }
    let axes = grid.axes.compactMap { axis -> WindowAxis? in
      guard case .sliding(let sliding) = axis else { return nil }
      return sliding
    }
    var spots = own(axes)
    if axes.allSatisfy({ $0.stride >= $0.effectiveKernel }) {
      spots.append(
        BlindSpot("windows that do not overlap", hides: ["overlap-overwritten"]))
    }
    if axes.allSatisfy({ $0.remainder == 0 }) {
      spots.append(BlindSpot("windows that leave no remainder", hides: ["ceil-mode"]))
    }
    return spots
  }
}

extension ResamplingLayer {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    guard let output = try? outputShapes(operands.shapes)[0] else { return [] }
    let input = operands.inputs[0].shape
    let spatial = Swift.zip(output.extents.dropFirst(2), input.extents.dropFirst(2))
    if spatial.allSatisfy({ $0 == $1 }) {
      return [
        BlindSpot(
          "a scale of 1",
          hides: [
            "align-corners", "upsample-half-pixel", "upsample-mode",
            "upsample-gradient-not-summed",
          ])
      ]
    }
    return spatial.allSatisfy({ $1 > 0 && $0 % $1 == 0 })
      ? [BlindSpot("a whole scale", hides: ["upsample-nearest-rounding"])] : []
  }
}

extension DropoutLayer {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    guard operands.isTraining, probability > 0 else {
      return [
        BlindSpot(
          "nothing is dropped", hides: ["dropout-scale", "dropout-mask", "training-flag"])
      ]
    }
    return probability == 0.5
      ? [BlindSpot("p = 1/2", hides: ["dropout-scale"])] : []
  }
}
