import HDF5File
import Interchange
import LayerKit
import Network
import Tensors
import Testing
import Text

/// What the reader makes of files that are in order.
@Suite struct FixtureTests {
  /// The only case of a file, and its layers by the bytes of their names.
  private func onlyCase(
    _ name: String
  ) throws -> (FixtureCase, (String) throws -> FixtureLayer) {
    let fixture = try TestFixtures.open("good/" + name)
    try #require(fixture.cases.count == 1)
    let only = fixture.cases[0]
    return (
      only,
      { name in
        try #require(only.layers.first { $0.name.utf8.elementsEqual(name.utf8) }, "\(name)")
      }
    )
  }

  // MARK: One layer

  @Test func smallestFixture() throws {
    let (only, layer) = try onlyCase("minimal")
    let conv = try layer("conv1")
    #expect(only.name == nil && only.lossLayer == nil && only.arithmetic == .ieee)
    #expect(conv.kind == "Conv2d" && conv.layer != nil && conv.connections == nil)
    #expect(conv.outputShapes == [[1, 3, 2, 2]])
    #expect(conv.parameters.mapValues(\.shape) == ["weight": [3, 2, 3, 3], "bias": [3]])
    #expect(conv.inputs.map(\.?.shape) == [[1, 2, 4, 4]])
    #expect(conv.reference.parameterGradients.keys.sorted() == ["bias", "weight"])
    #expect(conv.reference.inputGradients[0]?.path == "/layers/conv1/reference/grad_input")
    #expect(conv.twin == nil && conv.unavailable.isEmpty)
    let read: Tensor<Float>? = try conv.parameters["bias"]?.read()
    #expect(read == Tensor([3], [0, 1, 2]))
    #expect(try conv.inputs[0]?.read(elements: 3..<5, as: Double.self) == [3, 4])
  }

  // MARK: A network

  @Test func attributesOfANetwork() throws {
    let (only, layer) = try onlyCase("network")
    #expect(only.producer == UntrustedText("by hand"))
    #expect(only.provenance == UntrustedText("{\"seed\": 1}"))
    #expect(only.arithmetic == .tf32)
    #expect(only.update?.optimizer.kind == "SGD" && only.update?.step == 0)
    #expect(only.trajectory == nil)
    #expect(only.inputs.map(\.name) == ["image", "target", "tokens"])
    #expect(only.lossLayer.map { only.layers[$0].name } == "loss")
    #expect(try layer("z.0.conv").source == UntrustedText("model.py:42"))
    #expect(try layer("relu").expectedFailure == UntrustedText("a reason"))
    #expect(try layer("drop").isTraining && !layer("relu").isTraining)
  }

  @Test func ignoredObjectsAreListed() throws {
    let fixture = try TestFixtures.open("good/network")
    #expect(
      Set(fixture.ignored) == [
        "/@x_note", "/@author", "/notes", "/inputs/x_other", "/layers/x_draft",
        "/layers/strange@x_arguments", "/layers/loss/x_extra",
      ])
  }

  @Test func topologicalOrder() throws {
    let (only, _) = try onlyCase("network")
    #expect(
      only.layers.map(\.name).map { Array($0.utf8) }
        == [
          "z.0.conv", "relu", "again", "byname", "add", "split", "caf\u{E9}", "cafe\u{301}",
          "strange", "scale", "scaled", "drop", "loss", "embedding", "grouped",
          "next.composed", "next.decomposed",
        ].map { Array($0.utf8) })
  }

  @Test func connections() throws {
    let (_, layer) = try onlyCase("network")
    #expect(try layer("z.0.conv").connections == [.networkInput("image")])
    #expect(
      try layer("add").connections == [
        .layerOutput(layer: 1, output: 0), .layerOutput(layer: 2, output: 0),
        .layerOutput(layer: 3, output: 0),
      ])
    #expect(try layer("caf\u{E9}").connections == [.layerOutput(layer: 5, output: 1)])
    #expect(try layer("cafe\u{301}").connections == [.layerOutput(layer: 5, output: 0)])
    #expect(try layer("scale").connections == [])
    // Names are equal only as bytes.
    #expect(try layer("next.composed").connections == [.layerOutput(layer: 6, output: 0)])
    #expect(try layer("next.decomposed").connections == [.layerOutput(layer: 7, output: 0)])
  }

  /// Recorded tensors of producers and inputs of the network stand in for a layer's own inputs.
  @Test func inputsFromProducers() throws {
    let (_, layer) = try onlyCase("network")
    #expect(try layer("z.0.conv").inputs.map(\.?.path) == ["/inputs/image"])
    #expect(try layer("relu").inputs.map(\.?.path) == ["/layers/z.0.conv/reference/output.0"])
    #expect(try layer("caf\u{E9}").inputs.map(\.?.path) == ["/layers/split/reference/output.1"])
    // Nothing was recorded for two of three, but their shapes are known.
    #expect(
      try layer("add").inputs.map(\.?.path) == ["/layers/relu/reference/output", nil, nil])
    #expect(try layer("add").outputShapes == [[2, 3, 2, 2]])
    #expect(try layer("split").outputShapes == [[2, 1, 2, 2], [2, 2, 2, 2]])
    #expect(try layer("loss").reference.outputs[0]?.shape == .scalar)
    #expect(try layer("embedding").inputs[0]?.format == nil)
    #expect(try layer("embedding").outputShapes == [[2, 2, 3]])
  }

  @Test func sharedParameters() throws {
    let (only, layer) = try onlyCase("network")
    let (holder, hard, byName) = (try layer("z.0.conv"), try layer("again"), try layer("byname"))
    let identity = holder.parameters.mapValues(\.objectID)
    #expect(Set(identity.values).count == 2)
    #expect(hard.parameters.mapValues(\.objectID) == identity)
    #expect(byName.parameters.mapValues(\.objectID) == identity)
    #expect(try layer("grouped").parameters.mapValues(\.objectID) == identity)
    #expect(byName.parameterHolder.map { only.layers[$0].name } == "z.0.conv")
    #expect(hard.parameterHolder == nil)
    #expect(byName.outputShapes == [[2, 3, 2, 2]])
  }

  @Test func unknownKindIsNoFault() throws {
    let (_, layer) = try onlyCase("network")
    let strange = try layer("strange")
    #expect(strange.layer == nil && strange.kind == "torch.nn.LSTM")
    #expect(strange.outputShapes == nil)
    #expect(strange.parameters["weight_ih_l0"]?.shape == [20, 3])
    // What follows is judged on what was recorded.
    #expect(
      try layer("scaled").inputs.map(\.?.path) == ["/layers/strange/reference/output", nil])
    #expect(try layer("scaled").outputShapes == [[2, 12]])
  }

  @Test func twinFallsBackToTheReference() throws {
    let (_, layer) = try onlyCase("network")
    let twin = try #require(try layer("relu").twin)
    #expect(twin.inputs[0]?.path == "/layers/z.0.conv/reference/output.0")
    #expect(twin.outputs[0]?.format == .float64)
    #expect(twin.outputGradients[0]?.path == "/layers/relu/reference_f64/grad_output")
  }

  // MARK: Cases

  @Test func casesInheritAttributes() throws {
    let fixture = try TestFixtures.open("good/cases")
    #expect(fixture.cases.map(\.name) == ["first", "second"])
    #expect(fixture.cases.map(\.producer) == [UntrustedText("root"), UntrustedText("own")])
    #expect(fixture.cases.map(\.arithmetic) == [.ieee, .bf16])
    #expect(fixture.cases.map(\.layers.count) == [1, 1])
    #expect(
      Set(fixture.ignored) == ["/cases/x_third", "/cases/second@colour", "/cases/second/other"])
  }

  @Test func manyLayersInTheOrderOfTheFile() throws {
    let (only, _) = try onlyCase("many")
    #expect(only.layers.map(\.name) == (0..<40).reversed().map { "layer\($0)" })
    #expect(only.inputs.map(\.name) == only.inputs.map(\.name).sorted())
    #expect(only.inputs.count == 80)
  }

  // MARK: Tensors

  /// Every dataset in another order is read as its canonical copy, which the file also holds.
  @Test func axes() throws {
    let fixture = try TestFixtures.open("good/axes")
    let expected = try #require(fixture.file.catalogue.root.group("expected"))
    var tensors: [StoredTensor] = []
    for layer in fixture.cases[0].layers {
      for reference in [layer.reference] + (layer.twin.map { [$0] } ?? []) {
        tensors += reference.inputs.values
        tensors += reference.outputs.values
        tensors += reference.outputGradients.values
        tensors += reference.parameterGradients.values
        tensors += reference.updatedParameters.values
      }
      tensors += layer.parameters.values
    }
    for (name, dataset) in expected.datasets {
      let path = "/" + String(name.string.map { $0 == "|" ? "/" : $0 })
      let tensor = try #require(tensors.first { $0.path == path }, "\(path)")
      let canonical = try fixture.file.read(dataset, as: Float.self)
      #expect(tensor.shape.extents == dataset.shape, "\(path)")
      #expect(try tensor.read(as: Float.self).elements == canonical, "\(path)")
      #expect(try tensor.read(as: Double.self).elements == canonical.map { Double($0) }, "\(path)")
      #expect(tensor.isCanonical == (path == "/layers/norm/reference/input"), "\(path)")
    }
    #expect(expected.datasets.count == 15)
    #expect(fixture.cases[0].layers.allSatisfy { $0.outputShapes != nil })
  }

  @Test func storage() throws {
    let (only, layer) = try onlyCase("storage")
    #expect(only.producer == UntrustedText("padded"))
    let formats: [String: NumberFormat?] = [
      "f2": .float16, "f4": .float32, "f8": .float64, "f2be": .float16, "f4be": .float32,
      "f8be": .float64, "bf16": .bfloat16, "gzip": .float32, "all": .float32, "i1": nil,
      "u1": nil, "i4be": nil, "u8": nil,
    ]
    for (name, format) in formats {
      let input = try #require(try layer(name).inputs[0], "\(name)")
      #expect(input.format == format, "\(name)")
      #expect(try input.read(as: Float.self) == Tensor([2, 3], [0, 1, 2, 3, 4, 5]), "\(name)")
      #expect(try input.read(as: Double.self) == Tensor([2, 3], [0, 1, 2, 3, 4, 5]), "\(name)")
      #expect(try input.read(elements: 2..<5, as: Float.self) == [2, 3, 4], "\(name)")
    }
    let norm = try layer("norm")
    #expect(norm.isTraining && norm.outputShapes == [[2, 3, 2, 2]])
    #expect(norm.buffers["num_batches_tracked"]?.shape == .scalar)
    #expect(norm.reference.buffers["num_batches_tracked"]?.shape == .scalar)
  }

  @Test func scalarsAndEmptyTensors() throws {
    let (_, layer) = try onlyCase("scalars")
    let loss = try layer("loss")
    #expect(loss.outputShapes == [.scalar])
    #expect(Set(loss.inputs.map(\.?.shape)).count == 1)
    #expect(loss.reference.outputs[0]?.shape == .scalar)
    #expect(loss.reference.outputGradients[0]?.shape == .scalar)
    #expect(loss.reference.inputGradients[0]?.shape == loss.inputs[0]?.shape)
    let prelu = try layer("prelu")
    #expect(prelu.parameters["weight"]?.shape == [1])
    #expect(prelu.reference.parameterGradients["weight"]?.shape == [1])
    let empty = try layer("empty")
    #expect(empty.outputShapes == [[0, 3]])
    #expect(try empty.inputs[0]?.read(as: Float.self).elements == [])
    #expect(try layer("alias").reference.outputs.keys.sorted() == [0])
    #expect(try layer("add").inputs.map(\.?.shape) == [[3], nil])
    #expect(try layer("add").outputShapes == nil)
    #expect(try layer("none").connections == [])
    #expect(try layer("close").closestKind == "ReLU" && layer("close").layer == nil)
  }

  // MARK: What cannot be read, and what is disputed

  @Test func unavailableTensors() throws {
    let (only, layer) = try onlyCase("unavailable")
    #expect(only.inputs.isEmpty)
    #expect(try layer("conv").unavailable.map(\.path) == ["/inputs/image"])
    #expect(try layer("conv").inputs.map(\.?.path) == [nil])
    // Without its bias the layer would be another one.
    #expect(try layer("bias").unavailable.map(\.path) == ["/layers/bias/parameters/bias"])
    #expect(try layer("bias").outputShapes == nil)
    #expect(try layer("shares").unavailable.map(\.path) == ["/layers/bias/parameters/bias"])
    #expect(try layer("shares").outputShapes == nil)
    #expect(try layer("result").unavailable.map(\.path) == ["/layers/result/reference/output"])
    #expect(try layer("result").outputShapes == [[1, 3, 2, 2]])
    #expect(try layer("result").reference.parameterGradients.count == 2)
    #expect(try layer("after").unavailable.map(\.path) == ["/layers/result/reference/output"])
    #expect(try layer("after").inputs.map(\.?.path) == [nil])
    #expect(try layer("after").outputShapes == [[1, 3, 2, 2]])
  }

  @Test func disputedShapesAreNoFault() throws {
    let (_, layer) = try onlyCase("disputed")
    let conv = try layer("conv")
    #expect(conv.outputShapes == [[1, 3, 2, 2]])
    #expect(conv.reference.outputs[0]?.shape == [1, 3, 3, 3])
    // A gradient of the disputed shape is of no use.
    #expect(conv.reference.outputGradients.isEmpty)
    #expect(try layer("flat").outputShapes == [[1, 27]])
    #expect(try layer("linear").outputShapes == nil)
  }
}
