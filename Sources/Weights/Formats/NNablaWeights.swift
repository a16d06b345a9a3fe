// NNablaWeights.swift
// Source: nnabla, python/src/nnabla/parameter.py (save_parameters) and parametric_functions.py. The
// transposed weight of an affine function is general knowledge, not checked against a run.

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
    for (path, dataset) in datasets {
      let stored = StoredWeight(dataset, at: path, of: hdf5)
      let components = path.split(separator: "/").map(String.init)
      let function = components.dropLast().last ?? ""
      let (parameter, role) = Self.parameter(components.last ?? "")
      listing.tensors.append(
        WeightTensor(
          stored, layer: components.dropLast().joined(separator: "."), parameter: parameter,
          role: role, conversion: Self.conversion(parameter, function, dataset.shape)))
    }
    if listing.tensors.contains(where: { $0.parameter == "running_mean" }) {
      listing.assumptions.append("batch normalisation: eps 1e-5 and decay 0.9, nnabla's defaults")
    }
    return listing
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
