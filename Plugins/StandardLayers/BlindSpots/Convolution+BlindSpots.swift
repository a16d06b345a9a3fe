// What a convolution cannot show. A mistake is invisible where it changes nothing: a kernel of one
// cell looks the same turned, a stride of 1 cannot be forgotten.

public import Kernels
public import LayerKit
public import Tensors

extension ConvolutionLayer {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    let w = operands.parameter("weight")
    guard let plan = try? ConvolutionPlan(settings, operands.inputs[0].shape, w.shape) else {
      return []
    }
    let spots = FilterBlindSpots(weight: w, bias: operands.parameters["bias"], axes: plan.axes)
    return spots.kernel + spots.windows + spots.channels + spots.groups(settings.groups)
  }
}

extension TransposedConvolutionLayer {
  public func blindSpots<S: KernelScalar>(
    _ operands: Operands<S>, upstream: [Tensor<S>]
  ) -> [BlindSpot] {
    let spots = FilterBlindSpots(
      weight: operands.parameter("weight"), bias: operands.parameters["bias"], axes: [])
    return spots.kernel + spots.channels + spots.groups(settings.groups)
  }
}

/// What filters and the windows they slide over cannot show.
struct FilterBlindSpots<S: KernelScalar> {
  let weight: Tensor<S>
  let bias: Tensor<S>?
  let axes: [WindowAxis]

  /// A kernel that looks the same turned.
  var kernel: [BlindSpot] {
    let kernel = weight.shape.extents.dropFirst(2)
    guard kernel.contains(where: { $0 > 1 }) else {
      return [
        BlindSpot(
          "a kernel of one cell",
          hides: [
            "kernel-rotated-180", "kernel-axes-swapped", "overlap-overwritten",
            "dilation-ignored", "kernel-edge-missing",
          ])
      ]
    }
    return isSymmetric(taps: kernel.reduce(1, *))
      ? [BlindSpot("a kernel that is the same turned", hides: ["kernel-rotated-180"])] : []
  }

  /// w[o,c,p] = w[o,c,K−1−p] everywhere; most kernels show that it is not at the first tap.
  private func isSymmetric(taps: Int) -> Bool {
    weight.count > 0
      && weight.elements.indices.allSatisfy { offset in
        let start = offset / taps * taps
        return weight[offset] == weight[start + taps - 1 - (offset - start)]
      }
  }

  /// Strides, paddings and remainders that leave nothing to get wrong.
  var windows: [BlindSpot] {
    guard !axes.isEmpty else { return [] }
    var spots: [BlindSpot] = []
    if axes.allSatisfy({ $0.stride == 1 }) {
      spots.append(
        BlindSpot(
          "stride 1", hides: ["stride-ignored", "remainder-rows-dropped", "remainder-at-start"]))
    } else if axes.allSatisfy({ $0.remainder == 0 }) {
      spots.append(
        BlindSpot(
          "windows that leave no remainder",
          hides: ["remainder-rows-dropped", "remainder-at-start"]))
    }
    if axes.allSatisfy({ $0.paddingBegin == 0 && $0.paddingEnd == 0 }) {
      spots.append(
        BlindSpot(
          "no padding",
          hides: ["padding-side", "padding-mode", "wrong-outer-padding"]))
    } else if axes.allSatisfy({ $0.paddingBegin == $0.effectiveKernel - 1 - $0.paddingBegin }) {
      spots.append(
        BlindSpot("padding of half the kernel", hides: ["wrong-outer-padding"]))
    }
    if axes.allSatisfy({ $0.dilation == 1 }) {
      spots.append(BlindSpot("dilation 1", hides: ["dilation-ignored"]))
    }
    if axes.allSatisfy({ $0.output == 1 }) {
      spots.append(
        BlindSpot(
          "one output position",
          hides: [
            "upstream-reversed", "scaled-by-positions", "bias-not-summed-over-space",
            "overlap-overwritten",
          ]))
    } else if axes.allSatisfy({ $0.stride >= $0.effectiveKernel }) {
      spots.append(
        BlindSpot("windows that do not overlap", hides: ["overlap-overwritten"]))
    }
    return spots
  }

  /// Few channels, and a bias that adds nothing.
  var channels: [BlindSpot] {
    var spots: [BlindSpot] = []
    if weight.shape[0] == 1 && weight.shape[1] == 1 {
      spots.append(
        BlindSpot(
          "one channel on both sides",
          hides: [
            "channels-swapped", "layout-hwio-read-as-oihw", "layout-hwoi-read-as-oihw",
            "layout-ohwi-read-as-oihw",
          ]))
    }
    if let bias, bias.elements.allSatisfy({ $0 == 0 }) {
      spots.append(BlindSpot("a bias of zeros", hides: ["bias-omitted", "bias-added-twice"]))
    }
    return spots
  }

  func groups(_ count: Int) -> [BlindSpot] {
    let isTrivial = count == 1 || (count == weight.shape[0] && weight.shape[1] == 1)
    return isTrivial ? [BlindSpot("no groups of several channels", hides: ["group-order"])] : []
  }
}
