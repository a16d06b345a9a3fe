import LayerKit
import Tensors
import Testing

/// Faults of dropouts, resampling and shuffles, from loops.
@Suite struct ShuffleCausesTests {
  private let both: [ResultTensor] = [.output(0), .inputGradient(0)]

  // MARK: Dropout

  private func dropout(isTraining: Bool = true, seed: UInt64 = 41) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    let shape: Shape = [4, 3, 5]
    let x = draw.tensor(shape)
    let mask = draw.tensor(shape, from: 0, to: 1).map { $0 > 0.3 ? 1.0 : 0 }
    return try PlantedFault(
      "Dropout", ["p": 0.3],
      Operands(inputs: [x], auxiliary: ["mask": mask], isTraining: isTraining),
      upstream: [draw.tensor(shape)])
  }

  /// What a mask and a factor make of x or dy.
  private func masked(
    _ tensor: ResultTensor, _ n: PlantedFault.Numbers, _ factor: Double,
    _ mask: (Double) -> Double = { $0 }
  ) -> Tensor<Double> {
    let values = tensor == .output(0) ? n.x : n.dy
    guard let drawn = n.operands.auxiliary["mask"] else { return values }
    return values.zip(drawn) { $0 * mask($1) * factor }
  }

  @Test func dropoutScale() throws {
    try dropout().expect("dropout-scale", in: both) { masked($0, $1, 1) }
    try dropout().expect("dropout-scale", in: both) { masked($0, $1, 1 / 0.3) }
    try dropout(isTraining: false).expect("dropout-scale", in: both) { tensor, n in
      (tensor == .output(0) ? n.x : n.dy).map { $0 * 0.7 }
    }
  }

  @Test func dropoutMask() throws {
    try dropout().expect("dropout-mask", in: both) { masked($0, $1, 1 / 0.7) { 1 - $0 } }
    try dropout().expect("dropout-mask", in: both) { masked($0, $1, 1 / 0.7) { _ in 1 } }
  }

  @Test func dropoutInTheOtherMode() throws {
    try dropout().expect("training-flag", in: both) { tensor, n in tensor == .output(0) ? n.x : n.dy
    }
    try dropout(isTraining: false).expect("training-flag", in: both) { masked($0, $1, 1 / 0.7) }
  }

  // MARK: Resampling

  private let image = [5, 4]

  private func upsample(
    _ settings: [String: HyperparameterValue], to size: [Int] = [8, 7], seed: UInt64 = 42
  ) throws -> PlantedFault {
    var draw = Draw(seed: seed)
    let x = draw.tensor(Shape([2, 3] + image))
    let stated: [String: HyperparameterValue] = ["size": .list(size.map { .integer($0) })]
    return try PlantedFault(
      "Upsample", stated.merging(settings) { $1 }, Operands(inputs: [x]),
      upstream: [draw.tensor(Shape([2, 3] + size))])
  }

  /// The output, or the gradient, for the cells and weights of new cells on each axis.
  private func resampled(
    _ tensor: ResultTensor, _ n: PlantedFault.Numbers, to size: [Int] = [8, 7],
    _ cells: (_ new: Int, _ extent: Int, _ output: Int) -> [(Int, Double)]
  ) -> Tensor<Double> {
    var y = Tensor(Shape([2, 3] + size), repeating: 0.0)
    var dx = n.x.map { _ in 0.0 }
    for plane in 0..<6 {
      for i in 0..<size[0] {
        for j in 0..<size[1] {
          let new = (plane * size[0] + i) * size[1] + j
          for (h, a) in cells(i, image[0], size[0]) {
            for (w, b) in cells(j, image[1], size[1]) {
              let cell = (plane * image[0] + h) * image[1] + w
              y[new] += a * b * n.x[cell]
              dx[cell] += a * b * n.dy[new]
            }
          }
        }
      }
    }
    return tensor == .output(0) ? y : dx
  }

  /// The two cells that a position lies between.
  private func line(_ position: Double, _ extent: Int) -> [(Int, Double)] {
    let p = min(max(position, 0), Double(extent - 1))
    let cell = min(Int(p), extent - 2)
    return [(cell, 1 - (p - Double(cell))), (cell + 1, p - Double(cell))]
  }

  @Test func alignCorners() throws {
    try upsample(["mode": "bilinear"]).expect("align-corners", in: both) {
      resampled($0, $1) { o, n, m in line(Double(o * (n - 1)) / Double(m - 1), n) }
    }
    try upsample(["mode": "bilinear", "align_corners": true]).expect("align-corners", in: both) {
      resampled($0, $1) { o, n, m in
        line((Double(o) + 0.5) * Double(n) / Double(m) - 0.5, n)
      }
    }
  }

  @Test func halfPixel() throws {
    for aligns in [false, true] {
      try upsample(["mode": "bilinear", "align_corners": .boolean(aligns)]).expect(
        "upsample-half-pixel", in: both
      ) { resampled($0, $1) { o, n, m in line(Double(o * n) / Double(m), n) } }
    }
  }

  @Test func nearestRounding() throws {
    try upsample(["mode": "nearest"]).expect("upsample-nearest-rounding", in: both) {
      resampled($0, $1) { o, n, m in [((2 * o + 1) * n / (2 * m), 1)] }
    }
    try upsample(["mode": "nearest"], to: [10, 12]).expectHidden(
      "upsample-nearest-rounding", in: .output(0)
    ) { resampled(.output(0), $0, to: [10, 12]) { o, n, m in [((2 * o + 1) * n / (2 * m), 1)] } }
  }

  @Test func mode() throws {
    try upsample(["mode": "nearest"]).expect("upsample-mode", in: both) {
      resampled($0, $1) { o, n, m in
        line((Double(o) + 0.5) * Double(n) / Double(m) - 0.5, n)
      }
    }
    try upsample(["mode": "bilinear"]).expect("upsample-mode", in: both) {
      resampled($0, $1) { o, n, m in [(o * n / m, 1)] }
    }
  }

  @Test func gradientNotSummed() throws {
    for last in [false, true] {
      try upsample(["mode": "nearest"], to: [10, 12]).expect(
        "upsample-gradient-not-summed", in: [.inputGradient(0)]
      ) { _, n in
        var dx = n.x.map { _ in 0.0 }
        for plane in 0..<6 {
          for h in 0..<5 {
            for w in 0..<4 {
              let (i, j) = last ? (2 * h + 1, 3 * w + 2) : (2 * h, 3 * w)
              dx[(plane * 5 + h) * 4 + w] = n.dy[(plane * 10 + i) * 12 + j]
            }
          }
        }
        return dx
      }
    }
  }

  // MARK: Shuffles

  private func shuffle(
    _ kind: String, _ settings: [String: HyperparameterValue], _ input: Shape, _ output: Shape
  ) throws -> PlantedFault {
    var draw = Draw(seed: 43)
    return try PlantedFault(
      kind, settings, Operands(inputs: [draw.tensor(input)]), upstream: [draw.tensor(output)])
  }

  /// Output or gradient, for the source of each element of the output.
  private func moved(
    _ tensor: ResultTensor, _ n: PlantedFault.Numbers, _ source: ([Int]) -> [Int]
  ) -> Tensor<Double> {
    var (y, dx) = (n.dy, n.x)
    for offset in 0..<y.count {
      let place = zip(source(y.shape.index(at: offset)), n.x.shape.strides).reduce(0) {
        $0 + $1.0 * $1.1
      }
      y[offset] = n.x[place]
      dx[place] = n.dy[offset]
    }
    return tensor == .output(0) ? y : dx
  }

  @Test func pixelShuffleOrder() throws {
    let (r, c) = (2, 3)
    let fault = try shuffle("PixelShuffle", ["upscale_factor": 2], [2, 12, 3, 4], [2, 3, 6, 8])
    try fault.expect("pixel-shuffle-order", in: both, detail: "channels ordered r r C") {
      moved($0, $1) { [$0[0], ($0[2] % r * r + $0[3] % r) * c + $0[1], $0[2] / r, $0[3] / r] }
    }
    try fault.expect(
      "pixel-shuffle-order", in: both, detail: "rows and columns of the block exchanged"
    ) {
      moved($0, $1) { [$0[0], ($0[1] * r + $0[3] % r) * r + $0[2] % r, $0[2] / r, $0[3] / r] }
    }
    let inverse = try shuffle(
      "PixelUnshuffle", ["downscale_factor": 2], [2, 3, 6, 8], [2, 12, 3, 4])
    try inverse.expect("pixel-shuffle-order", in: both, detail: "channels ordered r r C") {
      moved($0, $1) { k in
        let block = k[1] / c
        return [k[0], k[1] % c, k[2] * r + block / r, k[3] * r + block % r]
      }
    }
    try inverse.expect(
      "pixel-shuffle-order", in: both, detail: "rows and columns of the block exchanged"
    ) {
      moved($0, $1) { k in [k[0], k[1] / 4, k[2] * r + k[1] % r, k[3] * r + k[1] / r % r] }
    }
  }

  @Test func channelShuffleOrder() throws {
    // y[k·g + m] = x[m·C/g + k]; the inverse takes the channel that this one puts there.
    try shuffle("ChannelShuffle", ["groups": 3], [2, 12, 3], [2, 12, 3]).expect(
      "channel-shuffle-order", in: both
    ) { moved($0, $1) { [$0[0], $0[1] % 4 * 3 + $0[1] / 4, $0[2]] } }
    try shuffle("ChannelShuffle", ["groups": 3], [2, 9, 3], [2, 9, 3]).expectHidden(
      "channel-shuffle-order", in: .output(0)
    ) { moved(.output(0), $0) { [$0[0], $0[1] % 3 * 3 + $0[1] / 3, $0[2]] } }
  }

  // MARK: Controls

  @Test func rightResultsGetNoCause() throws {
    try dropout().expectNoCause(in: both)
    try dropout(isTraining: false).expectNoCause(in: both)
    for mode in ["nearest", "nearest-exact", "bilinear", "bicubic", "area"] {
      try upsample(["mode": .text(mode)]).expectNoCause(in: both)
      try upsample(["mode": .text(mode)], to: [10, 12]).expectNoCause(in: both)
    }
    try upsample(["mode": "bilinear", "align_corners": true]).expectNoCause(in: both)
    try shuffle("PixelShuffle", ["upscale_factor": 2], [2, 12, 3, 4], [2, 3, 6, 8])
      .expectNoCause(in: both)
    try shuffle("ChannelShuffle", ["groups": 3], [2, 12, 3], [2, 12, 3]).expectNoCause(in: both)
  }
}
