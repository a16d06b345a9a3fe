// HDF5File+Read.swift

internal import Glibc

extension HDF5File {
  /// All elements of a dataset in row-major order, converted without loss.
  ///
  /// Whole numbers and truth values become any of the three types if it holds each exactly; floats
  /// only widen. Throws the dataset's problem if it has one.
  public func read<Element: ReadableElement>(
    _ dataset: Dataset, as type: Element.Type = Element.self
  ) throws(HDF5Error) -> [Element] {
    // The count of a dataset with a problem may be anything.
    try read(dataset, elements: 0..<(dataset.problem == nil ? dataset.count : 0), as: type)
  }

  /// The elements of a dataset in a window of row-major indices, converted without loss.
  ///
  /// Only the bytes of the window are read; of chunked storage, whole chunks that meet it.
  public func read<Element: ReadableElement>(
    _ dataset: Dataset, elements range: Range<Int>, as type: Element.Type = Element.self
  ) throws(HDF5Error) -> [Element] {
    do throws(HDF5Problem) {
      if let problem = dataset.problem { throw problem }
      let source = ElementSource(type: dataset.elementType, order: dataset.byteOrder)
      guard !source.isNarrowing(to: Element.readableKind) else {
        throw HDF5Problem(.narrowing(from: source.type, to: Element.readableKind.name))
      }
      guard range.lowerBound >= 0, range.upperBound <= dataset.count else {
        throw HDF5Problem(.windowOutside(range, count: dataset.count))
      }
      let reader = ElementReader(
        file: file, dataset: dataset, source: source, kind: Element.readableKind,
        stride: MemoryLayout<Element>.stride, range: range, threads: options.threads)
      return try Self.array(of: range.count) { memory throws(HDF5Problem) in
        try reader.fill(memory)
      }
    } catch {
      throw HDF5Error(file: path, object: dataset.path, error)
    }
  }

  /// An array of exactly `count` elements, which `fill` fills or refuses to.
  private static func array<Element: ReadableElement>(
    of count: Int, _ fill: (UnsafeMutableRawPointer) throws(HDF5Problem) -> Void
  ) throws(HDF5Problem) -> [Element] {
    guard count > 0 else { return [] }
    var problem: HDF5Problem?
    let result = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = 0
      guard let base = buffer.baseAddress else { return }
      useLargePages(base, bytes: count * MemoryLayout<Element>.stride)
      do throws(HDF5Problem) {
        try fill(base)
        initialized = count
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
    return result
  }

  /// Asks for large pages before the first touch: page faults would cost more than the copy.
  private static func useLargePages(_ base: UnsafeMutableRawPointer, bytes: Int) {
    guard bytes >= 4 << 20 else { return }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let start = (UInt(bitPattern: base) + page - 1) / page * page
    let end = (UInt(bitPattern: base) + UInt(bytes)) / page * page
    guard end > start else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_HUGEPAGE)
  }
}
