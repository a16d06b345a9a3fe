// NNablaWeights.swift
// Source: nnabla, python/src/nnabla/parameter.py (save_parameters) and parametric_functions.py; read
// there, not checked against a run.

import HDF5File

/// Parameters saved by nnabla: a path for each, `conv1/conv/W`, with the attributes `need_grad`
/// and `index`.
struct NNablaWeights: WeightFormat {
  let name = "nnabla"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let file) = file.content else { return nil }
    let datasets = file.catalogue.root.allDatasets.map(\.dataset)
    guard !datasets.isEmpty,
      datasets.allSatisfy({ $0.attribute("need_grad") != nil && $0.attribute("index") != nil })
    else { return nil }
    return .mark("every dataset has the attributes `need_grad` and `index`")
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content else {
      throw WeightError(file: file.path, .wrongContainer(format: name, expected: "an HDF5 file"))
    }
    let datasets = hdf5.catalogue.root.allDatasets.sorted {
      Self.index($0.dataset) < Self.index($1.dataset)
    }
    var listing = WeightListing()
    let single = Self.scopesOfOneFunction(datasets.map(\.path))
    for (path, dataset) in datasets {
      let stored = StoredWeight(dataset, at: path, of: hdf5)
      let components = path.split(separator: "/").map(String.init)
      let function = components.dropLast().last ?? ""
      let (parameter, role) = Self.parameter(components.last ?? "")
      let scope = Array(components.dropLast(2))
      let isNamed = Self.functions.contains(function) && single.contains(scope)
      listing.tensors.append(
        WeightTensor(
          stored, layer: (isNamed ? scope : scope + [function]).joined(separator: "."),
          parameter: parameter, role: role,
          conversion: Self.conversion(parameter, function, dataset.shape),
          notes: isNamed ? ["function `\(function)` left out"] : []))
    }
    if listing.tensors.contains(where: { $0.parameter == "running_mean" }) {
      listing.assumptions.append("batch normalisation: eps 1e-5 and decay 0.9, nnabla's defaults")
    }
    return listing
  }

  /// What parametric functions append to the scope that a user names.
  private static let functions: Set<String> = [
    "conv", "deconv", "depthwise_conv", "depthwise_deconv", "affine", "bn", "embed", "prelu",
    "layer_norm", "group_norm", "instance_norm",
  ]

  /// The scopes below which there is one function only, so that the scope alone names the layer.
  private static func scopesOfOneFunction(_ paths: [String]) -> Set<[String]> {
    var functions: [[String]: Set<String>] = [:]
    for path in paths {
      let components = path.split(separator: "/").map(String.init)
      guard components.count > 2 else { continue }
      functions[Array(components.dropLast(2)), default: []].insert(
        components[components.count - 2])
    }
    return Set(functions.filter { $0.value.count == 1 }.keys)
  }

  private static func index(_ dataset: Dataset) -> Int {
    guard case .integers(let values, _)? = dataset.attribute("index") else { return .max }
    return values.first ?? .max
  }

  private static func parameter(_ name: String) -> (String, WeightTensor.Role) {
    switch name {
    case "W": ("weight", .parameter)
    case "b": ("bias", .parameter)
    case "gamma": ("weight", .parameter)
    case "beta": ("bias", .parameter)
    case "mean": ("running_mean", .buffer)
    case "var": ("running_var", .buffer)
    default: (name, .parameter)
    }
  }

  private static func conversion(_ parameter: String, _ function: String, _ shape: [Int])
    -> Conversion
  {
    if function == "affine", parameter == "weight", shape.count == 2 {
      return Conversion(from: "IO", to: "OI")
    }
    if function == "depthwise_conv", parameter == "weight", shape.count == 3 {
      return Conversion(reshape: [shape[0], 1, shape[1], shape[2]], label: "(C·M)HW→(C·M)1HW")
    }
    // Statistics of batch normalisation keep the axes of the image: (1, C, 1, 1).
    if function == "bn", shape.count > 1 {
      return Conversion(reshape: [-1], label: "\(shape.map(String.init).joined(separator: "×"))→C")
    }
    return .none
  }
}
