import Glibc

/// A folder for files of a run: a temporary one that goes with what was put into it, or one to keep.
final class WorkFolder {
  private let path: String
  private let isKept: Bool
  private var names: Set<String> = []

  /// Makes the folder; nil for a temporary one.
  init(_ kept: String? = nil) throws {
    isKept = kept != nil
    if let kept {
      path = kept
      if mkdir(kept, 0o777) != 0 && errno != EEXIST { throw OutputError(name: kept, code: errno) }
      return
    }
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = (parent + "/cnn-verify.XXXXXX").utf8CString.map { $0 }
    guard mkdtemp(&template) != nil else { throw OutputError(name: parent, code: errno) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    guard !isKept else { return }
    for name in names { unlink(path + "/" + name) }
    rmdir(path)
  }

  /// The path of a file in the folder.
  func callAsFunction(_ name: String) -> String {
    names.insert(name)
    return path + "/" + name
  }
}
