import Discrepancy
import HDF5File
import Interchange
import Reports
import Tensors

/// One dataset of one file held against one of another.
struct DatasetComparison {
  private let name: String
  private let a: (file: HDF5File, dataset: Dataset)
  private let b: (file: HDF5File, dataset: Dataset)
  private let options: ComparisonOptions
  private let memory: MemoryPool

  init(
    _ name: String, _ a: (HDF5File, Dataset), _ b: (HDF5File, Dataset),
    _ options: ComparisonOptions, _ memory: MemoryPool
  ) {
    self.name = name
    self.a = a
    self.b = b
    self.options = options
    self.memory = memory
  }

  /// Compares all elements; what stands in the way is part of the report.
  func run() -> TensorReport {
    do {
      let sorts = (try Elements(a.dataset, in: a.file), try Elements(b.dataset, in: b.file))
      guard a.dataset.shape == b.dataset.shape else {
        return differing(.differentShapes(a: a.dataset.shape, b: b.dataset.shape))
      }
      switch sorts {
      case (.reals(let first, let formatA), .reals(let second, let formatB)):
        let comparator = PairComparator(
          options.limit, formatA, formatB, nanIsEqual: options.nanIsEqual)
        let found = try PieceByPiece(first, second, memory).run(
          RealPieces(first, second, comparator, formatA, formatB))
        return report(found, options.limit.description(formatA, formatB))
      case (.integers(let first), .integers(let second)),
        (.truths(let first), .truths(let second)):
        let found = try PieceByPiece(first, second, memory).run(IntegerPieces(first, second))
        return report(found, "equal values")
      case (.texts(let first), .texts(let second)):
        let (found, texts) = try TextComparison(first, a.file, second, b.file).run()
        return report(found, "equal text", texts)
      default:
        return differing(.differentTypes(a: sorts.0.name, b: sorts.1.name))
      }
    } catch {
      return TensorReport(
        path: name, reference: "B", verdict: .notCompared, reason: .unusable(error.clause))
    }
  }

  private func report(
    _ found: Comparison, _ limit: String, _ texts: TensorReport.TextPair? = nil
  ) -> TensorReport {
    TensorReport(
      path: name, reference: "B", verdict: Verdict(found), shape: Shape(a.dataset.shape),
      comparison: found, limit: limit, differingTexts: texts)
  }

  private func differing(_ reason: TensorReport.Reason) -> TensorReport {
    TensorReport(path: name, reference: "B", verdict: .differ, reason: reason)
  }
}

/// The elements of a dataset, by how they are compared.
private enum Elements {
  case reals(StoredElements, NumberFormat)
  case integers(StoredElements)
  case truths(StoredElements)
  case texts(StoredElements)

  init(_ dataset: Dataset, in file: HDF5File) throws(HDF5Error) {
    let stored = try StoredElements(dataset, in: file)
    if dataset.text != nil {
      self = .texts(stored)
    } else if let format = dataset.elementType.format {
      self = .reals(stored, format)
    } else {
      self = dataset.elementType == .boolean ? .truths(stored) : .integers(stored)
    }
  }

  var name: String {
    switch self {
    case .reals(_, let format): format.rawValue
    case .integers(let stored): stored.dataset.elementType.name
    case .truths: "truth values"
    case .texts: "strings"
    }
  }
}
