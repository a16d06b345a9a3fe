public import Diagnosis
public import Discrepancy
public import LayerKit
public import Tensors
public import Text

/// What happens while fixtures are verified, in the order in which it happens.
public enum Event: Sendable {
  /// A fixture has been opened; what follows belongs to it.
  case fixture(FixtureFacts)
  /// A case of a fixture begins: its name, and the names and kinds of its layers.
  case caseBegan(name: String?, layers: [LayerFacts])
  /// Everything about one layer has been found.
  case layer(LayerReport)
  /// The elements of a tensor that were asked for, behind the layer's verdict.
  case arrays(ComparedArrays)
  /// Something that the reader of the report should know and that is no failure.
  case warning(Warning)
  /// Something that was done because the user asked for it.
  case note(Warning)
  /// Everything about a layer that was asked for, before its verdict.
  case explanation(LayerExplanation)
  /// What the tensors of a layer would show, where that was asked for.
  case adequacy(AdequacyReport)
  /// A network was run again with its differing tensors corrected, where that was asked for.
  case correction(CorrectionReport)
  /// A fixture, or a part of one, could not be used: each message names the place and the remedy.
  case unusable(fixture: String, problems: [String])
  /// How far a long piece of work has come.
  case progress(String)
  /// All fixtures have been verified.
  case summary(Summary)
}

/// A fixture as a whole.
public struct FixtureFacts: Hashable, Sendable {
  /// The path as the user gave it.
  public var path: String
  /// Who computed the reference.
  public var producer: String?
  /// Versions, seeds and flags of the export: JSON text.
  public var provenance: String?
  /// The digest of the file's bytes, where a report asked for it.
  public var sha256: String?
  /// The number of cases.
  public var cases: Int
  /// The file that it is compared with; nil where it is verified.
  public var comparedWith: String?
  /// What the two files may lie apart, in words; nil where it is verified.
  public var limit: String?
  /// The file that takes the elements of its tensors; nil where nobody asked for one.
  public var arrays: String?

  /// Gathers the facts about a fixture.
  public init(
    path: String, producer: String?, provenance: String?, sha256: String?, cases: Int,
    comparedWith: String? = nil, limit: String? = nil, arrays: String? = nil
  ) {
    self.path = path
    self.producer = producer
    self.provenance = provenance
    self.sha256 = sha256
    self.cases = cases
    self.comparedWith = comparedWith
    self.limit = limit
    self.arrays = arrays
  }
}

/// A layer of a fixture.
public struct LayerFacts: Hashable, Sendable {
  /// The path of the fixture.
  public var fixture: String
  /// The name of the case; nil where the fixture has none.
  public var caseName: String?
  /// The layer's name.
  public var name: String
  /// Its kind; `group` where it is no layer, but a group of datasets.
  public var kind: String
  /// Where the user's code calls it.
  public var source: String?
  /// Why it is expected to differ.
  public var expectedFailure: String?

  /// The kind that stands where there is no layer, but a group of datasets.
  public static let group = "group"

  /// Gathers the facts about a layer.
  public init(
    fixture: String, caseName: String?, name: String, kind: String, source: String?,
    expectedFailure: String?
  ) {
    self.fixture = fixture
    self.caseName = caseName
    self.name = name
    self.kind = kind
    self.source = source
    self.expectedFailure = expectedFailure
  }
}

/// What was found about one layer.
public struct LayerReport: Sendable {
  /// The layer.
  public var layer: LayerFacts
  /// The gravest of its tensors' verdicts.
  public var verdict: Verdict
  /// Its tensors, the isolated run only.
  public var tensors: [TensorReport]
  /// The largest difference of the chained run, where there was one.
  public var chained: [ChainedReport]
  /// What the fixture cannot show of the layer.
  public var blindSpots: [BlindSpot]

  /// Gathers what was found about a layer.
  public init(
    layer: LayerFacts, verdict: Verdict, tensors: [TensorReport], chained: [ChainedReport],
    blindSpots: [BlindSpot] = []
  ) {
    self.layer = layer
    self.verdict = verdict
    self.tensors = tensors
    self.chained = chained
    self.blindSpots = blindSpots
  }
}

/// What was found about one tensor of a layer that was fed the reference's own inputs.
public struct TensorReport: Sendable {
  /// The dataset's path below `reference`, `grad_parameters/weight`.
  public var path: String
  /// Which reference of the fixture: `reference`, or its twin `reference_f64`.
  public var reference: String
  /// The verdict.
  public var verdict: Verdict
  /// What the tensor was computed from.
  public var mode: Mode
  /// The shape computed here, where it is known.
  public var shape: Shape?
  /// The figures, where there was something to compare.
  public var comparison: Comparison?
  /// The number of terms of the sum behind each element, for sums.
  public var terms: Int?
  /// The smallest relative change of one average term that must exceed the bound, for sums.
  public var detectableTerm: Double?
  /// Why the tensor was not compared, or how its shape differs.
  public var reason: Reason?
  /// What the elements of two files may lie apart, in words; nil where a fixture is verified.
  public var limit: String?
  /// The first strings that differ, where the elements are strings.
  public var differingTexts: TextPair?
  /// Why it differs; nil where it does not, or where that was not looked for.
  public var diagnosis: TensorDiagnosis?

  /// Gathers what was found about a tensor.
  public init(
    path: String, reference: String, verdict: Verdict, mode: Mode = .isolated,
    shape: Shape? = nil, comparison: Comparison? = nil, terms: Int? = nil,
    detectableTerm: Double? = nil, reason: Reason? = nil, limit: String? = nil,
    differingTexts: TextPair? = nil, diagnosis: TensorDiagnosis? = nil
  ) {
    self.path = path
    self.reference = reference
    self.verdict = verdict
    self.mode = mode
    self.shape = shape
    self.comparison = comparison
    self.terms = terms
    self.detectableTerm = detectableTerm
    self.reason = reason
    self.limit = limit
    self.differingTexts = differingTexts
    self.diagnosis = diagnosis
  }

  /// Two strings at one place.
  public struct TextPair: Hashable, Sendable {
    /// The string of the first file.
    public var a: UntrustedText
    /// The string of the second file.
    public var b: UntrustedText

    /// Two strings.
    public init(a: UntrustedText, b: UntrustedText) {
      self.a = a
      self.b = b
    }
  }

  /// What a tensor was computed from.
  public enum Mode: String, Sendable {
    /// From the reference's own tensors, so that a fault stays where it is.
    case isolated
    /// From the results of many steps of training before it.
    case trajectory
  }

  /// Why figures are missing.
  public enum Reason: Hashable, Sendable {
    /// The fixture has no such tensor.
    case absent
    /// The fixture lacks what the tensor is computed from.
    case inputAbsent(String)
    /// Nobody registered the kind.
    case unknownKind(String, closest: String?)
    /// The dataset, or one that the tensor is computed from, cannot be used; the text says why and
    /// is safe for a terminal.
    case unusable(String)
    /// The two sides have different shapes.
    case shapes(ours: Shape, reference: Shape)
    /// Of two files only the other one has such a dataset.
    case missing(from: String)
    /// Two files hold different shapes.
    case differentShapes(a: [Int], b: [Int])
    /// Two files hold elements of different sorts, or layers of different kinds.
    case differentTypes(a: String, b: String)

    /// Whether something that the fixture holds could not be compared, so that the run as a whole
    /// has no clear result.
    public var preventsResult: Bool {
      switch self {
      case .absent, .inputAbsent, .shapes, .differentShapes, .differentTypes: false
      case .unknownKind, .unusable, .missing: true
      }
    }
  }
}

/// How far a tensor of the chained run lies from the reference.
public struct ChainedReport: Sendable {
  /// The dataset's path below `reference`.
  public var path: String
  /// `agree` within the isolated run's largest bound, `inherited` beyond it where the isolated
  /// run agrees, otherwise the isolated verdict.
  public var verdict: Verdict
  /// The difference.
  public var deviation: Deviation
  /// The closest layer before this one whose own outputs differ.
  public var origin: String?

  /// Gathers what was found.
  public init(path: String, verdict: Verdict, deviation: Deviation, origin: String?) {
    self.path = path
    self.verdict = verdict
    self.deviation = deviation
    self.origin = origin
  }
}

/// Something that the reader of a report should know.
public struct Warning: Hashable, Sendable {
  /// A stable name.
  public var id: String
  /// The sentence.
  public var text: String

  /// Makes a warning.
  public init(id: String, text: String) {
    self.id = id
    self.text = text
  }
}
