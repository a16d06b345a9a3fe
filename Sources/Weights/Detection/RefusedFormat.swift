import HDF5File

/// A format that is recognised in order to be refused by name, with what to do instead.
struct RefusedFormat: WeightFormat {
  let name: String
  /// What the file is, in words.
  let what: String
  /// What to do instead.
  let advice: String
  /// What in the content shows it, if it does.
  let mark: @Sendable (WeightFile) -> String?

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    mark(file).map { .mark($0) }
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    throw WeightError(file: file.path, .refused(what: what, advice: advice))
  }
}

extension RefusedFormat {
  static let gitLFS = RefusedFormat(
    name: "git-lfs", what: "a Git LFS pointer, not the data", advice: "fetch it with `git lfs pull`"
  ) { file in
    file.prefix.starts(with: "version https://git-lfs".utf8)
      ? "it begins with `version https://git-lfs`" : nil
  }

  static let gzip = RefusedFormat(
    name: "gzip", what: "compressed with gzip as a whole", advice: "unpack it with `gunzip`"
  ) { file in
    file.prefix.starts(with: [0x1F, 0x8B]) ? "it begins with 1f 8b" : nil
  }

  /// A pickle is a program: it is never run.
  static let pickle = RefusedFormat(
    name: "pickle", what: "a PyTorch pickle",
    advice: """
      save it as safetensors or HDF5 first:
          weights = torch.load("model.pt", map_location="cpu", weights_only=True)
          safetensors.torch.save_file({k: v.clone() for k, v in weights.items()}, "model.safetensors")
      """
  ) { file in
    if case .zip(let archive) = file.content {
      let pickle = archive.members.first { $0.name.hasSuffix("/data.pkl") }
      return pickle.map { "the zip has the member `\($0.name)`" }
    }
    // PROTO (80), the version, and the legacy torch format's magic number or an opcode.
    let isPickle =
      file.prefix.count > 2 && file.prefix[0] == 0x80
      && (2...5).contains(file.prefix[1])
    return isPickle ? "it begins as a pickle" : nil
  }

  static let deeplearning4j = RefusedFormat(
    name: "dl4j", what: "a Deeplearning4j model", advice: "write its parameters as .npz or HDF5"
  ) { file in
    guard case .zip(let archive) = file.content, archive.member("coefficients.bin") != nil else {
      return nil
    }
    return "the zip has the member `coefficients.bin`"
  }

  static let otherZip = RefusedFormat(
    name: "zip", what: "a zip file of no kind that is known",
    advice: "unpack it, or save the weights as .npz, .safetensors or HDF5"
  ) { file in
    if case .zip = file.content { "it is a zip file" } else { nil }
  }

  static let caffeSolver = RefusedFormat(
    name: "caffe-solverstate", what: "a Caffe solver state, which holds no weights",
    advice: "name the .caffemodel.h5 file that was saved beside it"
  ) { file in
    guard case .hdf5(let file) = file.content else { return nil }
    let root = file.catalogue.root
    let isState =
      root.group("history") != nil && root.dataset("iter") != nil
      && root.dataset("current_step") != nil
    return isState ? "it has `/history`, `/iter` and `/current_step`" : nil
  }

  static let octave = RefusedFormat(
    name: "octave", what: "an Octave file, whose variables have names of their own",
    advice: "write a mapping file with `reverse_axes` and give it with --map"
  ) { file in
    guard case .hdf5(let file) = file.content else { return nil }
    let root = file.catalogue.root
    let names = root.groups.map(\.group.attributes) + root.datasets.map(\.dataset.attributes)
    let isOctave = names.contains { $0.contains { $0.name == "OCTAVE_NEW_FORMAT" } }
    return isOctave ? "objects have the attribute `OCTAVE_NEW_FORMAT`" : nil
  }

  static let pytables = RefusedFormat(
    name: "pytables", what: "a PyTables or pandas table, which holds no weights",
    advice: "save the arrays themselves with h5py"
  ) { file in
    guard case .hdf5(let file) = file.content else { return nil }
    let root = file.catalogue.root
    if root.attribute("PYTABLES_FORMAT_VERSION") != nil {
      return "the root has the attribute `PYTABLES_FORMAT_VERSION`"
    }
    let datasets = root.allDatasets.map(\.dataset)
    let isCompound = !datasets.isEmpty && datasets.allSatisfy(\.isCompound)
    return isCompound ? "its datasets have compound elements only" : nil
  }

  static let julia = RefusedFormat(
    name: "jld2", what: "a Julia JLD file", advice: "save the arrays with HDF5.jl, and map them"
  ) { file in
    guard case .hdf5 = file.content else { return nil }
    // JLD2.jl, src/file_header.jl; the second is that of JLD.jl and of the first JLD2.
    let headers = ["HDF5-based Julia Data Format, version ", "Julia data file (HDF5), version "]
    return headers.first { file.prefix.starts(with: $0.utf8) }.map { "it begins with `\($0)`" }
  }
}
