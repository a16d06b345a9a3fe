import Kernels
import Testing

/// The sums and elements of normalisations against arrays that are written down step by step.
@Suite("Groups of elements")
struct ElementGroupsTests {
  /// [outer, count, inner].
  static let extents = [
    [1, 1, 1], [1, 4, 7], [3, 5, 301], [2, 3, 16], [5, 2, 256], [8, 1, 1000], [4, 6, 15],
  ]

  private func check<S: KernelScalar>(_ extents: [Int], _ x: [S], _ y: [S]) {
    let (outer, count, inner) = (extents[0], extents[1], extents[2])
    let groups = ElementGroups(outer: outer, count: count, inner: inner)
    func sums(_ x: [S], times y: [S]? = nil) -> [S] {
      Reduction.channelSums(x, times: y, batch: outer, channels: count, area: inner)
    }
    func group(_ offset: Int) -> Int { offset / inner % count }

    let size = S(groups.size)
    let means = sums(x).map { $0 / size }
    #expect(groups.means(of: x) == means)
    let centred = x.indices.map { x[$0] - means[group($0)] }
    let variances = sums(centred, times: centred).map { $0 / size }
    #expect(groups.variances(of: x, means: means) == variances)

    let deviations = variances.map { ($0 + 0.125).squareRoot() }
    let normalized = x.indices.map { centred[$0] / deviations[group($0)] }
    #expect(groups.normalized(x, means: means, deviations: deviations) == normalized)
    let products = sums(y, times: normalized)
    #expect(
      groups.products(of: x, means: means, deviations: deviations, times: y) == products)

    if y.count >= count {
      let (weights, biases) = (Array(y.prefix(count)), Array(x.prefix(count)))
      let found = groups.normalized(
        x, means: means, deviations: deviations, factors: (weights, biases))
      let expected = x.indices.map { weights[group($0)] * normalized[$0] + biases[group($0)] }
      #expect(found == expected)
    }
    let gradient = groups.gradient(
      x, y, means: means, deviations: deviations, factors: deviations, shifts: variances,
      slopes: products)
    let expected = x.indices.map { offset in
      let g = group(offset)
      return deviations[g] * (y[offset] - variances[g] - normalized[offset] * products[g])
    }
    #expect(gradient == expected)
  }

  @Test("the same bits as one step after the other", arguments: extents)
  func steps(extents: [Int]) {
    var samples = Samples(seed: 31)
    let count = extents.reduce(1, *)
    check(extents, samples.fractions(count) as [Double], samples.fractions(count))
    check(extents, samples.fractions(count) as [Float], samples.fractions(count))
  }

  @Test("nothing to read")
  func empty() {
    let groups = ElementGroups(outer: 0, count: 3, inner: 4)
    let means = groups.means(of: [Double]())
    #expect(means.map(\.isNaN) == [true, true, true])
    #expect(
      groups.products(of: [], means: [0, 0, 0], deviations: [1, 1, 1], times: []) == [0, 0, 0])
    #expect(groups.normalized([], means: [0, 0, 0], deviations: [1, 1, 1]) == [Double]())
  }
}
