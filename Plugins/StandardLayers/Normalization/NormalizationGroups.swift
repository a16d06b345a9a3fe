// Which elements of a tensor are normalised together, and which weight each of them has. With the
// elements read as a tensor [outer, count, inner], group g has the elements (o, g, i) for all o, i:
//
//     kind            outer   count        inner            weights
//     batch norm      N       C            space            one for each group
//     instance norm   1       N·C          space            one for each channel
//     group norm      1       N·G          (C/G)·space      C/G to a group
//     layer norm      1       other axes   trailing axes    one for each element of a group

import Kernels
import Tensors

/// The groups of elements of a tensor that share a mean and a variance.
public struct NormalizationGroups: Hashable, Sendable {
  /// How many pieces of neighbouring elements a group has.
  let outer: Int
  /// The number of groups.
  let count: Int
  /// The number of elements of a piece.
  let inner: Int
  /// The number of weights of the layer.
  let weights: Int
  /// The number of weights of a group.
  let weightsPerGroup: Int

  /// All samples and all of space for each channel of N C ….
  static func batch(_ x: Shape) -> NormalizationGroups {
    NormalizationGroups(
      outer: x[0], count: x[1], inner: x.split(at: 1).inner, weights: x[1], weightsPerGroup: 1)
  }

  /// All of space for each sample and channel of N C ….
  static func instance(_ x: Shape) -> NormalizationGroups { group(x, groups: x[1]) }

  /// All of space and C/G neighbouring channels for each sample of N C ….
  static func group(_ x: Shape, groups: Int) -> NormalizationGroups {
    let channels = x[1] / groups
    return NormalizationGroups(
      outer: 1, count: x[0] * groups, inner: channels * x.split(at: 1).inner, weights: x[1],
      weightsPerGroup: channels)
  }

  /// The trailing axes, as many as `rank` says.
  static func trailing(_ x: Shape, rank: Int) -> NormalizationGroups {
    let size = x.extents.suffix(rank).reduce(1, *)
    return NormalizationGroups(
      outer: 1, count: x.extents.dropLast(rank).reduce(1, *), inner: size, weights: size,
      weightsPerGroup: size)
  }

  /// m, the number of elements of a group.
  var size: Int { outer * inner }

  /// The number of elements of one weight in the whole tensor.
  var elementsPerWeight: Int { weights == 0 ? 0 : outer * count * inner / weights }

  /// The number of neighbouring elements that share a weight.
  var run: Int { weightsPerGroup == 0 ? 0 : inner / weightsPerGroup }

  /// The offsets of one piece of a group.
  func piece(_ o: Int, of group: Int) -> Range<Int> {
    let start = (o * count + group) * inner
    return start..<start + inner
  }

  /// The offsets of all elements of a group.
  func offsets(of group: Int) -> FlattenSequence<LazyMapSequence<Range<Int>, Range<Int>>> {
    (0..<outer).lazy.map { piece($0, of: group) }.joined()
  }

  /// The weight of the element at an offset.
  func weight(at offset: Int) -> Int { offset / run % weights }

  /// The channel of a group that has one weight.
  func channel(of group: Int) -> Int { group % weights }

  /// The groups as the kernels know them.
  var elements: ElementGroups { ElementGroups(outer: outer, count: count, inner: inner) }

  // MARK: Loops and sums

  /// Calls `body` with each group and the offsets of each of its pieces.
  @inline(__always)
  func forEachPiece(_ body: (_ group: Int, _ piece: Range<Int>) -> Void) {
    for o in 0..<outer {
      for group in 0..<count { body(group, piece(o, of: group)) }
    }
  }

  /// Calls `body` with the offsets of each piece of a group.
  @inline(__always)
  func forEachPiece(of group: Int, _ body: (_ piece: Range<Int>) -> Void) {
    for o in 0..<outer { body(piece(o, of: group)) }
  }

  /// Calls `body` with each weight of a group and the offsets of each run of elements that have it.
  @inline(__always)
  func forEachRun(of group: Int, _ body: (_ weight: Int, _ run: Range<Int>) -> Void) {
    guard run > 0 else { return }
    forEachPiece(of: group) { piece in
      var weight = weight(at: piece.lowerBound)
      for start in stride(from: piece.lowerBound, to: piece.upperBound, by: run) {
        body(weight, start..<start + run)
        weight = weight + 1 == weights ? 0 : weight + 1
      }
    }
  }

  /// How many groups make a task that is worth its start.
  var groupsPerTask: Int { max(1, Parallel.blockSize / max(1, size)) }

  /// Calls `body` once for each group, in parallel.
  func forEachGroupInParallel(_ body: @Sendable (_ group: Int) -> Void) {
    Parallel.forEachBlock(count, of: groupsPerTask) { groups in
      for group in groups { body(group) }
    }
  }

  /// Calls `body` with each weight and the offsets of each run of elements that have it.
  @inline(__always)
  func forEachRun(_ body: (_ weight: Int, _ run: Range<Int>) -> Void) {
    guard outer * count * inner > 0 else { return }
    for (index, start) in stride(from: 0, to: outer * count * inner, by: run).enumerated() {
      body(index % weights, start..<start + run)
    }
  }

  /// Σ x (· y) over each group.
  func sums<S: KernelScalar>(_ x: [S], times y: [S]? = nil) -> [S] {
    Reduction.channelSums(x, times: y, batch: outer, channels: count, area: inner)
  }

  /// Σ x (· y) over the elements of each weight.
  func weightSums<S: KernelScalar>(_ x: [S], times y: [S]? = nil) -> [S] {
    guard !x.isEmpty else { return [S](repeating: 0, count: weights) }
    return Reduction.channelSums(
      x, times: y, batch: elementsPerWeight / run, channels: weights, area: run)
  }

  /// Whether the elements of a weight are those of a group, so that their sums are the same.
  var weightsAreGroups: Bool { weightsPerGroup == 1 && weights == count }
}
