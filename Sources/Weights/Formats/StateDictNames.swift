/// The names of a PyTorch `state_dict` taken apart: everything before the last component is the
/// layer, and what wrappers put before every name is removed.
struct StateDictNames {
  /// A name in its two parts.
  struct Name {
    let layer: String
    let parameter: String
  }

  /// What was removed from the beginning of every name: `module.`, or nothing.
  let prefix: String

  /// Tensors of state, not trained.
  static let buffers: Set<String> = [
    "running_mean", "running_var", "num_batches_tracked", "running_std", "position_ids",
  ]

  /// Prefixes that `DataParallel` and `torch.compile` put before every name.
  private static let wrappers = ["module.", "_orig_mod."]

  /// Names of tensors from which a forward pass computes the weight that it uses.
  private static let parametrised: [String: String] = [
    "weight_g": "weight norm", "weight_v": "weight norm", "weight_u": "spectral norm",
    "weight_orig": "a pruned or normalised weight", "weight_mask": "a pruned weight",
    "bias_orig": "a pruned bias", "bias_mask": "a pruned bias",
  ]

  /// Looks for a prefix that all names share.
  init(_ sources: [String]) {
    let names = sources.map(Self.dotted)
    prefix =
      Self.wrappers.first { wrapper in
        !names.isEmpty && names.allSatisfy { $0.utf8.starts(with: wrapper.utf8) }
      } ?? ""
  }

  /// A source's layer and parameter; `/` separates like a dot.
  func name(of source: String) -> Name {
    let dotted = String(
      decoding: Self.dotted(source).utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    guard let dot = dotted.utf8.lastIndex(of: UInt8(ascii: ".")) else {
      return Name(layer: "", parameter: dotted)
    }
    return Name(
      layer: String(dotted[..<dot]), parameter: String(dotted[dotted.utf8.index(after: dot)...]))
  }

  /// The tensor under its name, or the reason why it is none by itself.
  func tensor(_ stored: StoredWeight) -> Result<WeightTensor, WeightProblem> {
    let name = name(of: stored.source)
    if let what = Self.parametrisation(stored.source, name.parameter) {
      return .failure(WeightProblem(source: stored.source, .parametrised(what)))
    }
    return .success(
      WeightTensor(
        stored, layer: name.layer, parameter: name.parameter,
        role: Self.buffers.contains(name.parameter) ? .buffer : .parameter,
        notes: prefix.isEmpty ? [] : ["prefix `\(prefix)` removed"]))
  }

  /// A listing of tensors that have such names, in the order given.
  static func listing(_ stored: [StoredWeight], generation: String? = nil) -> WeightListing {
    let names = StateDictNames(stored.map(\.source))
    var listing = WeightListing(generation: generation)
    for weight in stored {
      switch names.tensor(weight) {
      case .success(let tensor): listing.tensors.append(tensor)
      case .failure(let problem): listing.problems.append(problem)
      }
    }
    if listing.tensors.contains(where: { $0.parameter == "running_mean" }) {
      listing.assumptions.append(
        "batch normalisation: eps 1e-5 and momentum 0.1, the defaults of torch.nn")
    }
    return listing
  }

  private static func parametrisation(_ source: String, _ parameter: String) -> String? {
    if dotted(source).contains("parametrizations.") { return "a parametrisation" }
    return parametrised[parameter]
  }

  private static func dotted(_ source: String) -> String {
    let bytes = source.utf8.drop { $0 == UInt8(ascii: "/") }
    return String(
      decoding: bytes.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
  }
}
