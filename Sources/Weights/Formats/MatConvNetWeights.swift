// MatConvNetWeights.swift
// Source: MatConvNet, matlab/simplenn/vl_simplenn_tidy.m, matlab/+dagnn/@DagNN/saveobj.m; read
// there, and checked against files that imitate MATLAB's, not against a run.

import HDF5File
import Text

/// A MatConvNet network in a MATLAB v7.3 file: a SimpleNN, whose `layers` are a cell array, or a
/// DagNN, whose `params` are an array of structures.
struct MatConvNetWeights: WeightFormat {
  let name = "matlab"

  /// Most layers, or parameters, of a network.
  private static let mostElements = 1 << 16

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let hdf5) = file.content else { return nil }
    if file.prefix.starts(with: "MATLAB 7.3".utf8) { return .mark("it begins with `MATLAB 7.3`") }
    let root = hdf5.catalogue.root
    if root.group("#refs#") != nil { return .mark("it has the group `/#refs#`") }
    let attributes = root.groups.map(\.group.attributes) + root.datasets.map(\.dataset.attributes)
    let isMatlab = attributes.contains { $0.contains { $0.name == "MATLAB_class" } }
    return isMatlab ? .mark("variables have the attribute `MATLAB_class`") : nil
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content else {
      throw WeightError(
        file: file.path, .wrongContainer(format: name, expected: "a MATLAB v7.3 (HDF5) file"))
    }
    let objects = MatlabObjects(hdf5)
    let networks = objects.groups.filter { Self.isNetwork($0.group) }
    guard let (path, network) = networks.first else {
      throw WeightError(file: file.path, Self.refusal(objects))
    }
    guard networks.count == 1 else {
      throw WeightError(
        file: file.path, source: networks[1].path,
        .undecided(
          "is a second network, besides `\(path.isEmpty ? "/" : path)`",
          advice: "save one of them in a file of its own"))
    }
    let isDag = network.group("params") != nil
    var reader = MatConvNetReader(objects, wrapper: isDag ? "DagNN" : "SimpleNN", options)
    do throws(WeightProblem) {
      if isDag {
        try listDag(network, at: path, &reader)
      } else if let layers = network.dataset("layers") {
        let place = "\(path)/layers"
        for (index, layer)
          in try objects.cells(layers, at: place, limit: Self.mostElements).enumerated()
        {
          reader.list(simple: layer, number: index + 1)
        }
      }
    } catch {
      throw WeightError(file: file.path, problems: [error])
    }
    return reader.finished
  }

  /// Whether a structure is a network: `layers` of references, or `params` with names and values.
  private static func isNetwork(_ group: Group) -> Bool {
    if let layers = group.dataset("layers") { return layers.isReference }
    guard let params = group.group("params") else { return false }
    let names = params.datasets.map(\.name.string)
    return names.contains("name") && names.contains("value")
  }

  /// Why nothing can be read from a MATLAB file without a network of MatConvNet.
  private static func refusal(_ objects: MatlabObjects) -> WeightReason {
    let classes = objects.datasets.compactMap { MatlabObjects.opaqueClass($0.dataset) }
    if !classes.isEmpty || objects.file.catalogue.root.group("#subsystem#") != nil {
      let name = classes.first.map { " (class `\(UntrustedText($0).terminal)`)" } ?? ""
      return .refused(
        what: "a MATLAB file of objects\(name), which only MATLAB can read",
        advice: """
          export with `s = net.saveobj(); save('net.mat', '-struct', 's', '-v7.3')` (a DagNN of \
          MatConvNet), or save each layer's Weights and Bias as plain arrays with '-v7.3' and \
          give a mapping file with --map
          """)
    }
    return .refused(
      what: "a MATLAB file without a MatConvNet network",
      advice: "write a mapping file with `reverse_axes` and give it with --map")
  }

  /// A DagNN: layers name their parameters, which are a list of their own.
  private func listDag(
    _ network: Group, at path: String, _ reader: inout MatConvNetReader
  ) throws(WeightProblem) {
    guard let params = network.group("params") else { return }
    let place = "\(path)/params"
    guard let layers = network.group("layers") else {
      throw WeightProblem(
        source: place,
        .undecided(
          "has no `layers` beside it that say what the parameters are",
          advice: "save the whole network, or write a mapping file and give it with --map"))
    }
    let columns = MatlabColumns(reader.objects, limit: Self.mostElements)
    let names = try columns.all("name", of: params, at: place)
    let values = try columns.all("value", of: params, at: place, count: names.count)
    var parameters: [String: MatlabObject] = [:]
    for (name, value) in zip(names, values) {
      guard let text = reader.objects.text(name), parameters[text] == nil else {
        throw WeightProblem(
          source: name.path, .malformed("it is no name of a parameter, or another's"))
      }
      parameters[text] = value
    }
    let layerPlace = "\(path)/layers"
    let layerNames = try columns.all("name", of: layers, at: layerPlace)
    let count = layerNames.count
    let types = try columns.all("type", of: layers, at: layerPlace, count: count)
    let uses = try columns.all("params", of: layers, at: layerPlace, count: count)
    let blocks = try columns.all("block", of: layers, at: layerPlace, count: count)
    for index in 0..<count {
      reader.list(
        dag: MatConvNetReader.DagLayer(
          name: layerNames[index], type: types[index], params: uses[index], block: blocks[index],
          number: index + 1),
        parameters)
    }
    for (text, value) in zip(names.map { reader.objects.text($0) ?? "?" }, values) {
      reader.leaveOver(value, "the parameter `\(text)` is no layer's")
    }
  }
}

/// The columns of an array of structures.
private struct MatlabColumns {
  private let objects: MatlabObjects
  private let limit: Int

  init(_ objects: MatlabObjects, limit: Int) {
    self.objects = objects
    self.limit = limit
  }

  /// A field of every element; as many as the other fields have, where that is known.
  func all(
    _ name: String, of group: Group, at path: String, count: Int? = nil
  ) throws(WeightProblem) -> [MatlabObject] {
    let column = try objects.column(name, of: group, at: path, limit: limit)
    guard !column.isEmpty, count == nil || column.count == count else {
      throw WeightProblem(
        source: "\(path)/\(name)",
        .malformed("it has \(column.count) elements, and \(count ?? 1) are needed"))
    }
    return column
  }
}
