import FixtureDrafts
import HDF5File

/// Where the committed files are, and how tests open them.
enum Corpus {
  /// The folder of a kind of files, beside this source.
  static func path(_ name: String) -> String {
    let source = #filePath
    let folder = source.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(source[..<$0]) } ?? "."
    return folder + "/Corpus/" + name
  }

  /// The built command, which stands beside the test program and knows the worker's role.
  static let worker = WorkerExecutable(path: BuiltCommand.path)

  static func options(threads: Int = 2, budgetBytes: Int = 1 << 30) -> ReadOptions {
    ReadOptions(budgetBytes: budgetBytes, worker: worker, threads: threads)
  }

  static func open(_ name: String) throws -> HDF5File {
    try HDF5File(path: path(name), options: options())
  }

  /// The values that the scripts write: i mod 97 − 3, or i mod 97 where there is no sign.
  static func values(_ count: Int, unsigned: Bool = false) -> [Double] {
    (0..<count).map { Double($0 % 97 - (unsigned ? 0 : 3)) }
  }
}
