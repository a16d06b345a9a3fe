import Tensors

/// Irregular numbers, the same ones for the same seed.
struct Randomness {
  private var state: UInt64

  init(seed: Int) { state = UInt64(seed) &+ 0x9E37_79B9_7F4A_7C15 }

  /// The next 64 bits of SplitMix64, by Steele, Lea and Flood, 2014.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number of about the normal distribution: the sum of twelve uniform ones.
  mutating func normal() -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 }
  }

  /// A tensor of such numbers, each of them one of the type's.
  mutating func tensor<S: FloatingScalar>(_ shape: Shape, scale: Double, as: S.Type) -> Tensor<S> {
    Tensor(shape, (0..<shape.count).map { _ in S(normal() * scale) })
  }
}
