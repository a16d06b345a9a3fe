// ChainerWeights.swift
// Source: chainer 7.8, serializers/hdf5.py, links/connection/*.py, links/normalization/*.py.

import HDF5File

/// A Chainer link saved with `serializers.save_hdf5`: `/<link>/W`, `b`, `gamma`, `avg_mean`, ….
struct ChainerWeights: WeightFormat {
  let name = "chainer"

  /// Names of parameters and persistent values, and what they are called here.
  private static let names: [String: (parameter: String, role: WeightTensor.Role)] = [
    "W": ("weight", .parameter), "b": ("bias", .parameter), "gamma": ("weight", .parameter),
    "beta": ("bias", .parameter), "avg_mean": ("running_mean", .buffer),
    "avg_var": ("running_var", .buffer),
  ]

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let file) = file.content else { return nil }
    let paths = file.catalogue.root.allDatasets.map(\.path)
    let last = paths.compactMap { $0.split(separator: "/").last.map(String.init) }
    guard !last.isEmpty, last.allSatisfy({ $0 == "N" || Self.names.keys.contains($0) }),
      last.contains("W") || last.contains("avg_mean")
    else { return nil }
    return .likeness("every dataset is named W, b, gamma, beta, avg_mean, avg_var or N")
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content else {
      throw WeightError(file: file.path, .wrongContainer(format: name, expected: "an HDF5 file"))
    }
    var listing = WeightListing()
    list(hdf5.catalogue.root, at: "", layer: "", hdf5, options, &listing)
    if listing.tensors.contains(where: { $0.parameter == "running_mean" }) {
      listing.assumptions.append("batch normalisation: eps 2e-5 and decay 0.9, Chainer's defaults")
    }
    return listing
  }

  private func list(
    _ group: Group, at path: String, layer: String, _ file: HDF5File, _ options: WeightReadOptions,
    _ listing: inout WeightListing
  ) {
    for (link, dataset) in group.datasets {
      let stored = StoredWeight(dataset, at: "\(path)/\(link.string)", of: file)
      guard let (parameter, role) = Self.names[link.string] else {
        let why = link == "N" ? "a counter of updates" : "no name that Chainer's links have"
        listing.unused.append(.init(stored.source, why, isLeftOver: link != "N"))
        continue
      }
      var conversion = Conversion.none
      if link.string == "W" {
        do throws(WeightProblem) {
          conversion = try self.conversion(
            of: stored, bias: group.dataset("b"), layer, options, &listing)
        } catch {
          listing.problems.append(error)
          continue
        }
      }
      listing.tensors.append(
        WeightTensor(
          stored, layer: layer, parameter: parameter, role: role, conversion: conversion))
    }
    for (link, child) in group.groups {
      list(
        child, at: "\(path)/\(link.string)",
        layer: layer.isEmpty ? link.string : "\(layer).\(link.string)", file, options, &listing)
    }
  }

  /// A depthwise convolution keeps its filters as (M, C, H, W), every other link its axes as here.
  ///
  /// The length of the bias tells them apart (O = first axis of a convolution, second of a
  /// deconvolution, M·C of a depthwise one), where that is possible.
  private func conversion(
    of stored: StoredWeight, bias: Dataset?, _ layer: String, _ options: WeightReadOptions,
    _ listing: inout WeightListing
  ) throws(WeightProblem) -> Conversion {
    let shape = stored.shape
    guard shape.count == 4, stored.problem == nil else { return .none }
    let (m, c) = (shape[0], shape[1])
    let depthwise = Conversion(
      permutation: [1, 0, 2, 3], final: .shape([-1, 1, shape[2], shape[3]]),
      label: "MCHW→(C·M)1HW")
    if let expected = options.target?.layer(named: layer)?.parameters["weight"] {
      return expected == shape ? .none : expected == [c * m, 1] + shape[2...] ? depthwise : .none
    }
    guard let bias, bias.shape.count == 1 else {
      listing.assumptions.append("`\(layer)` is a convolution or deconvolution, not depthwise")
      return .none
    }
    switch bias.shape[0] {
    case c * m where m != 1 && c != 1: return depthwise
    case c where m == 1 && c != 1:
      throw WeightProblem(
        source: stored.source,
        .undecided(
          "of shape (1, \(c), …) could be a deconvolution or a depthwise convolution",
          advice: "name a network: cnn-verify check FIXTURE --weights FILE"))
    default: return .none
    }
  }
}
