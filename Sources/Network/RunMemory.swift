/// How much of what a run of a whole network keeps for later may stay in memory.
///
/// While a layer is at work, what is kept and what the layer takes itself are no more than `total`.
/// A small layer leaves more room for the others than a large one, and what is kept between two
/// layers stands beside all that are computed in the meantime.
public struct RunMemory: Sendable {
  private let total: Int
  private let layers: [Int]

  /// What may be kept in memory where nothing is known of the layers: 128 MiB.
  private static let least = 128 << 20

  /// What a layer at work takes at most, in halves of its tensors: measured are 1.0 to 1.4 times.
  private static let halvesAtWork = 3

  /// Keeps at most 128 MiB, whatever the layers take.
  public init() { self.init(total: Self.least, layers: []) }

  /// Shares memory with the layers at work.
  ///
  /// - Parameters:
  ///   - total: The bytes that the run may take.
  ///   - layers: The bytes of all tensors of each layer, in the order of the network.
  public init(total: Int, layers: [Int]) {
    self.total = total
    self.layers = layers
  }

  /// Keeps everything: for who holds the results of all layers anyway.
  package static let unlimited = RunMemory(total: .max, layers: [])

  /// The bytes that may be kept while the layers of a range are computed, one after the other.
  package func limit(during range: Range<Int>) -> Int {
    let largest = layers[range.clamped(to: layers.indices)].max() ?? 0
    return max(0, total - largest / 2 * Self.halvesAtWork)
  }
}
