import HDF5File
import Testing
import Weights

/// MatConvNet networks in files laid out as MATLAB's (make-matlab.py).
@Suite struct MatlabTests {
  private static let expected = "expected-matlab.json"

  @Test(arguments: [
    ("matconvnet-simple.mat", "SimpleNN", 22), ("matconvnet-dag.mat", "DagNN", 8),
    ("matconvnet-dag-one.mat", "DagNN", 1), ("matlab-broken.mat", "SimpleNN", 2),
  ])
  func everyTensorIsMatlabs(_ name: String, _ generation: String, _ count: Int) throws {
    let listing = try WeightSamples.listing(name)
    #expect(listing.format == "matlab")
    #expect(listing.evidence == "it begins with `MATLAB 7.3`")
    #expect(listing.generation == "MatConvNet \(generation)")
    let expected = try WeightSamples.expected(name, in: Self.expected)
    #expect(expected.count == count)
    #expect(try WeightSamples.facts(listing) == expected)
    #expect(listing.problems.isEmpty == (name != "matlab-broken.mat"), "\(listing.problems)")
  }

  private func tensor(_ name: String, in listing: WeightListing) throws -> WeightTensor {
    try #require(listing.tensors.first { $0.name == name }, "\(name)")
  }

  @Test func settingsAndConversionsAreTold() throws {
    let listing = try WeightSamples.listing("matconvnet-simple.mat")
    #expect(
      try tensor("conv1.weight", in: listing).notes == ["pad (0, 1, 0, 1)", "stride (2, 1)"])
    #expect(try tensor("conv1.weight", in: listing).conversion.words == "OIWH→OIHW")
    #expect(try tensor("one out.weight", in: listing).stored.shape == [4, 2, 3])
    #expect(try tensor("one out.weight", in: listing).conversion.words == "rank 4, OIWH→OIHW")
    #expect(try tensor("up.weight", in: listing).conversion.words == "IOWH→IOHW")
    #expect(try tensor("bn1.weight", in: listing).notes == ["epsilon 1e-05"])
    #expect(
      try tensor("layer11.weight", in: listing).notes == ["the layer has no name in the file"])
    let variance = try tensor("bn1.running_var", in: listing)
    #expect(variance.role == .buffer && variance.source.hasSuffix(" (sigma²)"))
    #expect(listing.kinds["up"] == "ConvTranspose2d" && listing.kinds["bn2"] == "BatchNorm2d")
    #expect(listing.assumptions.count == 1 && listing.assumptions[0].contains("eps is 0"))
  }

  @Test func aWrittenMapGivesTheSameTensors() throws {
    let name = "matconvnet-simple.mat"
    let map = try WeightMap(
      text: Array(WeightMap(WeightSamples.listing(name)).text.utf8), path: "map.json")
    let mapped = try WeightFormats.listing(of: WeightSamples.open(name), by: map)
    #expect(mapped.problems.isEmpty, "\(mapped.problems)")
    #expect(try WeightSamples.facts(mapped) == WeightSamples.expected(name, in: Self.expected))
    // Filters are no moments.
    let wrong = try WeightMap(
      text: Array(
        """
        {"format": "cnn-weights-map", "format_version": "1.0", "tensors": [
          {"source": "\(map.entries[0].source) (mean)", "layer": "a", "parameter": "b"}]}
        """.utf8), path: "map.json")
    let refused = try WeightFormats.listing(of: WeightSamples.open(name), by: wrong)
    #expect(refused.tensors.isEmpty && refused.problems.count == 1)
  }

  @Test func whatHoldsNoWeightsIsListed() throws {
    let listing = try WeightSamples.listing("matconvnet-simple.mat")
    let reasons = listing.unused.map(\.reason)
    #expect(reasons.contains("`relu1`, a `relu` layer without weights: leak 0"))
    #expect(reasons.contains("`pool1`, a `pool` layer without weights: method max, pool (2, 3)"))
    #expect(reasons.contains("`Verlust λ`, a `softmaxloss` layer without weights"))
    #expect(listing.unused.contains { $0.source == "/net/meta/averageImage" })
    #expect(listing.unused.count == 4 && !listing.unused.contains { $0.isLeftOver })
    let dag = try WeightSamples.listing("matconvnet-dag.mat")
    #expect(
      dag.unused.filter(\.isLeftOver).map(\.reason) == ["the parameter `spare` is no layer's"])
    #expect(
      try tensor("conv1.weight", in: dag).notes == ["dilate 1", "stride (1, 2)"])
  }

  @Test func aConvolutionOverTheWholeImageBecomesAMatrix() throws {
    let target = WeightTarget(layers: [
      .init(name: "conv1", kind: "Linear", parameters: ["weight": [4, 18], "bias": [4]])
    ])
    let listing = try WeightFormats.standard.listing(
      of: WeightSamples.open("matconvnet-simple.mat"), options: WeightReadOptions(target: target))
    let matrix = try WeightContent(tensor("conv1.weight", in: listing))
    let expected = try #require(
      WeightSamples.expected("matconvnet-simple.mat", in: Self.expected).first {
        $0.layer == "conv1" && $0.parameter == "weight"
      })
    // (C, H, W) in order: the same bytes.
    #expect(matrix.shape == [4, 18] && matrix.sha256 == expected.sha256)
  }

  @Test func whatIsWrongStaysWithItsLayer() throws {
    let listing = try WeightSamples.listing("matlab-broken.mat")
    #expect(listing.tensors.map(\.name) == ["good.weight", "rows.weight"])
    #expect(listing.warnings.count == 1 && listing.warnings[0].contains("`no moments`"))
    let problems = listing.problems.map(\.description)
    let words = [
      "it is no structure, and a layer is one", "it has no text `type`", "it holds no references",
      "its reference 1 leads to no object", "its class is `char`", "its class is `int32`",
      "it has 5 axes", "it is no row or column", "it is a structure, and a weight is an array",
      "a `conv` layer has 3 weights", "a layer of type `custom` is not known", "it is not C × 2",
    ]
    for words in words { #expect(problems.contains { $0.contains(words) }, "\(words)") }
    #expect(problems.count == words.count, "\(problems)")
  }

  @Test(arguments: [
    ("matlab-objects.mat", "objects (class `DAGNetwork`), which only MATLAB can read: export with"),
    ("matlab-plain.mat", "a MATLAB file without a MatConvNet network: write a mapping file"),
    ("matlab-two.mat", "is a second network, besides `/first`"),
    ("matlab-params.mat", "has no `layers` beside it"),
    ("references.h5", "has no text `type`"),
  ])
  func whatCannotBeReadIsRefusedByName(_ name: String, _ words: String) throws {
    var sentence = ""
    do throws(WeightError) {
      let file = try WeightFile(path: WeightSamples.path(name), reading: WeightSamples.reading())
      sentence = try WeightFormats.standard.listing(of: file).problems.map(\.description)
        .joined(separator: "\n")
    } catch {
      sentence = "\(error)"
    }
    #expect(sentence.contains(words), "\(sentence)")
  }

  @Test func attributesAndReferencesAreMarksWithoutTheText() throws {
    for name in ["matlab-plain.mat", "matlab-two.mat"] {
      let file = try WeightSamples.open(name)
      var bytes = try file.bytes(0..<file.size)
      bytes.replaceSubrange(0..<512, with: [UInt8](repeating: 0, count: 512))
      let bare = try WeightFile(content: bytes, name: name, reading: WeightSamples.reading())
      #expect(
        try WeightFormats.standard.detect(bare).evidence == .mark("it has the group `/#refs#`"))
    }
  }
}
