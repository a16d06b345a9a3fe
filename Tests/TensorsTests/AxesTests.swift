import Tensors
import Testing

/// Letters to orders, by hand: canonical axis k is stored axis `order[k]`.
@Suite struct AxesTests {
  @Test(arguments: [
    ("NCHW", [0, 1, 2, 3]), ("NHWC", [0, 3, 1, 2]), ("HWCN", [3, 2, 0, 1]), ("CN", [1, 0]),
    ("NLC", [0, 2, 1]), ("WNC", [1, 2, 0]), ("NDHWC", [0, 4, 1, 2, 3]), ("WHDCN", [4, 3, 2, 1, 0]),
    ("HWN", [2, 0, 1]), ("HWC", [2, 0, 1]), ("C", [0]), ("", []),
  ])
  func activations(_ letters: String, _ order: [Int]) throws {
    let axes = try Axes(letters, rank: order.count, role: .activation)
    #expect(axes.order == order)
    #expect(axes.isCanonical == (order == order.sorted()))
  }

  @Test(arguments: [
    ("OIHW", [0, 1, 2, 3], [1, 0, 2, 3]), ("HWIO", [3, 2, 0, 1], [2, 3, 0, 1]),
    ("HWOI", [2, 3, 0, 1], [3, 2, 0, 1]), ("IO", [1, 0], [0, 1]), ("WIO", [2, 1, 0], [1, 2, 0]),
    ("DHWIO", [4, 3, 0, 1, 2], [3, 4, 0, 1, 2]), ("O", [0], [0]),
  ])
  func weights(_ letters: String, _ plain: [Int], _ transposed: [Int]) throws {
    let rank = plain.count
    #expect(try Axes(letters, rank: rank, role: .weight(isTransposed: false)).order == plain)
    #expect(try Axes(letters, rank: rank, role: .weight(isTransposed: true)).order == transposed)
  }

  @Test func parametersOfOtherKindsMayBeEither() throws {
    #expect(try Axes("HWC", rank: 3, role: .parameter).order == [2, 0, 1])
    #expect(try Axes("IO", rank: 2, role: .parameter).order == [1, 0])
    #expect(throws: AxesProblem.letter(at: 1, .parameter)) {
      try Axes("ON", rank: 2, role: .parameter)
    }
  }

  @Test(arguments: [
    ("NHW", 4, AxesProblem.count(letters: 3, rank: 4)),
    ("NCHWX", 5, .letter(at: 4, .activation)), ("nchw", 4, .letter(at: 0, .activation)),
    ("OIHW", 4, .letter(at: 0, .activation)), ("NCHH", 4, .repeated(at: 3)),
    ("NNCHW", 5, .repeated(at: 1)), ("NCH", 3, .incomplete(.activation)),
    ("NCDW", 4, .incomplete(.activation)), ("NCLW", 4, .incomplete(.activation)),
    ("NÉ", 3, .letter(at: 1, .activation)),
  ])
  func refusedForActivations(_ letters: String, _ rank: Int, _ problem: AxesProblem) {
    #expect(throws: problem) { try Axes(letters, rank: rank, role: .activation) }
  }

  @Test(arguments: [
    ("NCHW", AxesProblem.letter(at: 0, .weight(isTransposed: false))),
    ("OHWD", .incomplete(.weight(isTransposed: false))),
    ("OOHW", .repeated(at: 1)),
  ])
  func refusedForWeights(_ letters: String, _ problem: AxesProblem) {
    #expect(throws: problem) { try Axes(letters, rank: 4, role: .weight(isTransposed: false)) }
  }

  /// The order is the one that `permuted` takes.
  @Test func orderPermutesATensor() throws {
    let canonical = Tensor([2, 3, 4, 5], (0..<120).map { Double($0) })
    let stored = canonical.permuted([2, 3, 1, 0])
    let axes = try Axes("HWCN", rank: 4, role: .activation)
    #expect(stored.permuted(axes.order) == canonical)
  }
}
