extension HDF5File {
  /// The objects to which the elements of a dataset refer, in row-major order: their `objectID`s.
  ///
  /// An element that refers to nothing is 0; one whose object is not in the catalogue is an enemy's.
  /// Throws the dataset's problem where its elements are no references to objects, or cannot be read.
  public func references(_ dataset: Dataset) throws(HDF5Error) -> [UInt64] {
    guard dataset.isReference, dataset.count > 0 else {
      throw HDF5Error(
        file: path, object: dataset.path,
        dataset.problem ?? HDF5Problem(.unsupportedType(dataset.elementType.name)))
    }
    // The address of an object's header, as bytes in the order of the file format.
    let numbers = Dataset(
      path: dataset.path, objectID: dataset.objectID, shape: dataset.shape, elementType: .uint64,
      byteOrder: .littleEndian, attributes: [], problem: nil, storage: dataset.storage)
    return try read(numbers, as: Int64.self).map { UInt64(bitPattern: $0) }
  }
}

extension Dataset {
  /// Whether its elements refer to objects of the file, and can be read as such.
  public var isReference: Bool {
    if case .none = storage { return false }
    return problem?.reason == .unsupportedType("reference")
  }
}
