// HDF5Error+Description.swift
// The only place where facts become sentences. Each says where, what, and what to do.

#if canImport(Glibc)
import Text
import Glibc
#endif

extension HDF5Error: CustomStringConvertible {
  /// One sentence, safe for a terminal.
  public var description: String {
    let name = "`\(UntrustedText(file).terminal)`"
    guard let object else { return reason.sentence(about: name) }
    let place = "`\(object.text.terminal)` in \(name)"
    return reason.sentence(about: place)
  }

  /// The same sentence for a place that names the file already.
  public var clause: String {
    reason.sentence(about: object.map { "`\($0.text.terminal)`" } ?? "the file")
  }

  /// What libhdf5 said, innermost last, safe for a terminal; empty where it said nothing.
  public var libraryMessages: [String] {
    frames.map { frame in
      "\(frame.function.terminal): \(frame.description.terminal) "
        + "(\(frame.major.terminal): \(frame.minor.terminal))"
    }
  }
}

extension HDF5Problem: CustomStringConvertible {
  /// One sentence about "the dataset", safe for a terminal.
  public var description: String { sentence(about: "the dataset") }

  /// One sentence about an object, whose name must be safe for a terminal.
  public func sentence(about subject: String) -> String { reason.sentence(about: subject) }
}

extension HDF5Reason {
  /// The sentence, with `subject` as its beginning.
  func sentence(about subject: String) -> String {
    fileSentence(subject) ?? structureSentence(subject) ?? datasetSentence(subject)
      ?? readingSentence(subject)
  }

  /// The system's words for one of its error numbers.
  static func systemMessage(_ number: Int32) -> String {
    guard let words = strerror(number) else { return "error \(number)" }
    return String(cString: words)
  }

  // MARK: The file

  private func fileSentence(_ subject: String) -> String? {
    switch self {
    case .cannotOpen(ENOENT): "\(subject) does not exist; check the path"
    case .cannotOpen(EACCES): "\(subject) may not be read by this user; change its permissions"
    case .cannotOpen(let number):
      "\(subject) cannot be opened (\(Self.systemMessage(number))); check the path"
    case .directory: "\(subject) is a directory; name an HDF5 file in it"
    case .notRegular: "\(subject) is no regular file; copy its content to one"
    case .empty: "\(subject) is empty; export it again"
    case .notHDF5(let bytes):
      "\(subject) is not an HDF5 file (it begins with \(Self.hexadecimal(bytes))); "
        + "check that this is the file you mean"
    case .cutShort(let actual, let declared):
      "\(subject) is truncated: \(Figure.grouped(actual)) of \(Figure.grouped(declared)) bytes; "
        + "copy or export it again"
    case .notClosedByWriter:
      "\(subject) is marked as open for writing; close it in the program that writes it, "
        + "or clear the mark with h5clear -s"
    case .changed: "\(subject) changed while it was read; run again when nothing writes to it"
    case .budgetExceeded(let declared, let before, let budget):
      "\(subject) declares \(Figure.grouped(declared)) bytes of data, more than the "
        + "\(Figure.grouped(budget)) allowed"
        + (before > 0 ? " less the \(Figure.grouped(before)) of the files before it" : "")
        + "; raise --max-bytes if that is right"
    case .worker(let end, let visiting): Self.workerSentence(subject, end, visiting)
    case .insufficientConfinement(let confinement):
      "\(subject) was not read: of the required confinement only "
        + "\(confinement.names.isEmpty ? "nothing" : confinement.names.joined(separator: ", ")) "
        + "is available here; leave out --require-sandbox to go on without the rest"
    default: nil
    }
  }

  private static func workerSentence(
    _ subject: String, _ end: WorkerEnd, _ visiting: UntrustedText?
  ) -> String {
    let place = visiting.map { " while reading `\($0.terminal)`" } ?? ""
    let damaged = "\(subject) is damaged or hostile: the HDF5 reader"
    let remedy = "; export it again from a source you trust"
    return switch end {
    case .signal(SIGXCPU): "\(damaged) used too much processor time\(place)\(remedy)"
    case .signal(let number): "\(damaged) stopped (signal \(number))\(place)\(remedy)"
    case .timeout(let seconds): "\(damaged) took more than \(seconds) s\(place)\(remedy)"
    case .malformed(let what):
      "\(damaged) answered with a malformed catalogue (\(what))\(place)\(remedy)"
    case .exit(127):
      "\(subject) was not read: the HDF5 reader could not be loaded (exit status 127); "
        + "check that the program's shared libraries are found without LD_LIBRARY_PATH"
    case .exit(let code): "\(damaged) ended with status \(code)\(place)\(remedy)"
    case .cannotStart(let number):
      "\(subject) was not read: the HDF5 reader cannot be started (\(systemMessage(number))); "
        + "check that the program's own file is still in its place"
    case .roleNotTaken:
      "\(subject) was not read: this program does not call CatalogueWorker.runIfRequested() "
        + "first; add the call to the beginning of its main"
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}
