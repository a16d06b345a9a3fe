// MatConvNetReader.swift
// Source: MatConvNet, matlab/vl_nnconv.m, vl_nnconvt.m, vl_nnbnorm.m, src/bits/impl/bnorm_cpu.cpp;
// read there.

import HDF5File
import Text

/// Makes a listing of the layers of a MatConvNet network.
struct MatConvNetReader {
  let objects: MatlabObjects
  private let options: WeightReadOptions
  private var listing = WeightListing()
  private var taken: Set<UInt64> = []

  /// Begins with nothing; `wrapper` is which of MatConvNet's two kinds of networks it is.
  init(_ objects: MatlabObjects, wrapper: String, _ options: WeightReadOptions) {
    self.objects = objects
    self.options = options
    listing.generation = "MatConvNet \(wrapper)"
  }

  /// The listing, with the arrays that no layer took.
  var finished: WeightListing {
    var listing = listing
    for (path, dataset) in objects.datasets where !taken.contains(dataset.objectID) {
      if let name = MatlabObjects.opaqueClass(dataset) {
        listing.unused.append(.init(path, "an object of class `\(name)`"))
      } else if dataset.elementType.isFloatingPoint, dataset.count > 1,
        !MatlabObjects.isEmpty(dataset)
      {
        listing.unused.append(.init(path, "an array that is no weight of a layer"))
      }
    }
    if listing.kinds.values.contains("BatchNorm2d") {
      listing.assumptions.append(
        "batch normalisation: the third weight is taken for mean and sigma (vl_nnbnorm), and sigma² "
          + "for the variance; MatConvNet's epsilon (1e-4 unless a note says another) is in it "
          + "already, so eps is 0")
    }
    return listing
  }

  /// What the layers of a kind hold, in order.
  private enum Kind {
    case convolution(String, axes: String)
    case batchNormalization

    /// The types of SimpleNN, and the classes of DagNN.
    init?(_ type: String) {
      switch type {
      // vl_nnconv: F(h, w, i, o), a cross-correlation.
      case "conv", "dagnn.Conv": self = .convolution("Conv2d", axes: "OIHW")
      // vl_nnconvt: F(h, w, o, i), the transpose of vl_nnconv.
      case "convt", "dagnn.ConvTranspose": self = .convolution("ConvTranspose2d", axes: "IOHW")
      case "bnorm", "dagnn.BatchNorm": self = .batchNormalization
      default: return nil
      }
    }
  }

  // MARK: Layers

  /// A layer of a SimpleNN: a structure with `type`, `name`, `weights` and settings.
  mutating func list(simple layer: MatlabObject, number: Int) {
    guard case .structure(let path, let group) = layer else {
      return refuse(layer.path, .malformed("it is no structure, and a layer is one"))
    }
    guard let type = objects.text(objects.field("type", of: group, at: path)) else {
      return refuse(path, .malformed("it has no text `type`"))
    }
    let name = objects.text(objects.field("name", of: group, at: path))
    var weights: [MatlabObject] = []
    do throws(WeightProblem) {
      switch objects.field("weights", of: group, at: path) {
      case .array(let place, let dataset)?:
        weights = try objects.cells(dataset, at: place, limit: 64)
      case .structure(let place, _)?:
        throw WeightProblem(source: place, .malformed("it is no cell array"))
      case nil:
        // Older files have a field for each (vl_simplenn_tidy.m).
        weights = ["filters", "biases"].compactMap { objects.field($0, of: group, at: path) }
      }
    } catch {
      listing.problems.append(error)
      return
    }
    let own: Set<String> = ["type", "name", "weights", "filters", "biases"]
    list(
      weights, type: type, name: name ?? "layer\(number)", at: path,
      notes: settings(of: group, at: path, except: own)
        + (name == nil ? ["the layer has no name in the file"] : []))
  }

  /// A layer of a DagNN: one element of the columns of `layers`.
  struct DagLayer {
    let name: MatlabObject
    let type: MatlabObject
    let params: MatlabObject
    let block: MatlabObject
    let number: Int
  }

  /// A layer of a DagNN, whose parameters go by their names.
  mutating func list(dag layer: DagLayer, _ parameters: [String: MatlabObject]) {
    guard let type = objects.text(layer.type) else {
      return refuse(layer.type.path, .malformed("it is no text, and the class of a layer is one"))
    }
    var weights: [MatlabObject] = []
    do throws(WeightProblem) {
      guard case .array(let path, let dataset) = layer.params else {
        throw WeightProblem(source: layer.params.path, .malformed("it is no cell array"))
      }
      for name in try objects.cells(dataset, at: path, limit: 64) {
        guard let value = objects.text(name).flatMap({ parameters[$0] }) else {
          throw WeightProblem(source: name.path, .malformed("it names no parameter"))
        }
        weights.append(value)
      }
    } catch {
      listing.problems.append(error)
      return
    }
    var notes: [String] = []
    if case .structure(let path, let group) = layer.block {
      notes = settings(of: group, at: path, except: [])
    }
    list(
      weights, type: type, name: objects.text(layer.name) ?? "layer\(layer.number)",
      at: layer.name.path, notes: notes)
  }

  /// The settings of a layer in words, `stride (2, 2)`: all that are a text or a few numbers.
  private mutating func settings(
    of group: Group, at path: String, except own: Set<String>
  ) -> [String] {
    var words: [String] = []
    for (name, dataset) in group.datasets where !own.contains(name.string) {
      let object = MatlabObject.array("\(path)/\(name.string)", dataset)
      if let text = objects.text(object) {
        words.append("\(name.string) \(text)")
      } else if let numbers = objects.setting(object) {
        taken.insert(dataset.objectID)
        let figures = numbers.map { number in
          Int(exactly: number).map { String($0) } ?? String(number)
        }
        words.append(
          "\(name.string) "
            + (figures.count == 1 ? figures[0] : "(\(figures.joined(separator: ", ")))"))
      }
    }
    return words
  }

  private mutating func list(
    _ weights: [MatlabObject], type: String, name: String, at path: String, notes: [String]
  ) {
    let words = notes.isEmpty ? "" : ": " + notes.joined(separator: ", ")
    guard !weights.isEmpty else {
      listing.unused.append(.init(path, "`\(name)`, a `\(type)` layer without weights\(words)"))
      return
    }
    guard let kind = Kind(type) else {
      return refuse(
        path,
        .undecided(
          "has weights, and what they are in a layer of type `\(type)` is not known",
          advice: "write a mapping file and give it with --map"))
    }
    let before = listing.tensors.count
    switch kind {
    case .convolution(let kind, let axes):
      guard weights.count <= 2 else {
        return refuse(path, .malformed("a `\(type)` layer has \(weights.count) weights"))
      }
      listing.kinds[name] = kind
      listFilters(weights[0], of: name, axes)
      if weights.count == 2 { listVector(weights[1], of: name, "bias") }
    case .batchNormalization:
      guard (2...3).contains(weights.count) else {
        return refuse(path, .malformed("a `\(type)` layer has \(weights.count) weights"))
      }
      listing.kinds[name] = "BatchNorm2d"
      listVector(weights[0], of: name, "weight")
      listVector(weights[1], of: name, "bias")
      if weights.count == 3 {
        listMoments(weights[2], of: name)
      } else {
        listing.warnings.append(
          "`\(UntrustedText(name).terminal)`, a batch normalisation, has no moments in the file: no mean "
            + "and variance")
      }
    }
    if listing.tensors.indices.contains(before) { listing.tensors[before].notes += notes }
  }

  // MARK: Tensors

  private mutating func refuse(_ source: String, _ reason: WeightReason) {
    listing.problems.append(WeightProblem(source: source, reason))
  }

  /// The dataset of a numeric value; nil for an empty one, which is no weight, and a wrong one.
  private mutating func numeric(_ object: MatlabObject) -> (path: String, dataset: Dataset)? {
    guard case .array(let path, let dataset) = object else {
      refuse(object.path, .malformed("it is a structure, and a weight is an array"))
      return nil
    }
    taken.insert(dataset.objectID)
    if MatlabObjects.isEmpty(dataset) { return nil }
    let name = MatlabObjects.matlabClass(dataset.attribute("MATLAB_class")) ?? "single"
    guard ["single", "double"].contains(name) else {
      refuse(path, .malformed("its class is `\(name)`, and a weight is single or double"))
      return nil
    }
    return (path, dataset)
  }

  /// The filters of a convolution: axes come reversed, and leading ones are lost.
  private mutating func listFilters(_ object: MatlabObject, of layer: String, _ axes: String) {
    guard let (path, dataset) = numeric(object) else { return }
    let shape = dataset.shape
    guard shape.count <= 4 else {
      return refuse(path, .malformed("it has \(shape.count) axes, and filters have 4"))
    }
    // MATLAB's (H, W, I, O) is (O, I, W, H) here, without the ones that end the former.
    let full = [Int](repeating: 1, count: 4 - shape.count) + shape
    let stored = axes.prefix(2) + "WH"
    var conversion = Conversion(
      reshape: full == shape ? nil : full, permutation: [0, 1, 3, 2],
      label: "\(full == shape ? "" : "rank 4, ")\(stored)→\(axes)")
    // A full connection is a convolution over the whole image, (C, H, W) in order.
    if axes == "OIHW", options.target?.layer(named: layer)?.kind == "Linear" {
      conversion.final = .shape([full[0], -1])
      conversion.label = "\(stored)→\(axes)→O(I·H·W)"
      listing.kinds[layer] = "Linear"
    }
    listing.tensors.append(
      WeightTensor(
        StoredWeight(dataset, at: path, of: objects.file), layer: layer, parameter: "weight",
        conversion: conversion))
  }

  /// One number for each channel, of any shape: `1 × O`, `O × 1`, `1 × 1 × O`.
  private mutating func listVector(_ object: MatlabObject, of layer: String, _ parameter: String) {
    guard let (path, dataset) = numeric(object) else { return }
    guard dataset.shape.count(where: { $0 != 1 }) <= 1 else {
      return refuse(path, .malformed("it is no row or column, and a \(parameter) here is one"))
    }
    listing.tensors.append(
      WeightTensor(
        StoredWeight(dataset, at: path, of: objects.file), layer: layer, parameter: parameter,
        conversion: Conversion(final: .shape([-1]), label: "one axis")))
  }

  /// The moments of a batch normalisation: MATLAB's (C, 2), mean and sigma, is (2, C) here.
  ///
  ///     sigma = sqrt(variance + epsilon)
  private mutating func listMoments(_ object: MatlabObject, of layer: String) {
    guard let (path, dataset) = numeric(object) else { return }
    let moments = StoredWeight(dataset, at: path, of: objects.file)
    for (parameter, row) in [
      ("running_mean", MomentRow.mean), ("running_var", MomentRow.variance),
    ] {
      guard let weight = row.of(moments) else {
        return refuse(path, .malformed("it is not C × 2, mean and sigma"))
      }
      listing.tensors.append(
        WeightTensor(weight, layer: layer, parameter: parameter, role: .buffer))
    }
  }

  /// Lists a parameter that no layer took.
  mutating func leaveOver(_ object: MatlabObject, _ reason: String) {
    guard case .array(let path, let dataset) = object, taken.insert(dataset.objectID).inserted,
      !MatlabObjects.isEmpty(dataset)
    else { return }
    listing.unused.append(.init(path, reason, isLeftOver: true))
  }
}
