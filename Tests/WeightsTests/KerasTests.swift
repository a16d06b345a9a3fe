import HDF5File
import Testing
import Weights

/// Files of Keras: every tensor under its name, with the bytes of the live model's variables.
@Suite struct KerasTests {
  private func expected(_ name: String) throws -> [WeightSamples.Facts] {
    try WeightSamples.expected(name, in: "expected-keras.json")
  }

  private func listing(
    _ name: String, _ options: WeightReadOptions = WeightReadOptions()
  ) throws -> WeightListing {
    try WeightFormats.standard.listing(of: WeightSamples.open(name), options: options)
  }

  @Test(arguments: [
    ("mlperf_resnet8.h5", "keras-h5"), ("keras2-nested.h5", "keras-h5"),
    ("keras3.h5", "keras-h5"), ("keras3.keras", "keras"), ("keras3-ranks.h5", "keras-h5"),
    ("keras3-ranks.keras", "keras"), ("keras3-deflated.keras", "keras"),
    ("keras3-weights-only.h5", "keras-h5"), ("keras3-many.h5", "keras-h5"),
    ("keras3-many.weights.h5", "keras-weights-h5"), ("keras3-bfloat16.keras", "keras"),
    ("keras3-bfloat16.weights.h5", "keras-weights-h5"), ("keras3-float16.keras", "keras"),
    ("keras3-float16.h5", "keras-h5"), ("keras3-int8.keras", "keras"),
    ("keras3-int8.weights.h5", "keras-weights-h5"),
  ])
  func everyTensorIsKeras(_ name: String, _ format: String) throws {
    let found = try listing(name)
    #expect(found.format == format && found.problems.isEmpty, "\(found.problems)")
    #expect(found.unused.filter { $0.isLeftOver }.isEmpty)
    let expected = try expected(name)
    #expect(!expected.isEmpty)
    #expect(try WeightSamples.facts(found) == expected)
  }

  /// Variables are numbered only, so that one of two that may be missing cannot be told.
  @Test func aNormalisationWithoutScaleIsRefusedWhereNothingTellsIt() throws {
    let found = try listing("keras3.weights.h5")
    #expect(found.problems.count == 2)
    #expect("\(found.problems)".contains("3 variables: gamma or beta is left out"))
    let expected = try expected("keras3.weights.h5").filter { $0.layer != "bn" && $0.layer != "ln" }
    #expect(try WeightSamples.facts(found) == expected)
    // A network that has no scale tells it.
    let layer = WeightTarget.Layer(
      name: "bn", kind: "BatchNorm2d", parameters: ["bias": [4]],
      buffers: ["running_mean": [4], "running_var": [4]])
    let told = try listing(
      "keras3.weights.h5", WeightReadOptions(target: WeightTarget(layers: [layer])))
    #expect(told.problems.count == 1)
    #expect(try WeightSamples.facts(told).count == expected.count + 3)
  }

  @Test func aScaleThatIsLeftOutIsOne() throws {
    let layer = WeightTarget.Layer(
      name: "bn", kind: "BatchNorm2d", parameters: ["weight": [4], "bias": [4]],
      buffers: ["running_mean": [4], "running_var": [4]])
    let target = WeightTarget(layers: [layer])
    let found = try listing("keras3.keras", WeightReadOptions(target: target))
    let matching = WeightMatching(found, with: target)
    #expect(matching.missing.isEmpty && matching.matches.count == 4)
    let weight = try #require(matching.matches.first { $0.parameter == "weight" })
    #expect(try weight.tensor.values().doubles == [1, 1, 1, 1])
    #expect(found.assumptions.contains("`bn` has no gamma: it is 1"))
  }

  /// The rows of a dense kernel stand as H, W, C, and a batch normalisation between does too.
  @Test func aFlattenIsUndoneWhereANetworkSaysItsExtents() throws {
    let plain = try listing("keras3-float16.keras")
    let kernel = try #require(plain.tensors.first { $0.layer.hasPrefix("dense") })
    let stored = try kernel.stored.values().doubles
    func network(_ image: [Int], permuted: Bool = false) -> WeightReadOptions {
      let flatten = WeightTarget.Layer(
        name: "flat", kind: "Flatten", parameters: [:], inputShape: image,
        sources: [permuted ? "permute" : "conv"])
      return WeightReadOptions(
        target: WeightTarget(layers: [
          .init(name: "conv", kind: "Conv2d", parameters: [:]),
          .init(name: "permute", kind: "Permute", parameters: [:]), flatten,
          .init(name: "drop", kind: "Dropout", parameters: [:], sources: ["flat"]),
          .init(
            name: kernel.layer, kind: "Linear", parameters: ["weight": [2, 27]], sources: ["drop"]),
        ]))
    }
    func weight(_ options: WeightReadOptions) throws -> WeightTensor {
      try #require(
        try listing("keras3-float16.keras", options).tensors.first {
          $0.name == kernel.name && $0.parameter == "weight"
        })
    }
    let fixed = try weight(network([1, 3, 3, 3]))
    #expect(fixed.conversion.words == "IO→OI, flatten 3×3×3")
    let (values, shape) = (try fixed.values().doubles, try fixed.canonicalShape())
    #expect(shape == [2, 27])
    for (o, c, h, w) in [(0, 0, 0, 0), (1, 2, 0, 1), (0, 1, 2, 0), (1, 0, 1, 2)] {
      #expect(values[o * 27 + c * 9 + h * 3 + w] == stored[((h * 3 + w) * 3 + c) * 2 + o])
    }
    #expect(try weight(network([1, 27, 1, 1])).conversion.words == "IO→OI")
    #expect(try weight(network([1, 3, 3, 3], permuted: true)).conversion.words == "IO→OI")
  }

  @Test func keras1NeedsItsOrderAndItsBackend() throws {
    let open = try listing("keras1.h5")
    #expect(open.problems.count == 1)
    #expect("\(open.problems)".contains("--keras1-ordering th|tf and --keras1-backend"))
    let half = try listing("keras1.h5", WeightReadOptions(keras1Ordering: .theano))
    #expect(half.problems.count == 1)
    let told = try listing(
      "keras1.h5", WeightReadOptions(keras1Ordering: .theano, keras1Backend: .theano))
    #expect(told.problems.isEmpty, "\(told.problems)")
    #expect(try WeightSamples.facts(told) == expected("keras1.h5"))
    #expect(told.generation == "Keras 1")
    #expect(told.tensors[0].conversion.words == "rotate 180")
    let other = try listing(
      "keras1.h5", WeightReadOptions(keras1Ordering: .tensorflow, keras1Backend: .tensorflow))
    #expect(try other.tensors[0].canonicalShape() == [3, 3, 4, 2])
  }

  @Test func whatIsListedAndMissingIsToldAtOnce() throws {
    #expect(
      try problems("keras2-damaged.h5") == [WeightProblem(source: "/gone", .missing("group"))])
    #expect(
      try problems("keras2-lost.h5") == [
        WeightProblem(source: "/here/here/kernel:0", .missing("dataset")),
        WeightProblem(source: "/here/here/bias:0", .missing("dataset")),
      ])
  }

  private func problems(_ name: String) throws -> [WeightProblem] {
    let file = try WeightSamples.open(name)
    do throws(WeightError) {
      return try WeightFormats.standard.listing(of: file).problems
    } catch {
      return error.problems
    }
  }

  /// The same extents fit both, and only a network tells which it is.
  @Test func aKernelOfTwoClassesIsRefused() throws {
    let words = try problems("keras2-ambiguous.h5").map { "\($0)" }
    #expect(
      words.count == 1 && words[0].contains("(3, 3, 8, 8) could be Conv2D or Conv2DTranspose"))
    for (kind, conversion) in [("Conv2d", "HWIO→OIHW"), ("ConvTranspose2d", "HWOI→IOHW")] {
      let target = WeightTarget(layers: [
        .init(name: "up", kind: kind, parameters: ["weight": [8, 8, 3, 3]])
      ])
      let found = try listing("keras2-ambiguous.h5", WeightReadOptions(target: target))
      #expect(found.tensors.first?.conversion.words == conversion)
    }
  }

  @Test func generationsAndAssumptionsAreTold() throws {
    let resnet = try listing("mlperf_resnet8.h5")
    #expect(resnet.generation == "Keras 2.4.0, backend tensorflow")
    #expect(resnet.kinds["conv2d"] == "Conv2d" && resnet.kinds["dense"] == "Linear")
    #expect(resnet.tensors.count == 48)
    #expect(
      resnet.tensors.contains { $0.notes == ["epsilon 0.001, momentum 0.99 = 0.01 here"] })
    #expect(resnet.assumptions.contains { $0.contains("in the order H, W, C") })
    #expect(resnet.assumptions.contains { $0.contains("biased variance") })
    let only = try listing("keras3-weights-only.h5")
    #expect(only.assumptions.contains { $0.contains("told from the length of its bias") })
    #expect(try listing("keras3.keras").generation?.hasPrefix("Keras 3.") == true)
  }

  @Test func aWrittenMapGivesTheSameTensors() throws {
    for name in ["mlperf_resnet8.h5", "keras3.keras", "keras2-nested.h5"] {
      let map = try WeightMap(text: Array(WeightMap(listing(name)).text.utf8), path: "map.json")
      let mapped = try WeightFormats.listing(of: WeightSamples.open(name), by: map)
      #expect(try WeightSamples.facts(mapped) == expected(name))
    }
  }

  /// A kernel of int8 stands for kernel / scale, which no step of a mapping file computes.
  @Test func whatIsComputedIsInNoMap() throws {
    let found = try listing("keras3-int8.keras")
    #expect(found.tensors.map(\.name) == ["fc.weight", "fc.bias"])
    #expect(found.assumptions.contains { $0.contains("quantises its input") })
    #expect(WeightMap(found).entries.map(\.parameter) == ["bias"])
  }

  /// An attribute says nothing of a class, whatever it is called; a network does.
  @Test func attributesOfAModelAreNoClasses() throws {
    let name = "keras3-subclassed.weights.h5"
    let open = try listing(name)
    #expect(open.tensors.map(\.layer) == ["one", "one", "two", "two"])
    #expect(open.unused.count { $0.isLeftOver } == 2)
    let layer = try #require(expected(name).first { $0.shape.count == 4 }).layer
    let target = WeightTarget(layers: [
      .init(name: layer, kind: "Conv2d", parameters: ["weight": [2, 2, 3, 3], "bias": [2]])
    ])
    let told = try listing(name, WeightReadOptions(target: target))
    #expect(try WeightSamples.facts(told) == expected(name))
  }
}
