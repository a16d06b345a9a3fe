import FixtureDrafts
import HDF5File
import Testing
import Weights

/// What a file leaves open, and what a network settles.
@Suite struct TargetTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func listing(
    _ shapes: [(path: String, shape: [Int])], target: [Int]? = nil
  ) throws -> WeightListing {
    let writer = try HDF5Writer(path: folder("net.h5"))
    for (path, shape) in shapes {
      let count = shape.reduce(1, *)
      try writer.dataset(path, (0..<count).map { Float($0) }, shape: shape)
    }
    try writer.commit()
    let network = target.map {
      WeightTarget(layers: [.init(name: "a", kind: "Linear", parameters: ["weight": $0])])
    }
    return try WeightFormats.standard.listing(
      of: WeightFile(path: folder("net.h5"), reading: WeightSamples.reading()),
      options: WeightReadOptions(target: network))
  }

  /// One input channel to three, or three channels each for itself: the same shapes.
  @Test func aDeconvolutionAndADepthwiseConvolutionAreToldApartByANetwork() throws {
    let shapes = [(path: "a/W", shape: [1, 3, 2, 2]), (path: "a/b", shape: [3])]
    let open = try listing(shapes)
    #expect(open.problems.map(\.source) == ["/a/W"] && "\(open.problems)".contains("could be"))
    let depthwise = try listing(shapes, target: [3, 1, 2, 2])
    #expect(try depthwise.tensors[0].canonicalShape() == [3, 1, 2, 2])
    let transposed = try listing(shapes, target: [1, 3, 2, 2])
    #expect(try transposed.tensors[0].canonicalShape() == [1, 3, 2, 2])
    #expect(transposed.problems.isEmpty && depthwise.problems.isEmpty)
  }

  @Test func aConvolutionWithoutABiasIsAssumedAndTold() throws {
    let found = try listing([(path: "a/W", shape: [4, 3, 2, 2])])
    #expect(found.problems.isEmpty && found.assumptions.count == 1)
  }

  @Test func anInnerProductOfCaffeMayBeTransposed() throws {
    let shapes = [(path: "data/a/0", shape: [2, 3]), (path: "data/a/1", shape: [3])]
    #expect(try listing(shapes).tensors[0].canonicalShape() == [2, 3])
    let transposed = try listing(shapes, target: [3, 2]).tensors[0]
    #expect(try transposed.canonicalShape() == [3, 2])
    #expect(try transposed.values().doubles == [0, 3, 1, 4, 2, 5])
  }
}
