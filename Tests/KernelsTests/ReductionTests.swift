import Kernels
import Testing

@Suite("Reduction")
struct ReductionTests {
  @Test("sums are exact on whole numbers", arguments: [0, 1, 2, 15, 16, 17, 255, 256, 257, 5_000])
  func exact(count: Int) {
    var samples = Samples(seed: UInt64(count))
    let x: [Float] = samples.whole(count)
    let y: [Float] = samples.whole(count)
    #expect(Reduction.sum(x) == x.reduce(0, +))
    #expect(Reduction.sum(x, times: y) == zip(x, y).reduce(0) { $0 + $1.0 * $1.1 })
  }

  @Test("rows and channels")
  func channels() {
    var samples = Samples(seed: 9)
    let (batch, channels, area) = (3, 5, 301)
    let x: [Double] = samples.whole(batch * channels * area)
    let y: [Double] = samples.whole(batch * channels * area)
    var (sums, products) = ([Double](repeating: 0, count: channels), [0.0, 0, 0, 0, 0])
    for index in x.indices {
      sums[index / area % channels] += x[index]
      products[index / area % channels] += x[index] * y[index]
    }
    #expect(
      Reduction.channelSums(x, batch: batch, channels: channels, area: area) == sums)
    #expect(
      Reduction.channelSums(x, times: y, batch: batch, channels: channels, area: area) == products)
    let rows = Reduction.rowSums(x, rows: batch * channels, columns: area)
    #expect((0..<channels).map { rows[$0] + rows[channels + $0] + rows[2 * channels + $0] } == sums)
  }

  @Test("the error of a long sum stays small")
  func accuracy() {
    let x = [Float](repeating: 0.1, count: 1_000_000)
    let exact = Double(Float(0.1)) * 1e6
    #expect(abs(Double(Reduction.sum(x)) - exact) / exact < 1e-6)
  }
}
