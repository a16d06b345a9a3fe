import HDF5File
import Text

extension WeightFile {
  /// Something of what is in the file, one line each, safe for a terminal: at most 20.
  var outline: [String] {
    let limit = 20
    var lines: [String] = []
    var more = 0
    switch content {
    case .hdf5(let file):
      let datasets = file.catalogue.root.allDatasets
      lines = datasets.prefix(limit).map { path, dataset in
        "\(UntrustedText(path).terminal) \(Figure.tuple(dataset.shape)) "
          + UntrustedText(dataset.elementType.name).terminal
      }
      more = datasets.count - lines.count
    case .zip(let archive):
      lines = archive.members.prefix(limit).map {
        "\(UntrustedText($0.name).terminal), \(Figure.grouped($0.size)) bytes"
      }
      more = archive.members.count - lines.count
    case .other:
      let digits = prefix.prefix(16).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 2 ? digits : "0" + digits
      }
      lines = ["\(Figure.grouped(size)) bytes that begin with \(digits.joined(separator: " "))"]
    }
    return more > 0 ? lines + ["… and \(Figure.grouped(more)) more"] : lines
  }
}

extension Group {
  /// All datasets below this group by the path of links that leads to them: one that has two names
  /// appears twice.
  var allDatasets: [(path: String, dataset: Dataset)] {
    var found: [(path: String, dataset: Dataset)] = []
    visit("") { found.append(($0, $1)) }
    return found
  }

  private func visit(_ path: String, _ body: (String, Dataset) -> Void) {
    for (name, dataset) in datasets { body("\(path)/\(name.string)", dataset) }
    for (name, group) in groups { group.visit("\(path)/\(name.string)", body) }
  }
}

extension Dataset {
  /// Whether its elements are records of several fields.
  var isCompound: Bool { problem?.reason == .unsupportedType("compound") }
}
