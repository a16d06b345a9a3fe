// CaffeWeights.swift
// Source: BVLC Caffe, src/caffe/net.cpp (Net::ToHDF5) and src/caffe/layers/*.cpp. Checked against
// real networks: convolution and inner product; read in the source only: the rest.

import HDF5File

/// A Caffe network saved as HDF5: `/data/<layer>/<0, 1, …>`, axes as here.
///
/// Nothing in the file says the kind of a layer. Three blobs the last of which is one number are
/// those of a batch normalisation; one blob of rank 1, or two of one shape, scale; the others are a
/// weight and a bias. A network that is named says which kind it is.
struct CaffeWeights: WeightFormat {
  let name = "caffe"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let file) = file.content, let data = file.catalogue.root.group("data")
    else { return nil }
    let datasets = data.allDatasets
    guard !datasets.isEmpty, data.datasets.isEmpty,
      datasets.allSatisfy({ Self.index($0.path) != nil })
    else { return nil }
    return .likeness("`/data` holds groups of datasets that are named by numbers")
  }

  /// The number that a blob has as its name.
  private static func index(_ path: String) -> Int? {
    guard let last = path.split(separator: "/").last,
      last.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(last)
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content, let data = hdf5.catalogue.root.group("data") else {
      throw WeightError(
        file: file.path, .wrongContainer(format: name, expected: "an HDF5 file with `/data`"))
    }
    var listing = WeightListing()
    listLayers(data, at: "/data", name: "", hdf5, options, &listing)
    for (path, _) in hdf5.catalogue.root.allDatasets where !path.utf8.starts(with: "/data/".utf8) {
      let isGradient = path.utf8.starts(with: "/diff/".utf8)
      listing.unused.append(
        .init(
          path, isGradient ? "a gradient" : "not below `/data`", isLeftOver: !isGradient))
    }
    if listing.kinds.values.contains("BatchNorm2d") {
      listing.assumptions.append("batch normalisation: eps 1e-5, without weight and bias")
    }
    return listing
  }

  /// A layer's name may hold slashes, so a group may be a layer and hold others.
  private func listLayers(
    _ group: Group, at path: String, name: String, _ file: HDF5File, _ options: WeightReadOptions,
    _ listing: inout WeightListing
  ) {
    var blobs: [(index: Int, weight: StoredWeight)] = []
    for (link, dataset) in group.datasets {
      let source = "\(path)/\(link.string)"
      guard let index = Self.index(source) else {
        listing.unused.append(.init(source, "its name is no number", isLeftOver: true))
        continue
      }
      blobs.append((index, StoredWeight(dataset, at: source, of: file)))
    }
    blobs.sort { $0.index < $1.index }
    if !blobs.isEmpty { list(blobs, of: name, options, &listing) }
    for (link, child) in group.groups {
      listLayers(
        child, at: "\(path)/\(link.string)",
        name: name.isEmpty ? link.string : "\(name)/\(link.string)",
        file, options, &listing)
    }
  }

  // MARK: Blobs

  private func list(
    _ blobs: [(index: Int, weight: StoredWeight)], of layer: String, _ options: WeightReadOptions,
    _ listing: inout WeightListing
  ) {
    guard blobs.map(\.index) == Array(0..<blobs.count) else {
      listing.problems.append(
        WeightProblem(
          source: blobs[0].weight.source, .malformed("the blobs of its layer do not count from 0")))
      return
    }
    let weights = blobs.map(\.weight)
    let shapes = weights.map(\.shape)
    let kind = options.target?.layer(named: layer)?.kind
    if shapes.count == 3, shapes[2] == [1], shapes[0] == shapes[1] {
      listStatistics(weights, of: layer, &listing)
      return
    }
    guard shapes.count <= 2 else {
      listing.problems.append(
        WeightProblem(
          source: weights[2].source,
          .undecided(
            "is a third blob of a layer that is no batch normalisation",
            advice: "write a mapping file (--write-map) and give it with --map")))
      return
    }
    let isTransposed = kind == "Linear" && isTransposed(shapes[0], layer, options)
    for (blob, parameter) in zip(weights, ["weight", "bias"]) {
      var conversion = Conversion.none
      if parameter == "weight", isTransposed { conversion = Conversion(from: "IO", to: "OI") }
      if parameter == "bias", blob.shape.count > 1, shapes[0].count > 1 {
        // Blobs before 2014 had four axes, always: 1 × 1 × 1 × O. General knowledge, not checked.
        conversion = Conversion(final: .shape([-1]), label: "1×1×1×O→O")
      }
      listing.tensors.append(
        WeightTensor(blob, layer: layer, parameter: parameter, conversion: conversion))
    }
  }

  /// `transpose: true` of an inner product: only a network tells, by two extents that differ.
  private func isTransposed(_ shape: [Int], _ layer: String, _ options: WeightReadOptions) -> Bool {
    guard let expected = options.target?.layer(named: layer)?.parameters["weight"],
      shape.count == 2, shape[0] != shape[1]
    else { return false }
    return shape.reversed() == expected
  }

  /// Mean and variance are sums until they are divided by the third blob (batch_norm_layer.cpp).
  ///
  ///     scale_factor = blobs[2] == 0 ? 0 : 1 / blobs[2]
  private func listStatistics(
    _ blobs: [StoredWeight], of layer: String, _ listing: inout WeightListing
  ) {
    let factor: Double
    do throws(WeightProblem) {
      factor = try blobs[2].values().doubles.first ?? 0
    } catch {
      listing.problems.append(error)
      return
    }
    let scale = factor == 0 ? 0 : 1 / factor
    for (blob, parameter) in zip(blobs, ["running_mean", "running_var"]) {
      listing.tensors.append(
        WeightTensor(
          blob, layer: layer, parameter: parameter, role: .buffer,
          conversion: Conversion(
            scale: scale == 1 ? nil : scale, label: factor == 1 ? nil : "÷ \(factor)")))
    }
    listing.kinds[layer] = "BatchNorm2d"
    listing.unused.append(
      .init(blobs[2].source, "the factor by which mean and variance are divided"))
  }
}
