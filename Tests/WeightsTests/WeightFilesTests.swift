import HDF5File
import Testing
import Weights

/// Files of real tools: every tensor under its name, with the bytes that the tool itself computes.
@Suite struct WeightFilesTests {
  @Test(arguments: [
    ("types.safetensors", "safetensors"), ("stored.npz", "npz"), ("deflated.npz", "npz"),
    ("zip64.npz", "npz"), ("torch-flat.h5", "pytorch-h5"), ("torch-nested.h5", "pytorch-h5"),
    ("embarc_cifar10_small.caffemodel.h5", "caffe"), ("caffe-batchnorm.h5", "caffe"),
    ("chainer.h5", "chainer"), ("nnabla.h5", "nnabla"), ("bfloat16.h5", "pytorch-h5"),
  ])
  func everyTensorIsTheTools(_ name: String, _ format: String) throws {
    let listing = try WeightSamples.listing(name)
    #expect(listing.format == format)
    let expected = try WeightSamples.expected(name)
    #expect(!expected.isEmpty)
    #expect(try WeightSamples.facts(listing) == expected)
  }

  @Test func aMappingFileSaysWhatTensorsAre() throws {
    let map = try WeightMap(path: WeightSamples.path("mapped.json"))
    let listing = try WeightFormats.listing(of: WeightSamples.open("mapped.h5"), by: map)
    #expect(try WeightSamples.facts(listing) == WeightSamples.expected("mapped.h5"))
    #expect(listing.unused.map(\.source) == ["/other"])
    #expect(listing.unused.filter { $0.isLeftOver }.count == 1)
  }

  @Test(arguments: ["types.safetensors", "deflated.npz", "caffe-batchnorm.h5", "nnabla.h5"])
  func aWrittenMapGivesTheSameTensors(_ name: String) throws {
    let listing = try WeightSamples.listing(name)
    let map = try WeightMap(text: Array(WeightMap(listing).text.utf8), path: "map.json")
    #expect(map.entries.count == listing.tensors.count)
    let mapped = try WeightFormats.listing(of: WeightSamples.open(name), by: map)
    #expect(try WeightSamples.facts(mapped) == WeightSamples.expected(name))
  }

  @Test func whatHoldsNoNumbersStaysWithItsTensor() throws {
    let chainer = try WeightSamples.listing("chainer.h5")
    #expect(chainer.problems == [WeightProblem(source: "/fc/b", .noData)])
    #expect(chainer.unused.map(\.source) == ["/bn/N"])
    let opaque = try WeightSamples.listing("bfloat16.h5")
    #expect(opaque.problems.map(\.source) == ["/raw.weight"])
    let pickled = try WeightSamples.listing("refused.npz")
    #expect(pickled.tensors.count == 2 && pickled.problems.map(\.source) == ["bad"])
    #expect("\(pickled.problems[0])".contains("pickle"))
  }

  @Test func parametrisationsAreRefusedByName() throws {
    let listing = try WeightSamples.listing("torch-parametrised.h5")
    #expect(listing.problems.count == 2)
    #expect(
      listing.problems.allSatisfy {
        if case .parametrised = $0.reason { true } else { false }
      })
  }

  @Test func gradientsOfCaffeAreNeverLoaded() throws {
    let listing = try WeightSamples.listing("caffe-batchnorm.h5")
    #expect(
      Set(listing.unused.map(\.source)) == ["/diff/scale/0", "/data/inception/1x1/bn/2"])
    #expect(listing.unused.filter { $0.isLeftOver }.isEmpty)
    #expect(listing.kinds == ["inception/1x1/bn": "BatchNorm2d"])
  }

  @Test func aPrefixOfAllNamesIsRemovedAndTold() throws {
    let listing = try WeightSamples.listing("torch-flat.h5")
    #expect(listing.tensors.allSatisfy { $0.notes == ["prefix `module.` removed"] })
    let roles = Dictionary(grouping: listing.tensors, by: \.role).mapValues { $0.count }
    #expect(roles == [.parameter: 6, .buffer: 3])
  }
}
