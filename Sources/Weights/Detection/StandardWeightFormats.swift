extension WeightFormats {
  /// The formats of the toolkit, in the order in which they are asked.
  ///
  /// Marks in the first bytes come first, then archives, then what the groups and attributes of an
  /// HDF5 file say, then what only names suggest.
  public static let standard = WeightFormats([
    RefusedFormat.gitLFS,
    RefusedFormat.gzip,
    RefusedFormat.pickle,
    KerasArchiveWeights(),
    NpzWeights(),
    RefusedFormat.deeplearning4j,
    RefusedFormat.otherZip,
    SafetensorsWeights(),
    RefusedFormat.mxnet,
    RefusedFormat.darknet,
    RefusedFormat.caffemodel,
    RefusedFormat.onnx,
    RefusedFormat.julia,
    FixtureWeights(),
    KerasLegacyWeights(),
    KerasStateWeights(),
    CaffeWeights(),
    RefusedFormat.caffeSolver,
    MatConvNetWeights(),
    RefusedFormat.octave,
    RefusedFormat.pytables,
    NNablaWeights(),
    ChainerWeights(),
    StateDictWeights(),
  ])
}
