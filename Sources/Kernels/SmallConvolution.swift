internal import Tensors

/// Convolutions of so few multiply-adds that plans and packed weights would take longer than they do:
/// copies with the padding around them, and loops over the terms of the formula.
///
/// Everything stays on one thread.
struct SmallConvolution<S: KernelScalar> {
  private let geometry: ConvolutionGeometry
  private let window: SmallWindow
  /// Whether it is the transposed convolution.
  private let isTransposed: Bool
  private let instructions = InstructionSet.current

  /// The convolution, if it is small.
  init?(forward geometry: ConvolutionGeometry) {
    guard let window = SmallWindow(forward: geometry) else { return nil }
    (self.geometry, self.window, isTransposed) = (geometry, window, false)
  }

  /// The transposed convolution, if it is small.
  init?(transposed geometry: ConvolutionGeometry) {
    guard let window = SmallWindow(transposed: geometry) else { return nil }
    (self.geometry, self.window, isTransposed) = (geometry, window, true)
  }

  /// Channels that are read, in a group.
  private var channels: Int { isTransposed ? geometry.groupOutputs : geometry.groupInputs }
  /// Channels of the result, in a group.
  private var rows: Int { isTransposed ? geometry.groupInputs : geometry.groupOutputs }
  private var area: Int { window.rows.outputs * window.columns.outputs }
  /// The distance between the copies of two samples.
  private var step: Int { geometry.groups * channels * window.planeSize }
  /// What the micro-kernels may read beyond the copies.
  private var beyond: Int { 64 / MemoryLayout<S>.stride }

  /// The positions of the window over the planes of one group.
  private var positions: SmallPositions {
    SmallPositions(
      samples: geometry.batch, outputs: rows, terms: channels * geometry.taps, window: window,
      sourceStep: step, resultStep: geometry.groups * rows * area)
  }

  /// Y[n,m,y] = b[m] + Σ_{c,p} A[m,c,p] · X[n, c, cell of tap p at y], one chain of multiply-adds.
  func run(_ source: [S], _ weights: [S], bias: [S]?) -> [S] {
    KernelPath.note(isTransposed ? .smallTransposed : .small)
    let turned = isTransposed ? weights.count : 0
    return Array(uninitializedCount: geometry.batch * geometry.groups * rows * area) { result in
      source.withUnsafeBufferPointer { x in
        weights.withUnsafeBufferPointer { w in
          (bias ?? []).withUnsafeBufferPointer { b in
            guard let x = x.baseAddress, let w = w.baseAddress, let y = result.baseAddress
            else { return }
            Scratch.with(turned + geometry.batch * step + beyond, of: S.self) { scratch in
              if isTransposed { exchange(w, to: scratch) }
              S.smallCopies(
                window.copies(
                  of: x, planes: geometry.batch * geometry.groups * channels, to: scratch + turned))
              multiply(
                UnsafePointer(scratch) + turned, isTransposed ? UnsafePointer(scratch) : w,
                bias == nil ? nil : b.baseAddress, y)
            }
          }
        }
      }
    }
  }

  private func multiply(
    _ copies: UnsafePointer<S>, _ weights: UnsafePointer<S>, _ bias: UnsafePointer<S>?,
    _ result: UnsafeMutablePointer<S>
  ) {
    let positions = positions
    window.withTerms(channels: channels) { offsets in
      for group in 0..<geometry.groups {
        S.small(
          SmallTile(
            instructions: instructions, positions: positions,
            source: copies + group * channels * window.planeSize, offsets: offsets,
            weights: weights + group * rows * positions.terms,
            bias: bias.map { $0 + group * rows }, result: result + group * rows * area))
      }
    }
  }

  /// Turns the weights of each group from O I p to I O p.
  private func exchange(_ weights: UnsafePointer<S>, to target: UnsafeMutablePointer<S>) {
    let (inputs, outputs, taps) = (geometry.groupInputs, geometry.groupOutputs, geometry.taps)
    var next = target
    for group in 0..<geometry.groups {
      for input in 0..<inputs {
        for output in 0..<outputs {
          let place = weights + ((group * outputs + output) * inputs + input) * taps
          for tap in 0..<taps { next[tap] = place[tap] }
          next += taps
        }
      }
    }
  }

  /// dW[o,i,p] = Σ_{n,y} g[n,o,y] · X[n, i, y + pD − P] of the convolution.
  ///
  /// Each sum is spread over 64 bytes of lanes, which hold neighbouring columns, and runs through all
  /// samples and rows; the lanes are added as a binary tree at the end.
  func weightGradient(_ x: [S], _ dy: [S]) -> [S] {
    KernelPath.note(.smallCorrelation)
    let lanes = geometry.weightCount * LaneTile<S>.width
    return Array(uninitializedCount: geometry.weightCount) { result in
      x.withUnsafeBufferPointer { x in
        dy.withUnsafeBufferPointer { dy in
          guard let x = x.baseAddress, let dy = dy.baseAddress, let result = result.baseAddress
          else { return }
          Scratch.with(lanes + geometry.batch * step + beyond, of: S.self) { sums in
            S.smallCopies(
              window.copies(
                of: x, planes: geometry.batch * geometry.inputChannels, to: sums + lanes))
            correlate(UnsafePointer(sums) + lanes, dy, sums)
            S.addLanes(geometry.weightCount, sums, to: result)
          }
        }
      }
    }
  }

  private func correlate(
    _ copies: UnsafePointer<S>, _ dy: UnsafePointer<S>, _ lanes: UnsafeMutablePointer<S>
  ) {
    let positions = positions
    window.withTerms(channels: channels) { offsets in
      for group in 0..<geometry.groups {
        S.smallSums(
          SmallSums(
            instructions: instructions, positions: positions,
            source: copies + group * channels * window.planeSize, offsets: offsets,
            gradient: dy + group * rows * area,
            lanes: lanes + group * rows * positions.terms * LaneTile<S>.width))
      }
    }
  }
}
