import HDF5File

/// The datasets of a file by their paths, without the leading `/`, in the order of the file.
struct DatasetList {
  /// A dataset under one of its names.
  struct Entry {
    let path: String
    let group: String
    let name: String
    let dataset: Dataset
  }

  private(set) var entries: [Entry] = []
  private var byPath: [[UInt8]: Int] = [:]

  init(_ file: HDF5File, where isChosen: (String) -> Bool) {
    collect(file.catalogue.root, at: "", isChosen)
  }

  /// The entry of a path.
  subscript(path: String) -> Int? { byPath[Array(path.utf8)] }

  private mutating func collect(_ group: Group, at path: String, _ isChosen: (String) -> Bool) {
    for (name, dataset) in group.datasets {
      let full = path.isEmpty ? name.string : "\(path)/\(name.string)"
      guard isChosen(full) else { continue }
      byPath[Array(full.utf8)] = entries.count
      entries.append(Entry(path: full, group: path, name: name.string, dataset: dataset))
    }
    for (name, group) in group.groups {
      collect(group, at: path.isEmpty ? name.string : "\(path)/\(name.string)", isChosen)
    }
  }
}
