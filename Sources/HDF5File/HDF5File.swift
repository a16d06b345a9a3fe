// HDF5File.swift
// libhdf5 reads the map, never the territory: a confined process lists what is in the file, this
// one checks the list and reads the bytes.

/// A file that is open for reading: what is in it, checked, and the way to its numbers.
public struct HDF5File: Sendable {
  /// The path, as given.
  public let path: String
  /// Bytes of the file.
  public let size: Int
  /// Everything in it but the numbers.
  public let catalogue: Catalogue
  /// What is worth saying although the file is in order.
  public let remarks: [FileRemark]
  /// What confined the process that parsed it.
  public let confinement: Confinement

  let file: OpenFile
  let options: ReadOptions

  /// Opens a file and lists its content.
  ///
  /// - Throws: what is wrong with the file as a whole. What is wrong with single datasets stays
  ///   with them (`Dataset.problem`).
  public init(path: String, options: ReadOptions = ReadOptions()) throws(HDF5Error) {
    let file: OpenFile
    do throws(HDF5Problem) {
      file = try OpenFile(path: path)
    } catch {
      throw HDF5Error(file: path, object: nil, error)
    }
    try self.init(file, path: path, options: options)
  }

  /// Lists the content of a file that is open already; `path` is what messages call it.
  package init(
    _ file: OpenFile, path: String, options: ReadOptions = ReadOptions()
  ) throws(HDF5Error) {
    self.path = path
    self.options = options
    self.file = file
    var place: ObjectPath?
    do throws(HDF5Problem) {
      size = file.size
      let superblock = try Superblock(of: file)
      remarks = try Self.judge(superblock, file)
      let reserved = superblock.userBlockSize + superblock.size
      (confinement, catalogue) = try Self.list(file, options, reserved, &place)
      try file.verifyUnchanged()
    } catch {
      throw HDF5Error(file: path, object: place, error)
    }
  }

  /// Fails if the file changed since it was opened.
  public func verifyUnchanged() throws(HDF5Error) {
    do throws(HDF5Problem) {
      try file.verifyUnchanged()
    } catch {
      throw HDF5Error(file: path, object: nil, error)
    }
  }

  // MARK: Opening

  private static func judge(
    _ superblock: Superblock, _ file: OpenFile
  ) throws(HDF5Problem) -> [FileRemark] {
    var remarks: [FileRemark] = []
    if superblock.userBlockSize > 0 { remarks.append(.userBlock(superblock.userBlockSize)) }
    guard !superblock.isOpenForWriting else { throw HDF5Problem(.notClosedByWriter) }
    if let declared = superblock.declaredEnd {
      guard declared <= file.size else {
        throw HDF5Problem(.cutShort(actual: file.size, declared: declared))
      }
      let after = file.size - Int(declared)
      if after > 0 { remarks.append(.bytesAfterEnd(after)) }
    }
    return remarks
  }

  /// Has the worker list the file, and checks the list.
  private static func list(
    _ file: OpenFile, _ options: ReadOptions, _ reserved: Int, _ place: inout ObjectPath?
  ) throws(HDF5Problem) -> (Confinement, Catalogue) {
    let process = try WorkerProcess(
      options.worker, file: file.descriptor, timeout: options.timeout)
    var parser = CatalogueParser()
    var malformed: String?
    do throws(MalformedCatalogue) {
      try parser.parse(process.output)
    } catch {
      malformed = error.what
    }
    let parsed = parser.catalogue
    // A process takes as long to end as a complete list to check.
    var builtPlace: ObjectPath?
    let built: Result<Catalogue, HDF5Problem>? =
      if malformed == nil, parsed.isComplete {
        Result { () throws(HDF5Problem) in
          try build(parsed, reserved, file, options, &builtPlace)
        }
      } else {
        nil
      }
    try judge(process.end(), parsed, malformed, timeout: options.timeout, &place)
    guard let built else { throw failure(.malformed("it ends early"), parsed) }
    if options.requireSandbox, !parsed.confinement.isSuperset(of: .full) {
      throw HDF5Problem(.insufficientConfinement(parsed.confinement))
    }
    place = builtPlace
    return (parsed.confinement, try built.get())
  }

  private static func failure(_ end: WorkerEnd, _ parsed: ParsedCatalogue) -> HDF5Problem {
    HDF5Problem(.worker(end, visiting: parsed.visiting))
  }

  /// Fails if the worker did not end as it should, or refused the file.
  private static func judge(
    _ end: WorkerProcess.End, _ parsed: ParsedCatalogue, _ malformed: String?, timeout: Int,
    _ place: inout ObjectPath?
  ) throws(HDF5Problem) {
    switch end {
    case .timeout: throw failure(.timeout(seconds: timeout), parsed)
    case .notCatalogue: throw failure(.malformed("it does not begin as one"), parsed)
    case .tooMuch: throw failure(.malformed("it is too long"), parsed)
    case .signal(let number): throw failure(.signal(number), parsed)
    case .exit(let code) where code != 0: throw failure(.exit(code), parsed)
    case .exit: break
    }
    if let malformed { throw failure(.malformed(malformed), parsed) }
    if let refusal = parsed.refusal {
      place = refusal.path.names.isEmpty ? nil : refusal.path
      throw HDF5Problem(refusal.reason, frames: refusal.frames)
    }
  }

  private static func build(
    _ parsed: ParsedCatalogue, _ reserved: Int, _ file: OpenFile, _ options: ReadOptions,
    _ place: inout ObjectPath?
  ) throws(HDF5Problem) -> Catalogue {
    guard let root = parsed.root else {
      throw HDF5Problem(.worker(.malformed("it has no root"), visiting: nil))
    }
    var builder = CatalogueBuilder(
      bounds: StorageBounds(fileSize: file.size, budget: options.budgetBytes))
    do throws(PlacedProblem) {
      let (group, declared) = try builder.build(root, reserved: reserved)
      do throws(HDF5Problem) {
        try options.budget.charge(declared)
      } catch {
        throw PlacedProblem(.root, error.reason)
      }
      return Catalogue(root: group, userBlockSize: Int(clamping: parsed.userBlockSize))
    } catch {
      place = error.path.names.isEmpty ? nil : error.path
      throw error.problem
    }
  }
}
