// FixtureError.swift
// Facts only; the sentences are made in FixtureProblem+Description.swift.

public import HDF5File
public import LayerKit
public import Tensors

/// Everything that is wrong with a fixture, in the order of the file.
public struct FixtureError: Error, Sendable {
  /// The path of the file, as given.
  public let path: String
  /// The problems, never empty.
  public let problems: [FixtureProblem]
}

/// One thing that is wrong with a fixture: where, and what.
public struct FixtureProblem: Error, Hashable, Sendable {
  /// The name of the case; nil where the file has none, or for the file as a whole.
  public let caseName: String?
  /// The name of the layer; nil where no layer is concerned.
  public let layer: String?
  /// The object concerned.
  public let object: ObjectPath
  /// What is wrong.
  public let reason: FixtureReason
}

/// What can be wrong with a fixture.
public enum FixtureReason: Hashable, Sendable {
  // MARK: The file

  /// The attribute `format` says that this is something else.
  case wrongFormat(String)
  /// The first number of the version is higher than this reader's, or zero.
  case unsupportedVersion(String)
  /// The version is not two numbers.
  case malformedVersion(String)
  /// The root has cases, and layers, inputs, … of its own.
  case rootBesideCases(group: String)
  /// There is no group `layers`; a group whose name is close.
  case noLayers(closest: String?)

  // MARK: Names and places

  /// A name that holds a `:`.
  case colonInName(String)
  /// An input of the network has the name of a layer.
  case inputNamedAsLayer(String)
  /// A dataset where a group belongs.
  case groupExpected(String)
  /// A group where a dataset belongs.
  case datasetExpected(String)
  /// An attribute that the format does not name here.
  case unknownAttribute(String, closest: String?)
  /// A group that the format does not name here.
  case unknownGroup(String, closest: String?)
  /// A dataset that the format does not name here.
  case unknownDataset(String, closest: String?)
  /// Two names of one tensor, `output` and `output.0`, with two objects.
  case twoNames(String, String)
  /// The index behind a tensor's name is not below the number of such tensors.
  case indexOutside(tensor: String, count: Int)

  // MARK: Attributes

  /// An attribute that must be there; one whose name is close.
  case missingAttribute(String, closest: String?)
  /// An attribute of another type.
  case attributeType(String, expected: String, found: String)
  /// An attribute that is none of the words it may be.
  case unknownWord(attribute: String, found: String, allowed: [String])

  // MARK: The graph

  /// `inputs` names nothing in the file; the closest name.
  case unknownSource(String, closest: String?)
  /// `inputs` names something that begins with `x_` and is therefore ignored.
  case ignoredSource(String)
  /// `inputs` names an output that a layer does not have.
  case outputOutside(layer: String, output: Int, count: Int)
  /// `inputs` names a layer of several outputs, without saying which.
  case outputNotChosen(layer: String, count: Int)
  /// Layers that feed one another in a circle.
  case cycle([String])
  /// `loss` names no layer.
  case unknownLoss(String, closest: String?)
  /// The layer that `loss` names has not one scalar output.
  case lossNotScalar(outputs: [Shape])

  // MARK: Shared parameters

  /// `shares_parameters_with` names no layer.
  case unknownHolder(String, closest: String?)
  /// A layer that is to share with itself.
  case sharesWithItself
  /// The holder has no parameters but those of a third layer.
  case holderShares(holder: String, with: String)
  /// The holder has no parameters.
  case holderWithoutParameters(String)
  /// A layer that shares has parameters of its own.
  case parametersBesideSharing(holder: String)

  // MARK: Tensors

  /// The attribute `axes` does not fit.
  case axes(String, AxesProblem)
  /// Numbers are needed, and these are integers.
  case notFloatingPoint(found: String)
  /// Extents whose product no computer can count.
  case extents([Int])
  /// A tensor that must have the shape of another one.
  case wrongShape(expected: Shape, found: Shape)
  /// A gradient, or a value at another time, of an operand that the layer does not have; the
  /// operand's path below the layer.
  case absentOperand(String)
  /// An output of more elements than any computer holds.
  case outputTooLarge(Shape)

  // MARK: Training

  /// Something is named after a layer that does not exist.
  case unknownLayer(String, closest: String?)
  /// A batch whose name is none of the numbers of the steps.
  case batchOutside(String, steps: Int)

  // MARK: The layer's own rules

  /// What the kind says.
  case layer(LayerProblem)
  /// What a kind of others says in its own words.
  case refused(String)
}
