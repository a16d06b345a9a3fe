// Known mistakes of resampling: where new cells lie, how they are made, and blocks not added up.

public import LayerKit
import Tensors

extension ResamplingLayer {
  public var causes: [Cause] {
    [alignCorners, halfPixel, nearestRounding, otherMode, gradientNotSummed]
  }

  /// The layer with some of its settings changed.
  private func changed(_ change: (inout Resampling) -> Void) -> AnyLayer {
    var settings = resampling
    change(&settings)
    return AnyLayer(OtherResampling<Self>(resampling: settings))
  }

  private var alignCorners: Cause {
    Cause(
      "align-corners",
      advice: "the corners were aligned on one side only",
      remedies: [
        .torch: "set the same `align_corners`",
        .keras: "`UpSampling2D` never aligns corners",
        .jax: "`jax.image.resize` never aligns corners",
      ], shownBy: "a scale other than 1, and images that are not constant"
    ) { evidence in
      guard resampling.mode.interpolates else { return [] }
      return [evidence.replay(changed { $0.alignsCorners.toggle() })].compactMap { $0 }
    }
  }

  /// p = r·j in the place of r·(j + ½) − ½.
  private var halfPixel: Cause {
    Cause(
      "upsample-half-pixel",
      advice: "positions were taken as o·n/m: the centre of new cell o lies at (o +"
        + " 1/2)·n/m - 1/2",
      remedies: [
        .keras: "`tf.compat.v1.image.resize` needs `half_pixel_centers=True`"
      ], shownBy: "a scale other than 1"
    ) { evidence in
      guard resampling.mode.interpolates else { return [] }
      return [
        evidence.replay(
          changed {
            $0.omitsHalfPixel = true
            $0.alignsCorners = false
          })
      ].compactMap { $0 }
    }
  }

  /// ⌊r·(j + ½)⌋ in the place of ⌊r·j⌋, or the reverse.
  private var nearestRounding: Cause {
    Cause(
      "upsample-nearest-rounding",
      advice: "the nearest cell was rounded otherwise: floor(o·n/m) or floor((o +"
        + " 1/2)·n/m)",
      remedies: [
        .torch: "`mode='nearest'` is the first, `'nearest-exact'` the second",
        .keras: "`interpolation=\"nearest\"` is the second",
        .jax: "`method='nearest'` is the second",
      ], shownBy: "a scale that is not whole"
    ) { evidence in
      guard resampling.mode.selects else { return [] }
      let other: ResamplingMode = resampling.mode == .nearest ? .nearestExact : .nearest
      return [evidence.replay(changed { $0.mode = other })].compactMap { $0 }
    }
  }

  /// Copies in the place of lines, or the reverse.
  private var otherMode: Cause {
    Cause(
      "upsample-mode",
      advice: "new cells were made in another way",
      remedies: [
        .torch: "set the same `mode`",
        .keras: "set the same `interpolation`",
        .jax: "set the same `method`",
      ], shownBy: "a scale other than 1"
    ) { evidence in
      let linear: [ResamplingMode] = [.linear, .bilinear, .trilinear]
      let axes = evidence.operands.inputs[0].shape.rank - 2
      guard linear.indices.contains(axes - 1) else { return [] }
      let own = resampling.mode
      let others: [(ResamplingMode, Bool)] =
        own.selects
        ? [(linear[axes - 1], false), (linear[axes - 1], true)]
        : [(.nearest, false), (.nearestExact, false)]
      let further: [(ResamplingMode, Bool)] =
        axes == 2 && own != .bicubic ? [(.bicubic, resampling.alignsCorners)] : []
      let lines = own == .bicubic || own == .area ? [(linear[axes - 1], false)] : []
      return (others + further + lines).compactMap { mode, aligns in
        evidence.replay(
          changed {
            $0.mode = mode
            $0.alignsCorners = aligns
          }, detail: "mode \"\(mode.rawValue)\"")
      }
    }
  }

  /// dx of the first or the last new cell of each block in the place of their sum.
  private var gradientNotSummed: Cause {
    Cause(
      "upsample-gradient-not-summed",
      advice:
        "the gradient took one cell of each block: add up the upstream gradients of all copies"
        + " of a cell"
    ) { evidence in
      guard let dy = evidence.inputGradientUpstream, resampling.mode.selects,
        let axes = try? resampling.axes(evidence.operands.inputs[0].shape)
      else { return [] }
      let shape = evidence.operands.inputs[0].shape
      return [true, false].map { takesFirst in
        // The new cell that stands for each cell, on each axis.
        let copies = axes.map { axis -> [Int?] in
          var copies = [Int?](repeating: nil, count: axis.extent)
          let rows = axis.rows(evidence.operands.format)
          for row in 0..<rows.rows {
            for entry in rows[row] where copies[entry.cell] == nil || !takesFirst {
              copies[entry.cell] = row
            }
          }
          return copies
        }
        let chosen = LayerKit.Rearrangement(shape, from: dy.shape) { index in
          let places = zip(copies, index.dropFirst(2)).map { $0[$1] }
          let present = places.compactMap { $0 }
          return present.count == places.count ? index.prefix(2) + present : nil
        }
        return Prediction(
          chosen.apply(to: dy), detail: "the \(takesFirst ? "first" : "last") of each block"
        ) { .exact }
      }
    }
  }
}

/// A resampling with other settings.
private struct OtherResampling<Base: ResamplingLayer>: ResamplingLayer {
  static var kind: String { Base.kind }
  static var examples: [LayerExample] { Base.examples }

  let resampling: Resampling

  init(resampling: Resampling) { self.resampling = resampling }

  init(_ hyperparameters: inout HyperparameterReader) {
    self.init(resampling: Base(&hyperparameters).resampling)
  }
}
