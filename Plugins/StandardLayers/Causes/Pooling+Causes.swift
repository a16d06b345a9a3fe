// Known mistakes of pools: the divisor, what stands in the padding, windows that overlap, and the
// number of windows.

import Kernels
public import LayerKit
import Tensors

// MARK: Means and sums

extension MeanPoolLayer {
  public var causes: [Cause] { meanCauses }

  /// The causes of all pools that take the mean.
  var meanCauses: [Cause] { [averageDivisor, .averageSumMixed(sums), overlapOverwritten] }

  /// The means with another divisor.
  private func mean(_ divisor: PoolDivisor) -> AnyLayer {
    AnyLayer(OtherMeanPool(base: self, divisor: divisor))
  }

  private var sums: [(AnyLayer, String)] { [(mean(.fixed(1)), "a sum in the place of a mean")] }

  /// The cells of the window, those inside the image, or those inside the padded image.
  private var averageDivisor: Cause {
    Cause(
      "average-pool-divisor",
      advice: "sums over windows at the border were divided by another count: count the"
        + " same cells on both sides",
      remedies: [
        .torch: "`count_include_pad=False` divides by the cells inside the image",
        .keras: "`padding=\"same\"` leaves the padding out of the mean",
        .jax: "`nn.avg_pool(count_include_pad=False)`",
      ], shownBy: "padding, or windows that hang over"
    ) { evidence in
      let grid = grid(of: evidence.operands)
      let others: [(PoolDivisor, String)] = [
        (.valid, "the cells inside the image"), (.padded, "the cells inside the padded image"),
        (.fixed(grid.longestWindow), "all \(grid.longestWindow) cells of the window"),
      ]
      return others.filter { $0.0 != divisor }.compactMap { divisor, name in
        evidence.replay(mean(divisor), detail: "divided by \(name)")
      }
    }
  }

  private var overlapOverwritten: Cause {
    .overlapOverwritten { x, dy in
      let grid = established { try self.grid(over: x.shape) }
      // What each window adds to each of its cells: the mean of ones is (cells inside)/divisor, and
      // their sum the cells inside.
      let ones = Operands(inputs: [Tensor(x.shape, repeating: 1.0)])
      let means = define(ones).outputs[0]
      let sums = OtherMeanPool(base: self, divisor: .fixed(1)).define(ones).outputs[0]
      let parts = means.zip(sums) { $1 == 0 ? 0 : $0 / $1 }
      return grid.overwritten(dy.zip(parts) { $0 * $1 }) { cells, _ in cells }
    }
  }
}

extension AvgPoolLayer {
  public var causes: [Cause] {
    meanCauses + [
      .ceilMode {
        $0.replay(
          AnyLayer(OtherMeanPool(base: self, window: window.withOtherCeilMode, divisor: divisor)))
      }
    ]
  }
}

extension SumPoolLayer {
  public var causes: [Cause] {
    let divisors: [(PoolDivisor, String)] = [
      (.valid, "the cells inside the image"), (.padded, "the cells inside the padded image"),
      (.fixed(window.cells), "all cells of the window"),
    ]
    return [
      .averageSumMixed(
        divisors.map { divisor, name in
          (
            AnyLayer(OtherMeanPool(base: self, divisor: divisor)),
            "a mean over \(name) in the place of a sum"
          )
        }),
      .overlapOverwritten { x, dy in
        established { try self.grid(over: x.shape) }.overwritten(dy) { cells, _ in cells }
      },
      .ceilMode {
        $0.replay(
          AnyLayer(
            OtherMeanPool(base: self, window: window.withOtherCeilMode, divisor: .fixed(1))))
      },
    ]
  }
}

/// The means over the windows of another pool, or over other windows.
private struct OtherMeanPool<Base: PoolLayer>: MeanPoolLayer {
  static var kind: String { Base.kind }
  static var axes: Int { Base.axes }
  static var examples: [LayerExample] { Base.examples }

  let base: Base
  let divisor: PoolDivisor
  private let window: PoolWindow?

  init(base: Base, window: PoolWindow? = nil, divisor: PoolDivisor) {
    self.base = base
    self.window = window
    self.divisor = divisor
  }

  init(_ hyperparameters: inout HyperparameterReader) {
    self.init(base: Base(&hyperparameters), divisor: .valid)
  }

  func grid(over image: Shape) throws -> PoolGrid {
    try window?.grid(over: image) ?? base.grid(over: image)
  }
}

extension Cause {
  /// The shape of the other `ceil_mode`, and what belongs to it.
  static func ceilMode(
    _ replay: @escaping @Sendable (Evidence) -> Prediction?
  ) -> Cause {
    Cause(
      "ceil-mode",
      advice: "the number of windows was rounded the other way",
      remedies: [
        .torch: "set the same `ceil_mode`",
        .keras: "`padding=\"valid\"` rounds down, `padding=\"same\"` up",
      ], shownBy: "an image that the stride does not divide"
    ) { evidence in
      guard case .output = evidence.tensor else { return [] }
      return [replay(evidence)].compactMap { $0 }
    }
  }

  /// A sum in the place of a mean, or a mean in the place of a sum.
  static func averageSumMixed(_ others: [(layer: AnyLayer, detail: String)]) -> Cause {
    Cause(
      "pool-average-sum-mixed",
      advice: "a sum over windows stands where a mean belongs, or a mean where a sum"
        + " does: divide by the window size in forward and backward alike",
      shownBy: "a window whose size is not that of the batch",
      specificity: .specific
    ) { evidence in
      others.compactMap { evidence.replay($0.layer, detail: $0.detail) }
    }
  }

  /// Windows written with = in place of +=.
  static func overlapOverwritten(
    _ values:
      @escaping @Sendable (_ x: Tensor<Double>, _ dy: Tensor<Double>) -> Tensor<Double>
  ) -> Cause {
    Cause(
      "overlap-overwritten",
      advice: "where windows overlap, the gradient of a later one overwrites that of an"
        + " earlier one: add (+=) instead of assigning (=)",
      shownBy: "windows that overlap: a stride smaller than the kernel"
    ) { evidence in
      guard evidence.inputGradientUpstream != nil else { return [] }
      let rounding = evidence.rounding
      let prediction = evidence.bySample { x, dy in
        let dx = values(x, dy)
        // A product with a rounded quotient at most.
        let limits = dx.map {
          $0 == 0 ? 0 : rounding.gamma(2) * $0.magnitude + rounding.subnormalStep
        }
        return (dx, limits)
      }
      return [prediction].compactMap { $0 }
    }
  }
}
