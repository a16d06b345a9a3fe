public import HDF5File

/// A tensor as it stands in a file, before anything is known of its meaning.
public struct StoredWeight: Sendable {
  /// Its path or name in the file: untrusted text.
  public let source: String
  /// Its extents in stored order.
  public let shape: [Int]
  /// The type of its elements.
  public let type: ElementType
  /// Why it cannot be read, if so.
  public let problem: WeightProblem?
  /// Whether its elements do not stand at `source` but come of several tensors, or of none: a
  /// mapping file cannot name them.
  public let isComputed: Bool
  private let elements: any WeightElements

  /// Describes a tensor, and how its elements are read.
  public init(
    source: String, shape: [Int], type: ElementType, problem: WeightProblem? = nil,
    isComputed: Bool = false, elements: any WeightElements
  ) {
    self.source = source
    self.shape = shape
    self.type = type
    self.problem = problem
    self.isComputed = isComputed
    self.elements = elements
  }

  /// Reads all elements, in row-major order of the stored shape.
  public func values() throws(WeightProblem) -> WeightValues {
    if let problem { throw problem }
    let values = try elements.read()
    guard values.count == shape.reduce(1, *) else {
      throw WeightProblem(source: source, .malformed("its elements do not fill its shape"))
    }
    return values
  }
}

/// A way to the elements of one tensor.
public protocol WeightElements: Sendable {
  /// Reads all elements, in row-major order of the stored shape.
  func read() throws(WeightProblem) -> WeightValues
}

/// Elements that are known already.
public struct KnownElements: WeightElements {
  private let values: WeightValues

  /// Holds elements.
  public init(_ values: WeightValues) { self.values = values }

  /// The elements.
  public func read() throws(WeightProblem) -> WeightValues { values }
}

/// The elements of a dataset of an HDF5 file.
struct DatasetElements: WeightElements {
  let file: HDF5File
  let dataset: Dataset
  let source: String

  func read() throws(WeightProblem) -> WeightValues {
    do throws(HDF5Error) {
      return switch dataset.elementType {
      case .float16, .bfloat16, .float32: .float32(try file.read(dataset))
      case .float64: .float64(try file.read(dataset))
      default: .integers(try file.read(dataset))
      }
    } catch {
      throw WeightProblem(
        source: source, .hdf5(HDF5Problem(error.reason, frames: error.frames)))
    }
  }
}

extension StoredWeight {
  /// A dataset, by the path under which it was met.
  public init(_ dataset: Dataset, at path: String, of file: HDF5File) {
    self.init(
      source: path, shape: dataset.shape, type: dataset.elementType,
      problem: dataset.problem.map { problem in
        problem.reason == .nullDataspace
          ? WeightProblem(source: path, .noData) : WeightProblem(source: path, .hdf5(problem))
      },
      elements: DatasetElements(file: file, dataset: dataset, source: path))
  }
}
