import HDF5File

/// A PyTorch `state_dict` written with h5py: dotted names in the root, or groups in their place.
///
/// Axes are those of PyTorch already. Nothing in the file says the kind of a layer; a network does.
struct StateDictWeights: WeightFormat {
  let name = "pytorch-h5"

  /// Names that the tensors of torch.nn have.
  private static let known: Set<String> = [
    "weight", "bias", "running_mean", "running_var", "num_batches_tracked", "alpha",
    "in_proj_weight", "in_proj_bias", "q_proj_weight", "k_proj_weight", "v_proj_weight", "bias_k",
    "bias_v", "weight_g", "weight_v", "weight_u", "weight_orig", "weight_mask", "bias_orig",
    "bias_mask", "original0", "original1", "original",
  ]

  func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
    guard case .hdf5(let hdf5) = file.content else { return nil }
    let sources = hdf5.catalogue.root.allDatasets.map(\.path)
    let names = StateDictNames(sources)
    guard !sources.isEmpty else { return nil }
    for source in sources where !Self.isKnown(names.name(of: source).parameter) { return nil }
    return .likeness("every dataset is named as torch.nn names its tensors")
  }

  /// Recurrent layers number theirs: `weight_ih_l0`.
  private static func isKnown(_ name: String) -> Bool {
    known.contains(name)
      || ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"].contains {
        name.utf8.starts(with: $0.utf8)
      }
  }

  func listing(
    of file: WeightFile, options: WeightReadOptions
  ) throws(WeightError) -> WeightListing {
    guard case .hdf5(let hdf5) = file.content else {
      throw WeightError(file: file.path, .wrongContainer(format: name, expected: "an HDF5 file"))
    }
    return StateDictNames.listing(hdf5.storedWeights)
  }
}

extension HDF5File {
  /// All datasets as they stand, by the paths of their links.
  var storedWeights: [StoredWeight] {
    catalogue.root.allDatasets.map { StoredWeight($0.dataset, at: $0.path, of: self) }
  }
}
