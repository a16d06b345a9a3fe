// KerasArchiveWeights.swift
// Source: keras/src/saving/saving_lib.py, save_model.

import HDF5File

/// A Keras 3 model, `x.keras`: a zip of its configuration and its weights.
struct KerasArchiveWeights: WeightFormat {
  let name = "keras"

  private static let weights = "model.weights.h5"

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .zip(let archive) = file.content else { return nil }
    let member = archive.members.first {
      $0.name == Self.weights || $0.name.hasSuffix(".weights.npz")
        || $0.name.hasSuffix(".weights.json")
    }
    return member.map { .mark("the zip has the member `\($0.name)`") }
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .zip(let archive) = file.content else {
      throw WeightError(file: file.path, .wrongContainer(format: name, expected: "a zip file"))
    }
    guard let inner = try file.opening(Self.weights, of: archive) else {
      throw WeightError(
        file: file.path,
        .refused(
          what: "a Keras archive without the member `\(Self.weights)`",
          advice: "save it with the weights in one HDF5 file: model.save(\"model.keras\")"))
    }
    let text = try content("config.json", of: archive, file)
    let config = text.flatMap { KerasConfig(text: $0) }
    let metadata = try content("metadata.json", of: archive, file).flatMap { try? JSONValue($0) }
    let version = metadata?["keras_version"]?.text
    var listing = try KerasStateWeights.listing(
      of: inner, config: config, generation: "Keras \(version ?? "3")", options)
    if config == nil {
      listing.warnings.append(
        "`config.json` is missing or no configuration: classes are told from paths only")
    }
    return listing
  }

  private func content(
    _ name: String, of archive: ZipArchive, _ file: WeightFile
  ) throws(WeightError) -> [UInt8]? {
    guard let member = archive.member(name) else { return nil }
    do throws(WeightProblem) {
      return try archive.content(of: member, limit: file.reading.budgetBytes)
    } catch {
      throw WeightError(file: file.path, problems: [error])
    }
  }
}
