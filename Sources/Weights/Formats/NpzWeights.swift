import HDF5File
import Tensors

/// A `.npz` file: a zip of NumPy arrays, named as in a PyTorch `state_dict`.
struct NpzWeights: WeightFormat {
  let name = "npz"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .zip(let archive) = file.content, !archive.members.isEmpty,
      archive.members.allSatisfy({ $0.name.hasSuffix(".npy") })
    else { return nil }
    return .mark("every member of the zip ends in .npy")
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    StateDictNames.listing(try Self.stored(in: file))
  }

  static func stored(in file: WeightFile) throws(WeightError) -> [StoredWeight] {
    guard case .zip(let archive) = file.content else {
      throw WeightError(file: file.path, .wrongContainer(format: "npz", expected: "a zip file"))
    }
    let limit = file.reading.budgetBytes
    let declared = archive.members.reduce(0) { total, member in
      let sum = total.addingReportingOverflow(member.size)
      return sum.overflow ? .max : sum.partialValue
    }
    guard declared <= limit else {
      throw WeightError(file: file.path, .tooLarge(bytes: declared, limit: limit))
    }
    return archive.members.filter { $0.name.hasSuffix(".npy") }.map { member in
      let source = String(decoding: member.name.utf8.dropLast(4), as: UTF8.self)
      do throws(WeightProblem) {
        let begin = try archive.beginning(of: member, count: NpyHeader.longest)
        let header = try NpyHeader(begin, source: source)
        let elements = NpyElements(source: source, header: header, member: member, archive: archive)
        try elements.judgeSize()
        return StoredWeight(
          source: source, shape: header.shape, type: header.type, elements: elements)
      } catch {
        let type: String = if case .unsupportedType(let words) = error.reason { words } else { "?" }
        return StoredWeight(
          source: source, shape: [], type: .other(type),
          problem: WeightProblem(source: source, error.reason),
          elements: KnownElements(.integers([])))
      }
    }
  }
}

/// The elements of an array in an archive.
private struct NpyElements: WeightElements {
  let source: String
  let header: NpyHeader
  let member: ZipArchive.Member
  let archive: ZipArchive

  func judgeSize() throws(WeightProblem) {
    let expected = StoredWeight.count(header.shape, times: header.type.byteCount ?? 1)
    guard let expected, expected == member.size - header.size else {
      throw WeightProblem(
        source: source,
        .malformed("its shape and type need another number of bytes than it has"))
    }
  }

  func read() throws(WeightProblem) -> WeightValues {
    let content: [UInt8]
    do throws(WeightProblem) {
      content = try archive.content(of: member)
    } catch {
      throw WeightProblem(source: source, error.reason)
    }
    let values = try WeightValues(
      Array(content[header.size...]), type: header.type, order: header.order, source: source)
    guard header.isColumnMajor else { return values }
    switch values {
    case .float32(let elements): return .float32(rowMajor(elements))
    case .float64(let elements): return .float64(rowMajor(elements))
    case .integers(let elements): return .integers(rowMajor(elements))
    }
  }

  /// Column-major elements are the row-major ones of the reversed shape.
  private func rowMajor<Element: Sendable>(_ elements: [Element]) -> [Element] {
    Tensor(Shape(header.shape.reversed()), elements)
      .permuted(Array(header.shape.indices.reversed())).elements
  }
}
