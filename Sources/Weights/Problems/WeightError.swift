// Facts only; the sentences are made in WeightProblem+Description.swift.

public import HDF5File
import Text

/// Everything that is wrong with a weight file.
public struct WeightError: Error, Sendable {
  /// The path of the file, as given; nil where no file is concerned.
  public let file: String?
  /// The problems, never empty.
  public let problems: [WeightProblem]

  /// All that is wrong with a file.
  public init(file: String?, problems: [WeightProblem]) {
    precondition(!problems.isEmpty, "an error has a problem")
    self.file = file
    self.problems = problems
  }

  /// One thing that is wrong with a file as a whole, or with what is at `source` in it.
  public init(file: String?, source: String? = nil, _ reason: WeightReason) {
    self.init(file: file, problems: [WeightProblem(source: source, reason)])
  }

  /// What the reader of HDF5 files found.
  public init(_ error: HDF5Error) {
    self.init(
      file: error.file, source: error.object.map { $0.text.validated ?? "" },
      .hdf5(HDF5Problem(error.reason, frames: error.frames)))
  }
}

/// One thing that is wrong: where, and what.
public struct WeightProblem: Error, Hashable, Sendable {
  /// The place in the file, the path of a dataset for instance; nil for the file as a whole.
  ///
  /// Untrusted text.
  public let source: String?
  /// What is wrong.
  public let reason: WeightReason

  /// Says what is wrong, and where.
  public init(source: String? = nil, _ reason: WeightReason) {
    self.source = source
    self.reason = reason
  }
}

/// What can be wrong with a weight file.
public enum WeightReason: Hashable, Sendable {
  // MARK: The file

  /// It cannot be read, as a whole or at one dataset.
  case hdf5(HDF5Problem)
  /// Nothing in it is known; some of what is in it, one line each.
  case notRecognised([String])
  /// It looks like several formats.
  case ambiguous([WeightCandidate])
  /// It is known, and holds no weights that can be read; what to do instead.
  case refused(what: String, advice: String)
  /// There is no format of this name.
  case unknownFormat(String, closest: String?, known: [String])
  /// A format was named that is made of another container.
  case wrongContainer(format: String, expected: String)
  /// A part of the file is not what the format says, in words that follow "is malformed:".
  case malformed(String)
  /// The file ends before what it declares, in words.
  case cutShort(String)
  /// A range of bytes is outside the file.
  case outside(Range<Int>, size: Int)
  /// A part of the file is larger than is read.
  case tooLarge(bytes: Int, limit: Int)

  // MARK: Names

  /// A name that the file lists has no dataset, or no group.
  case missing(String)
  /// An attribute that the format needs is missing or of another type.
  case attribute(String, expected: String)
  /// Two tensors would become the same one; the other source.
  case sameTensor(layer: String, parameter: String, other: String)

  /// A layer's name could mean several layers of the network.
  case severalLayers(String, [String])
  /// A layer or a parameter has no name that a file of the fixture format can hold.
  case noName

  // MARK: Tensors

  /// The elements are of a type that is no number.
  case unsupportedType(String)
  /// There is no data.
  case noData
  /// The conversion does not fit the stored shape.
  case conversion(ConversionFault, stored: [Int])
  /// A whole number does not fit 64 bits with a sign.
  case integerTooLarge(element: Int)
  /// A parametrisation that is not computed, by its name.
  case parametrised(String)
  /// What cannot be told from the file, in words, and what would settle it.
  case undecided(String, advice: String)
  /// The shape is not the one that the network needs.
  case shape(stored: [Int], conversion: String, canonical: [Int], expected: [Int])

  // MARK: A mapping file

  /// A key that a mapping file does not know.
  case unknownKey(String, closest: String?)
  /// A mapping file names a tensor that the weight file does not have.
  case unknownSource(closest: String?)
}
