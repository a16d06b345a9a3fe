// NameIndex.swift

import HDF5File
import LayerKit
import Text

/// The names of a case, by bytes: what feeds a layer, holds its parameters, or is the objective.
struct NameIndex {
  /// What a name stands for.
  enum Meaning: Equatable {
    case input
    case layer(Int)
    case ignored
  }

  private var meanings: [ObjectName: Meaning] = [:]
  /// The names of the network's inputs, in the order of the file.
  private(set) var inputs: [String] = []
  private var layers: [String] = []

  /// How many near misses are looked for; each costs a pass over all names.
  private var suggestions = 50

  mutating func add(input name: ObjectName) {
    meanings[name] = .input
    inputs.append(name.string)
  }

  mutating func add(layer name: ObjectName, at position: Int) {
    meanings[name] = .layer(position)
    layers.append(name.string)
  }

  mutating func add(ignored name: ObjectName) {
    if meanings[name] == nil { meanings[name] = .ignored }
  }

  /// What a name stands for, if anything.
  subscript(_ name: some StringProtocol) -> Meaning? {
    guard let name = try? ObjectName(bytes: Array(name.utf8)) else { return nil }
    return meanings[name]
  }

  /// The position of the layer of a name.
  func layer(_ name: String) -> Int? {
    if case .layer(let position) = self[name] { position } else { nil }
  }

  /// The closest name of an input or a layer.
  mutating func closestSource(to name: String) -> String? {
    guard suggestions > 0 else { return nil }
    suggestions -= 1
    return NearMiss.closest(to: name, among: inputs + layers)
  }

  /// The closest name of a layer.
  mutating func closestLayer(to name: String) -> String? {
    guard suggestions > 0 else { return nil }
    suggestions -= 1
    return NearMiss.closest(to: name, among: layers)
  }
}
