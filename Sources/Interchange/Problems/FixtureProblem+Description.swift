// FixtureProblem+Description.swift
// The only place where facts become sentences. Each says where, what, and what to do.

import HDF5File
import LayerKit
import Tensors
import Text

extension FixtureError: CustomStringConvertible {
  /// One line for each problem, safe for a terminal.
  public var description: String {
    let file = UntrustedText(path).terminal
    let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
    return ["`\(file)` is not a valid fixture (\(count)):"]
      .appending(problems.map { "  " + $0.description }).joined(separator: "\n")
  }
}

extension FixtureProblem: CustomStringConvertible {
  /// One sentence, safe for a terminal.
  public var description: String { "`\(object.text.terminal)` \(reason.sentence)" }
}

extension [String] {
  fileprivate func appending(_ others: [String]) -> [String] { self + others }
}

extension FixtureReason {
  /// The rest of a sentence that begins with the object.
  fileprivate var sentence: String {
    fileSentence ?? placeSentence ?? graphSentence ?? tensorSentence
  }

  // MARK: The file

  private var fileSentence: String? {
    switch self {
    case .wrongFormat(let found):
      "has the format \(Self.quoted(found)), which is not \"cnn-fixture\": export the file as one"
    case .unsupportedVersion(let found):
      "has the format version \(Self.quoted(found)), and this reader knows 1.x: use a reader of"
        + " that version, or export the file as version 1.0"
    case .malformedVersion(let found):
      "has the format version \(Self.quoted(found)), which is not two numbers: write \"1.0\""
    case .rootBesideCases(let group):
      "stands beside `/cases`, and then the root has no `\(group)` of its own: move it into a case"
    case .noLayers(let closest):
      "has no group `layers`"
        + (closest.map { "; did you mean it by `\(Self.shown($0))`?" }
          ?? ": add one group for each layer below `layers`")
    case .missingAttribute(let name, let closest):
      "needs the attribute `\(name)`"
        + (closest.map { ", and has `\(Self.shown($0))`: rename that" }
          ?? ": add it, for instance \(Self.example(of: name))")
    case .attributeType(let name, let expected, let found):
      "has the attribute `\(Self.shown(name))`, which is \(Self.shown(found)) and not"
        + " \(expected): write \(expected)"
    case .unknownWord(let attribute, let found, let allowed):
      "has \(Self.quoted(found)) as `\(attribute)`: write one of "
        + allowed.map { "\"\($0)\"" }.joined(separator: ", ")
    default: nil
    }
  }

  private static func example(of attribute: String) -> String {
    switch attribute {
    case "format": "\"cnn-fixture\""
    case "format_version": "\"1.0\""
    default: "\"Conv2d\""
    }
  }

  // MARK: Names and places

  private var placeSentence: String? {
    switch self {
    case .colonInName:
      "has a `:` in its name, which separates a layer from the number of its output: rename it"
    case .inputNamedAsLayer(let name):
      "has the name of an input of the network: rename one of the two `\(Self.shown(name))`"
    case .groupExpected: "is a dataset where a group belongs: make it a group"
    case .datasetExpected: "is a group where a dataset belongs: make it a dataset"
    case .unknownAttribute(let name, let closest):
      "has the unknown attribute `\(Self.shown(name))`" + Self.suggestion(closest)
    case .unknownGroup(_, let closest):
      "is a group that the format does not know here" + Self.suggestion(closest)
    case .unknownDataset(_, let closest):
      "is a dataset that the format does not know here" + Self.suggestion(closest)
    case .twoNames(let first, let second):
      "is the same tensor as `\(Self.shown(first))`, and the two are different objects: remove"
        + " `\(Self.shown(first))` or `\(Self.shown(second))`"
    case .indexOutside(let tensor, let count):
      "is too many: the layer has \(count) of them, numbered from 0: remove or renumber"
        + " `\(Self.shown(tensor))`"
    default: nil
    }
  }

  // MARK: The graph

  private var graphSentence: String? {
    switch self {
    case .unknownSource(let name, let closest):
      "has \(Self.quoted(name)) in `inputs`, and there is no such layer or input"
        + (closest.map { "; did you mean \(Self.quoted($0))?" } ?? ": correct the name")
    case .ignoredSource(let name):
      "has \(Self.quoted(name)) in `inputs`, and what begins with `x_` is ignored: rename it"
    case .outputOutside(let layer, let output, let count):
      "has output \(output) of \(Self.quoted(layer)) in `inputs`, which has \(count), numbered"
        + " from 0: correct the number"
    case .outputNotChosen(let layer, let count):
      "has \(Self.quoted(layer)) in `inputs`, which has \(count) outputs: say which one, for"
        + " instance \(Self.quoted(layer + ":0"))"
    case .cycle(let names):
      "is fed by itself: " + (names + names.prefix(1)).map(Self.quoted).joined(separator: " → ")
        + ": correct `inputs` of one of them"
    case .unknownLoss(let name, let closest):
      "names \(Self.quoted(name)) as `loss`, and there is no such layer"
        + (closest.map { "; did you mean \(Self.quoted($0))?" } ?? ": correct the name")
    case .lossNotScalar(let shapes):
      "is the `loss`, and its outputs are \(shapes.map(\.description).joined(separator: ", "))"
        + " and not one number: name the layer that computes the objective"
    case .unknownHolder(let name, let closest):
      "shares parameters with \(Self.quoted(name)), and there is no such layer"
        + (closest.map { "; did you mean \(Self.quoted($0))?" } ?? ": correct the name")
    case .sharesWithItself: "shares parameters with itself: remove `shares_parameters_with`"
    case .holderShares(let holder, let third):
      "shares parameters with \(Self.quoted(holder)), which shares them with"
        + " \(Self.quoted(third)): name the layer that holds them"
    case .holderWithoutParameters(let holder):
      "shares parameters with \(Self.quoted(holder)), which has none: name the layer that holds"
        + " them"
    case .parametersBesideSharing(let holder):
      "has parameters of its own and shares those of \(Self.quoted(holder)): remove the one or the"
        + " other"
    default: nil
    }
  }

  // MARK: Tensors and rules

  private var tensorSentence: String {
    switch self {
    case .axes(let letters, let problem): Self.axesSentence(letters, problem)
    case .notFloatingPoint("uint16"):
      "holds uint16, and floating-point numbers are needed: write it as float32, or give it the"
        + " attribute `logical_dtype` = \"bfloat16\" if that is what it holds"
    case .notFloatingPoint(let found):
      "holds \(Self.shown(found)), and floating-point numbers are needed: write it as float32 or"
        + " float64"
    case .extents(let extents):
      "has extents \(extents) that no computer can hold: correct the shape"
    case .wrongShape(let expected, let found):
      "has shape \(found), and \(expected) is needed: correct the dataset, or say its order with"
        + " the attribute `axes`"
    case .absentOperand(let operand):
      "belongs to `\(Self.shown(operand))`, which the layer does not have: add that, or remove this"
    case .outputTooLarge(let shape):
      "would have an output of shape \(shape): correct its hyper-parameters"
    case .unknownLayer(let name, let closest):
      "is named after \(Self.quoted(name)), and there is no such layer"
        + (closest.map { "; did you mean \(Self.quoted($0))?" } ?? ": correct the name")
    case .batchOutside(let name, let steps):
      "is named \(Self.quoted(name)), and the batches are named 0 to \(steps - 1): rename or remove"
        + " it, or correct `steps`"
    case .layer(let problem): Self.shown(problem.description)
    case .refused(let words): "is refused by its kind: \(Self.shown(words))"
    default: ""
    }
  }

  private static func axesSentence(_ letters: String, _ problem: AxesProblem) -> String {
    let beginning = "has the axes \(quoted(letters))"
    return switch problem {
    case .count(let count, let rank):
      "\(beginning), \(count) \(count == 1 ? "letter" : "letters") for \(rank)"
        + " \(rank == 1 ? "axis" : "axes"): write one letter for each axis"
    case .letter(let position, let role):
      "\(beginning), where `\(letter(letters, position))` is no axis of \(name(of: role)): use the"
        + " letters of \(example(of: role))"
    case .repeated(let position):
      "\(beginning), where `\(letter(letters, position))` comes twice: write each letter once"
    case .incomplete(let role):
      "\(beginning), which leaves out a letter of \(name(of: role)): use the letters of"
        + " \(example(of: role))"
    }
  }

  private static func letter(_ letters: String, _ position: Int) -> String {
    let byte = Array(letters.utf8)[position]
    return UntrustedText(bytes: [byte]).terminal
  }

  private static func name(of role: Axes.Role) -> String {
    switch role {
    case .activation: "an activation"
    case .weight: "a weight"
    case .parameter: "such a tensor"
    }
  }

  private static func example(of role: Axes.Role) -> String {
    switch role {
    case .activation: "`NC`, `NCL`, `NCHW` or `NCDHW`"
    case .weight(false): "`OI`, `OIL`, `OIHW` or `OIDHW`"
    case .weight(true): "`IO`, `IOL`, `IOHW` or `IODHW`"
    case .parameter: "`OIHW` or `NCHW`"
    }
  }

  // MARK: Untrusted words

  private static func suggestion(_ closest: String?) -> String {
    closest.map { "; did you mean `\(shown($0))`?" } ?? ": remove it, or prefix its name with `x_`"
  }

  private static func quoted(_ text: String) -> String { "\"\(UntrustedText(text).terminal)\"" }

  /// Words of a file or of a plug-in within a sentence, without anything that controls a terminal.
  private static func shown(_ text: String) -> String {
    let longest = 1000
    let visible = text.unicodeScalars.prefix(longest).map { UntrustedText(String($0)).terminal }
    return visible.joined() + (text.unicodeScalars.count > longest ? "…" : "")
  }
}
