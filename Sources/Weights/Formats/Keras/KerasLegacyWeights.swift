// KerasLegacyWeights.swift
// Sources: keras/src/legacy/saving/legacy_h5_format.py; Keras 2.3, engine/saving.py.

import HDF5File

/// A Keras model or its weights in HDF5, as Keras 1 and 2 save them, and Keras 3 as `x.h5`.
///
/// Below `/model_weights`, or in the root, `layer_names` lists the layers and `weight_names` of each
/// the paths of its tensors. They are taken by name: a frozen layer changes their order.
struct KerasLegacyWeights: WeightFormat {
  let name = "keras-h5"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let file) = file.content else { return nil }
    for (group, path) in Self.bases(file.catalogue.root) {
      for list in ["layer_names", "layer_names0"] where group.attribute(list) != nil {
        return .mark("`\(path)` has the attribute `\(list)`")
      }
    }
    return nil
  }

  private static func bases(_ root: Group) -> [(group: Group, path: String)] {
    [root.group("model_weights").map { ($0, "/model_weights") }, (root, "/")].compactMap { $0 }
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content else {
      throw WeightError(file: file.path, .wrongContainer(format: name, expected: "an HDF5 file"))
    }
    let root = hdf5.catalogue.root
    let bases = Self.bases(root)
    let isLayers: (Group) -> Bool = { group in
      group.attribute("layer_names") != nil || group.attribute("layer_names0") != nil
    }
    guard let (base, path) = bases.first(where: { isLayers($0.group) }) else {
      throw WeightError(
        file: file.path, source: "/", .attribute("layer_names", expected: "a list of names"))
    }
    let reader = KerasLegacyReader(
      file: hdf5, base: base, path: path == "/" ? "" : path,
      text: root.kerasWord("model_config") ?? base.kerasWord("model_config"), options: options)
    do throws(KerasLegacyReader.Damage) {
      return try reader.listing()
    } catch {
      throw WeightError(file: file.path, problems: error.problems)
    }
  }
}

/// Reads the layers below one group.
private struct KerasLegacyReader {
  let file: HDF5File
  let base: Group
  let path: String
  let text: String?
  let options: WeightReadOptions

  /// What is wrong with the file, never empty.
  struct Damage: Error {
    let problems: [WeightProblem]
  }

  /// A layer's group and the names it lists.
  private struct Entry {
    let name: String
    let group: Group
    let weights: [String]
  }

  func listing() throws(Damage) -> WeightListing {
    let entries = try entries()
    let config = text.flatMap { KerasConfig(text: Array($0.utf8)) }
    let context = context(entries, config)
    var conversion = KerasConversion(context)
    if text != nil, config == nil {
      conversion.listing.warnings.append(
        "the attribute `model_config` is no configuration: classes of layers are not known")
    }
    var problems: [WeightProblem] = []
    var used: Set<[UInt8]> = []
    let byName = config?.byName ?? [:]
    for entry in entries {
      let layers = layers(of: entry, byName[entry.name], context, &used, &problems)
      for layer in layers { conversion.add(layer) }
    }
    guard problems.isEmpty else { throw Damage(problems: problems) }
    var listing = conversion.finished()
    listing.generation = generation(context)
    for (source, _) in file.catalogue.root.allDatasets where !used.contains(Array(source.utf8)) {
      let isState = source.utf8.starts(with: "/optimizer_weights/".utf8)
      listing.unused.append(
        .init(
          source, isState ? "the state of the optimizer" : "no layer lists it",
          isLeftOver: !isState))
    }
    return listing
  }

  // MARK: Lists

  private func entries() throws(Damage) -> [Entry] {
    var problems: [WeightProblem] = []
    var entries: [Entry] = []
    do throws(WeightProblem) {
      for name in try base.kerasList("layer_names", at: path.isEmpty ? "/" : path) ?? [] {
        let place = "\(path)/\(name)"
        guard !name.isEmpty, let group = base.group(name) else {
          problems.append(WeightProblem(source: place, .missing("group")))
          continue
        }
        guard let weights = try group.kerasList("weight_names", at: place) else {
          problems.append(
            WeightProblem(source: place, .attribute("weight_names", expected: "a list of names")))
          continue
        }
        entries.append(Entry(name: name, group: group, weights: weights))
      }
    } catch {
      problems.append(error)
    }
    guard problems.isEmpty else { throw Damage(problems: problems) }
    return entries
  }

  private func context(_ entries: [Entry], _ config: KerasConfig?) -> KerasContext {
    let version = word("keras_version")
    let names = entries.flatMap(\.weights)
    let generation: KerasContext.Generation
    if let major = version?.utf8.first, (0x31...0x33).contains(major) {
      generation = KerasContext.Generation(rawValue: Int(major - 0x30)) ?? .two
    } else {
      generation = !names.isEmpty && names.allSatisfy(KerasLegacyName.isKeras1) ? .one : .two
    }
    return KerasContext(
      generation: generation, backend: word("backend"), config: config, options: options)
  }

  private func word(_ name: String) -> String? {
    base.kerasWord(name) ?? file.catalogue.root.kerasWord(name)
  }

  private func generation(_ context: KerasContext) -> String {
    let version =
      word("keras_version").map { "Keras \($0)" }
      ?? (context.generation == .one ? "Keras 1" : "Keras 2, which does not say its version")
    return context.backend.map { "\(version), backend \($0)" } ?? version
  }

  // MARK: Layers

  /// The layer of an entry, or the layers of a model.
  private func layers(
    of entry: Entry, _ own: KerasConfig?, _ context: KerasContext, _ used: inout Set<[UInt8]>,
    _ problems: inout [WeightProblem]
  ) -> [KerasLayer] {
    var order: [[String]] = []
    var variables: [[String]: [KerasLayer.Variable]] = [:]
    for name in entry.weights {
      let source = "\(path)/\(entry.name)/\(name)"
      guard let dataset = entry.group.dataset(name) else {
        problems.append(WeightProblem(source: source, .missing("dataset")))
        continue
      }
      used.insert(Array(source.utf8))
      let parts = KerasLegacyName(name, group: entry.name, generation: context.generation)
      if variables[parts.inner] == nil { order.append(parts.inner) }
      variables[parts.inner, default: []].append(
        KerasLayer.Variable(leaf: parts.leaf, weight: StoredWeight(dataset, at: source, of: file)))
    }
    let isModel = own?.isModel ?? false || order.count > 1
    let model = own.flatMap { $0.isModel ? KerasModel($0) : nil }
    return order.map { inner in
      let config = model.map { $0.layer(at: inner) } ?? own
      return KerasLayer(
        name: (isModel ? [entry.name] + inner : [entry.name]).joined(separator: "."),
        path: "\(path)/\(entry.name)", config: config, kind: config?.kind,
        variables: variables[inner] ?? [])
    }
  }
}
