import HDF5File
import Interchange
import LayerKit
import Tensors
import Testing
import Text

/// One mistake in each file of `bad/`, and its one answer.
@Suite struct MalformedFixtureTests {
  /// A file, the object that is told, and the fact.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let file: String
    let object: String
    let reason: FixtureReason
    var testDescription: String { file }

    init(_ file: String, _ object: String, _ reason: FixtureReason) {
      self.file = file
      self.object = object
      self.reason = reason
    }
  }

  static let file: [Mistake] = [
    Mistake("no-format", "/", .missingAttribute("format", closest: nil)),
    Mistake(
      "misspelled-version", "/",
      .missingAttribute("format_version", closest: "format-version")),
    Mistake("wrong-format", "/", .wrongFormat("cnn-fixtures")),
    Mistake("later-version", "/", .unsupportedVersion("2.0")),
    Mistake("version-in-words", "/", .malformedVersion("one")),
    Mistake(
      "version-as-number", "/",
      .attributeType("format_version", expected: "a text", found: "real number")),
    Mistake("root-beside-cases", "/layers", .rootBesideCases(group: "layers")),
    Mistake("no-layers", "/", .noLayers(closest: "layer")),
    Mistake("layers-as-dataset", "/layers", .groupExpected("layers")),
    Mistake("dataset-in-layers", "/layers/weight", .groupExpected("weight")),
    Mistake("group-in-inputs", "/inputs/image", .datasetExpected("image")),
    Mistake("colon-in-name", "/layers/conv:0", .colonInName("conv:0")),
    Mistake("input-named-as-layer", "/layers/conv", .inputNamedAsLayer("conv")),
    Mistake(
      "unknown-arithmetic", "/",
      .unknownWord(
        attribute: "arithmetic", found: "fp8", allowed: ["ieee", "tf32", "bf16", "fp16"])),
    Mistake("unknown-loss", "/", .unknownLoss("convv", closest: "conv")),
    Mistake("loss-not-scalar", "/layers/conv", .lossNotScalar(outputs: [[1, 3, 2, 2]])),
  ]

  static let attributes: [Mistake] = [
    Mistake("no-type", "/layers/conv", .missingAttribute("type", closest: nil)),
    Mistake(
      "type-as-number", "/layers/conv",
      .attributeType("type", expected: "a text", found: "integer")),
    Mistake(
      "strid", "/layers/conv", .layer(.unknownHyperparameter("strid", closest: "stride"))),
    Mistake(
      "text-not-utf8", "/layers/conv",
      .attributeType(
        "stride", expected: "a number, a truth value, a text, or a list of them",
        found: "text that is not UTF-8")),
    Mistake(
      "trainning", "/layers/conv", .layer(.unknownHyperparameter("trainning", closest: "training"))),
    Mistake(
      "training-as-two", "/layers/conv",
      .attributeType("training", expected: "true or false", found: "integer")),
    Mistake(
      "stride-as-text", "/layers/conv",
      .layer(.wrongType(hyperparameter: "stride", expected: "whole numbers", found: "two"))),
    Mistake(
      "stride-zero", "/layers/conv",
      .layer(.outOfRange(hyperparameter: "stride", allowed: "1 to 1099511627776", found: 0))),
    Mistake(
      "stride-as-matrix", "/layers/conv",
      .attributeType(
        "stride", expected: "a number, a truth value, a text, or a list of them",
        found: "integer array of shape (2, 2)")),
    Mistake(
      "stride-as-compound", "/layers/conv",
      .attributeType(
        "stride", expected: "a number, a truth value, a text, or a list of them", found: "compound")
    ),
    Mistake(
      "huge-dilation", "/layers/conv",
      .layer(
        .emptyOutput(
          axis: "height", extent: 4, padding: 0, effectiveKernel: (1 << 41) + 1))),
    Mistake(
      "missing-hyperparameter", "/layers/split", .layer(.missingHyperparameter("split_sizes"))),
    Mistake(
      "wrong-in-channels", "/layers/conv",
      .layer(.contradiction(hyperparameter: "in_channels", declared: 5, tensors: 2))),
    Mistake(
      "group-attribute", "/layers/conv/parameters", .unknownAttribute("scale", closest: nil)),
    Mistake(
      "axis-attribute", "/layers/conv/reference/input", .unknownAttribute("axis", closest: "axes")),
  ]

  static let graph: [Mistake] = [
    Mistake("unknown-source", "/layers/relu", .unknownSource("conv2", closest: "conv")),
    Mistake("ignored-source", "/layers/relu", .ignoredSource("x_image")),
    Mistake(
      "inputs-as-numbers", "/layers/relu",
      .attributeType("inputs", expected: "a list of names", found: "integer array of shape (2)")),
    Mistake("cycle", "/layers/a", .cycle(["a", "b", "c"])),
    Mistake("own-cycle", "/layers/a", .cycle(["a"])),
    Mistake(
      "output-outside", "/layers/relu", .outputOutside(layer: "conv", output: 1, count: 1)),
    Mistake("output-not-chosen", "/layers/relu", .outputNotChosen(layer: "split", count: 2)),
    Mistake("too-many-inputs", "/layers/relu", .layer(.inputCount(allowed: 1...1, found: 2))),
    Mistake("unknown-holder", "/layers/again", .unknownHolder("cnov", closest: "conv")),
    Mistake("own-holder", "/layers/again", .sharesWithItself),
    Mistake("holder-shares", "/layers/third", .holderShares(holder: "again", with: "conv")),
    Mistake("holder-without-parameters", "/layers/again", .holderWithoutParameters("relu")),
    Mistake(
      "parameters-beside-sharing", "/layers/again", .parametersBesideSharing(holder: "conv")),
  ]

  static let tensors: [Mistake] = [
    Mistake(
      "parameter-group", "/layers/conv/parameter", .unknownGroup("parameter", closest: "parameters")
    ),
    Mistake("parameters-as-dataset", "/layers/conv/parameters", .groupExpected("parameters")),
    Mistake("output-as-group", "/layers/conv/reference/output", .datasetExpected("output")),
    Mistake(
      "outputs-dataset", "/layers/conv/reference/outputs",
      .unknownDataset("outputs", closest: "output")),
    Mistake(
      "grad-weight-dataset", "/layers/conv/reference/grad_wieght",
      .unknownDataset("grad_wieght", closest: "grad_parameters/weight")),
    Mistake(
      "weight-in-layer", "/layers/conv/wieght",
      .unknownDataset("wieght", closest: "parameters/weight")),
    Mistake(
      "wieght", "/layers/conv/parameters/wieght",
      .layer(.unknownTensor("parameters/wieght", closest: "parameters/weight"))),
    Mistake("no-weight", "/layers/conv", .layer(.missingTensor("parameters/weight"))),
    Mistake(
      "two-outputs-of-one-name", "/layers/conv/reference/output.0",
      .twoNames("output", "output.0")),
    Mistake(
      "output-one", "/layers/conv/reference/output.1", .indexOutside(tensor: "output.1", count: 1)),
    Mistake(
      "axes-of-a-weight", "/layers/conv/reference/input",
      .axes("OIHW", .letter(at: 0, .activation))),
    Mistake(
      "axes-of-an-activation", "/layers/conv/parameters/weight",
      .axes("NCHW", .letter(at: 0, .weight(isTransposed: false)))),
    Mistake(
      "axes-in-small-letters", "/layers/conv/reference/input",
      .axes("nchw", .letter(at: 0, .activation))),
    Mistake(
      "axes-repeated", "/layers/conv/reference/input", .axes("NHHC", .repeated(at: 2))),
    Mistake(
      "axes-too-few", "/layers/conv/reference/input", .axes("NHW", .count(letters: 3, rank: 4))),
    Mistake(
      "axes-incomplete", "/layers/relu/reference/input", .axes("NCH", .incomplete(.activation))),
    Mistake("integer-weight", "/layers/conv/parameters/weight", .notFloatingPoint(found: "int64")),
    Mistake(
      "integer-gradient", "/layers/conv/reference/grad_output", .notFloatingPoint(found: "uint8")),
    Mistake(
      "wrong-grad-output", "/layers/conv/reference/grad_output",
      .wrongShape(expected: [1, 3, 2, 2], found: [1, 3, 2, 3])),
    Mistake(
      "wrong-weight", "/layers/conv",
      .layer(
        .wrongShape(
          tensor: "parameters/weight", expected: "(O, 2, kH, kW)", found: [3, 5, 3, 3]))),
    Mistake(
      "gradient-without-parameter", "/layers/conv/reference/grad_parameters/bias",
      .absentOperand("parameters/bias")),
    Mistake(
      "wrong-twin-input", "/layers/conv/reference_f64/input",
      .wrongShape(expected: [1, 2, 4, 4], found: [1, 2, 4, 5])),
    Mistake(
      "wrong-initial-buffer", "/layers/norm/reference_f64/initial_buffers/running_mean",
      .wrongShape(expected: [3], found: [4])),
    Mistake(
      "absent-initial-buffer", "/layers/norm/reference_f64/initial_buffers/num_batches_tracked",
      .absentOperand("buffers/num_batches_tracked")),
    Mistake(
      "bfloat16-without-its-name", "/layers/conv/reference/grad_output",
      .notFloatingPoint(found: "uint16")),
    Mistake(
      "huge-extents", "/layers/relu/reference/input", .extents([1 << 30, 1 << 30, 0])),
    Mistake(
      "huge-output", "/layers/conv",
      .outputTooLarge([1, 3, 2_097_154, 2_097_154])),
  ]

  @Test(arguments: file + attributes + graph + tensors + training)
  func toldOnce(_ mistake: Mistake) throws {
    let problems = try TestFixtures.problems("bad/" + mistake.file)
    #expect(problems.map(\.reason) == [mistake.reason])
    #expect(problems.map(\.object.text) == [UntrustedText(mistake.object)])
    let layer = mistake.object.split(separator: "/").dropFirst().first.map(String.init)
    let isOfLayer = mistake.object.hasPrefix("/layers/") && mistake.file != "dataset-in-layers"
    // A loss is a matter of the whole case.
    #expect(
      problems.map(\.layer) == [isOfLayer && mistake.file != "loss-not-scalar" ? layer : nil])
  }

  /// NaN is not equal to itself, so that the fact has to be taken apart.
  @Test func notANumber() throws {
    let problems = try TestFixtures.problems("bad/eps-not-a-number")
    try #require(problems.count == 1)
    guard case .layer(.outOfRange("eps", "0.0 to 1.0", .real(let found))) = problems[0].reason
    else {
      Issue.record("\(problems)")
      return
    }
    #expect(found.isNaN)
  }

  @Test func allProblemsTogetherInTheOrderOfTheFile() throws {
    let problems = try TestFixtures.problems("bad/five-problems")
    #expect(
      problems.map(\.reason) == [
        .unknownWord(
          attribute: "arithmetic", found: "fp8", allowed: ["ieee", "tf32", "bf16", "fp16"]),
        .layer(.unknownHyperparameter("strid", closest: "stride")),
        .axes("NCHW", .letter(at: 0, .weight(isTransposed: false))),
        .unknownDataset("outputs", closest: "output"),
        .unknownSource("covn", closest: "conv"),
      ])
  }

  /// What a file says reaches the terminal only with its control characters spelt out.
  @Test func sentencesAreSafeForATerminal() throws {
    let problems = try TestFixtures.problems("bad/escapes")
    #expect(
      problems.map(\.reason) == [
        .axes("\u{1B}[2J", .letter(at: 0, .activation)),
        .layer(
          .outOfRange(
            hyperparameter: "mode", allowed: "one of \"plain\", \"fancy\"", found: "a\u{1B}\nb")),
        .unknownSource("\u{1B}]0;c\u{7}", closest: nil),
      ])
    for problem in problems {
      #expect(!problem.description.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
      #expect(problem.description.contains("\\u{1b}"))
    }
  }

  @Test func caseIsNamed() throws {
    let problems = try TestFixtures.problems("bad/problem-in-a-case")
    #expect(problems.map(\.caseName) == ["two"])
    #expect(problems.map(\.object.text) == [UntrustedText("/cases/two/layers/conv")])
  }

  /// Each sentence names its object and ends with what to do.
  @Test(arguments: file + attributes + graph + tensors + training)
  func sentenceNamesTheObject(_ mistake: Mistake) throws {
    for problem in try TestFixtures.problems("bad/" + mistake.file) {
      #expect(problem.description.hasPrefix("`\(mistake.object)` "))
      #expect(problem.description.utf8.count > mistake.object.utf8.count + 20)
    }
  }
}
