// KerasStateWeights.swift
// Source: keras/src/saving/saving_lib.py, _save_state and H5IOStore.

import HDF5File

/// The weights of a Keras 3 model, `x.weights.h5`: `/layers/<class>[_n]/vars/<number>`.
struct KerasStateWeights: WeightFormat {
  let name = "keras-weights-h5"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let file) = file.content else { return nil }
    for folder in KerasStateReader.folders {
      guard let layers = file.catalogue.root.group(folder) else { continue }
      if Self.hasVariables(layers) { return .mark("groups below `/\(folder)` have `vars`") }
    }
    // A model that is a class of its own has its attributes as groups.
    let paths = file.catalogue.root.allDatasets.map { $0.path.split(separator: "/") }
    guard !paths.isEmpty,
      paths.allSatisfy({
        $0.count > 1 && $0[$0.count - 2] == "vars" && Int($0[$0.count - 1]) != nil
      })
    else { return nil }
    return .likeness("every dataset is a number in a group `vars`")
  }

  private static func hasVariables(_ group: Group) -> Bool {
    group.groups.contains { $0.name.string == "vars" || hasVariables($0.group) }
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    try Self.listing(of: file, config: nil, generation: "Keras 3", options)
  }

  /// The tensors of a file, with the configuration of its model where there is one.
  static func listing(
    of file: WeightFile, config: KerasConfig?, generation: String, _ options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content else {
      throw WeightError(
        file: file.path, .wrongContainer(format: "keras-weights-h5", expected: "an HDF5 file"))
    }
    let context = KerasContext(
      generation: .three, backend: nil, config: config, options: options)
    var reader = KerasStateReader(file: hdf5, conversion: KerasConversion(context))
    reader.walk(hdf5.catalogue.root, at: "", .init(names: [], config: config))
    var listing = reader.conversion.finished()
    listing.generation = generation
    return listing
  }
}

/// Walks the tree of a model's parts.
private struct KerasStateReader {
  let file: HDF5File
  var conversion: KerasConversion

  /// Groups that hold layers; the second was written by TensorFlow 2.12.
  static let folders = ["layers", "_layer_checkpoint_dependencies"]

  /// Parts that hold no weights, and what they hold.
  private static let states: [String: String] = [
    "optimizer": "the state of the optimizer", "seed_generator": "the state of a random generator",
    "metrics": "the state of a metric", "_metrics": "the state of a metric",
    "_compile_metrics": "the state of a metric",
  ]

  /// What is known of a part before its group is read.
  struct Part {
    /// The names of the models around it and its own.
    var names: [String]
    /// What the configuration says of it.
    var config: KerasConfig?
    /// Its class as its path has it.
    var snakeClass: String?
  }

  mutating func walk(_ group: Group, at path: String, _ part: Part) {
    let variables = group.group("vars")
    let hasVariables = variables != nil
    if let variables { add(variables, at: "\(path)/vars", part) }
    for (link, child) in group.groups where link.string != "vars" {
      let place = "\(path)/\(link.string)"
      if Self.folders.contains(link.string) {
        walkLayers(child, at: place, part)
      } else if let state = Self.states[link.string] {
        for (source, _) in child.allDatasets {
          conversion.listing.unused.append(.init(place + source, state))
        }
      } else if link.string == "layer" {
        // What a wrapper wraps: TimeDistributed is known by the name and the class of its inside.
        walk(child, at: place, part)
      } else {
        walkAttribute(child, link.string, at: place, part, isInList: !path.isEmpty && !hasVariables)
      }
    }
    if path.isEmpty { addStray(group) }
  }

  /// An attribute of a layer, or a list of layers, which has no variables and no name of its own;
  /// the layers in it are named by their classes.
  private mutating func walkAttribute(
    _ group: Group, _ link: String, at path: String, _ part: Part, isInList: Bool
  ) {
    let variables = group.group("vars")
    let name = variables.map { $0.kerasWord("name") ?? link }
    walk(
      group, at: path,
      Part(
        names: part.names + (name.map { [$0] } ?? []),
        snakeClass: isInList ? Self.withoutNumber(link) : nil))
  }

  private mutating func walkLayers(_ group: Group, at path: String, _ part: Part) {
    let byPathName = part.config?.byPathName ?? [:]
    let byName = part.config?.byName ?? [:]
    for (link, child) in group.groups {
      let key = link.string
      let name = child.group("vars")?.kerasWord("name")
      let config = name.flatMap { byName[$0] } ?? byPathName[key]
      walk(
        child, at: "\(path)/\(key)",
        Part(
          names: part.names + [name ?? config?.name ?? key], config: config,
          snakeClass: Self.withoutNumber(key)))
    }
  }

  /// `conv2d_1` counts the layers of a class: the class is `conv2d`.
  private static func withoutNumber(_ key: String) -> String {
    guard let bar = key.utf8.lastIndex(of: UInt8(ascii: "_")) else { return key }
    let number = key.utf8[key.utf8.index(after: bar)...]
    let isNumber =
      !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return isNumber ? String(key[..<bar]) : key
  }

  private mutating func add(_ group: Group, at path: String, _ part: Part) {
    var numbered: [(number: Int, weight: StoredWeight)] = []
    for (link, dataset) in group.datasets {
      let source = "\(path)/\(link.string)"
      guard let number = Int(link.string), number >= 0 else {
        conversion.listing.unused.append(.init(source, "its name is no number", isLeftOver: true))
        continue
      }
      numbered.append((number, StoredWeight(dataset, at: source, of: file)))
    }
    guard !numbered.isEmpty else { return }
    // Links are in the order of their names: 10 comes before 2.
    numbered.sort { $0.number < $1.number }
    guard numbered.map(\.number) == Array(0..<numbered.count) else {
      conversion.listing.problems.append(
        WeightProblem(source: path, .malformed("its variables do not count from 0")))
      return
    }
    var layer = KerasLayer(
      name: part.names.joined(separator: "."), path: path, config: part.config,
      kind: part.config.map(\.kind) ?? part.snakeClass.flatMap { KerasKind(snakeClass: $0) },
      variables: numbered.map { .init(leaf: String($0.number), weight: $0.weight) })
    if layer.kind != nil || conversion.context.target(layer) != nil {
      do throws(WeightProblem) {
        let names = try KerasVariables(context: conversion.context).names(of: layer)
        layer.variables = zip(names, layer.variables).map { .init(leaf: $0, weight: $1.weight) }
      } catch {
        conversion.listing.problems.append(error)
        return
      }
    }
    conversion.add(layer)
  }

  /// Datasets beside the parts.
  private mutating func addStray(_ root: Group) {
    for (link, _) in root.datasets {
      conversion.listing.unused.append(
        .init("/\(link.string)", "no variable of a layer", isLeftOver: true))
    }
  }
}
