import FixtureDrafts
import HDF5File
import Weights

/// The committed weight files and what the tools that wrote them say is in them.
enum WeightSamples {
  /// The path of a file in the folder beside this source.
  static func path(_ name: String) -> String {
    let source = #filePath
    let folder = source.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(source[..<$0]) } ?? "."
    return folder + "/Fixtures/" + name
  }

  static func reading(budgetBytes: Int = 1 << 30) -> ReadOptions {
    ReadOptions(budgetBytes: budgetBytes, worker: WorkerExecutable(path: BuiltCommand.path))
  }

  static func open(_ name: String) throws -> WeightFile {
    try WeightFile(path: path(name), reading: reading())
  }

  static func listing(_ name: String) throws -> WeightListing {
    try WeightFormats.standard.listing(of: open(name))
  }

  /// A tensor in short.
  struct Facts: Hashable, Comparable, CustomStringConvertible {
    let layer: String
    let parameter: String
    let shape: [Int]
    let sha256: String

    static func < (a: Facts, b: Facts) -> Bool {
      (a.layer, a.parameter) < (b.layer, b.parameter)
    }

    var description: String { "\(layer).\(parameter) \(shape) \(sha256.prefix(8))" }
  }

  /// What the writing tool says of a file (make-weights.py, make-matlab.py, make-keras-weights.py).
  static func expected(
    _ name: String, in document: String = "expected.json"
  ) throws -> [Facts] {
    let file = try WeightFile(path: path(document))
    let root = try JSONValue(file.bytes(0..<file.size))
    return (root[name]?.elements ?? []).map { entry in
      Facts(
        layer: entry["layer"]?.text ?? "?", parameter: entry["parameter"]?.text ?? "?",
        shape: entry["shape"]?.integers ?? [-1], sha256: entry["sha256"]?.text ?? "?")
    }.sorted()
  }

  /// What is found in a listing.
  static func facts(_ listing: WeightListing) throws -> [Facts] {
    try listing.tensors.filter { $0.problem == nil }.map { tensor in
      let content = try WeightContent(tensor)
      return Facts(
        layer: tensor.layer, parameter: tensor.parameter, shape: content.shape,
        sha256: content.sha256)
    }.sorted()
  }
}
