import HDF5File
import Tensors
import Text

/// The parameters and buffers of our own fixtures, also of files that `weights --convert` wrote.
struct FixtureWeights: WeightFormat {
  let name = "cnn-fixture"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let file) = file.content,
      case .strings(let words, _)? = file.catalogue.root.attribute("format"),
      words.count == 1, words[0] == "cnn-fixture"
    else { return nil }
    return .mark("the root has the attribute `format` = `cnn-fixture`")
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content else {
      throw WeightError(file: file.path, .wrongContainer(format: name, expected: "an HDF5 file"))
    }
    var listing = WeightListing()
    let root = hdf5.catalogue.root
    add(root.group("layers"), at: "/layers", prefix: "", of: hdf5, to: &listing)
    for (name, group) in root.group("cases")?.groups ?? [] {
      add(
        group.group("layers"), at: "/cases/\(name.string)/layers", prefix: "\(name.string).",
        of: hdf5, to: &listing)
    }
    return listing
  }

  private func add(
    _ layers: Group?, at path: String, prefix: String, of file: HDF5File,
    to listing: inout WeightListing
  ) {
    for (name, layer) in layers?.groups ?? [] {
      let kind = layer.attribute("type").flatMap(Self.word)
      listing.kinds[prefix + name.string] = kind
      for (folder, role) in [("parameters", WeightTensor.Role.parameter), ("buffers", .buffer)] {
        for (tensor, dataset) in layer.group(folder)?.datasets ?? [] {
          let source = "\(path)/\(name.string)/\(folder)/\(tensor.string)"
          let stored = StoredWeight(dataset, at: source, of: file)
          do throws(WeightProblem) {
            let conversion = try Self.conversion(of: dataset, kind: kind ?? "", source)
            listing.tensors.append(
              WeightTensor(
                stored, layer: prefix + name.string, parameter: tensor.string, role: role,
                conversion: conversion))
          } catch {
            listing.problems.append(error)
          }
        }
      }
    }
  }

  /// A dataset in another order than the canonical one says so itself.
  private static func conversion(
    of dataset: Dataset, kind: String, _ source: String
  ) throws(WeightProblem) -> Conversion {
    guard let letters = dataset.attribute("axes").flatMap(word) else { return .none }
    let base = kind.split(separator: ".").last ?? ""
    let role: Axes.Role =
      base.hasPrefix("ConvTranspose")
      ? .weight(isTransposed: true)
      : base.hasPrefix("Conv") || base == "Linear" ? .weight(isTransposed: false) : .parameter
    let isVector = dataset.shape.count == 1
    do throws(AxesProblem) {
      let axes = try Axes(letters, rank: dataset.shape.count, role: isVector ? .parameter : role)
      guard !axes.isCanonical else { return .none }
      return Conversion(permutation: axes.order, label: "from \(letters)")
    } catch {
      throw WeightProblem(source: source, .attribute("axes", expected: "one letter for each axis"))
    }
  }

  private static func word(_ value: AttributeValue) -> String? {
    guard case .strings(let words, _) = value, words.count == 1 else { return nil }
    return words[0].validated
  }
}
