import Kernels

/// A small generator with a seed, so that a failure can be repeated.
struct Samples: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64 (Steele, Lea, Flood, 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Small whole numbers: all sums of products of them are exact.
  mutating func whole<S: KernelScalar>(_ count: Int, of type: S.Type = S.self) -> [S] {
    (0..<count).map { _ in S(Int.random(in: -8...8, using: &self)) }
  }

  /// Numbers in [−1, 1) whose sums are rounded.
  mutating func fractions<S: KernelScalar>(_ count: Int, of type: S.Type = S.self) -> [S] {
    (0..<count).map { _ in S(Double.random(in: -1..<1, using: &self)) }
  }
}
