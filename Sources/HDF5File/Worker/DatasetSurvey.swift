// DatasetSurvey.swift

internal import CHDF5

/// What libhdf5 says about one dataset: everything but its elements.
struct DatasetSurvey {
  var fault = DatasetFault.none
  var frames: [LibraryFrame] = []
  /// Why the file is to be refused for this dataset.
  private(set) var refusal: RefusalCode?

  private var axes = 0
  private var type = TypeFields()
  private var shape: [UInt64] = []
  private var storage = StorageTag.none

  // Contiguous and compact.
  private var offset = UInt64.max
  private var storedSize: UInt64 = 0
  private var bytes: [UInt8] = []

  // Chunked.
  private var chunkShape: [UInt64] = []
  private var chunkOptions: UInt32 = 0
  private var filters: [(identifier: UInt32, values: [UInt32])] = []
  private var storedChunks: UInt64 = 0
  private var chunks = ChunkList()

  /// Asks everything about an open dataset.
  mutating func ask(_ dataset: hid_t) throws(LibraryFailure) {
    let properties = try Handle(.properties) { $0.H5Dget_create_plist(dataset) }
    let creation = properties.id
    // Before the dataspace: to ask a virtual dataset for its extent opens its sources.
    let layout = H5D_layout_t(rawValue: try Library.call { $0.H5Pget_layout(creation).rawValue })
    guard layout != H5D_VIRTUAL else {
      refusal = .virtualDataset
      return
    }
    guard try Library.call({ $0.H5Pget_external_count(creation) }) == 0 else {
      refusal = .externalStorage
      return
    }
    let typeHandle = try Handle(.type) { $0.H5Dget_type(dataset) }
    type = try TypeFields(survey: typeHandle.id)
    let space = try Handle(.space) { $0.H5Dget_space(dataset) }
    let extent = try SpaceSurvey(space.id)
    axes = extent.axes
    guard let shape = extent.shape else {
      fault = axes > WalkLimit.axes ? .tooManyAxes : .nullDataspace
      return
    }
    self.shape = shape
    guard type.hasStorage, !shape.contains(0) else { return }
    switch layout {
    // Read as they are, strings of variable length would be pointers.
    case H5D_COMPACT where type.text == 4: break
    case H5D_COMPACT: try askCompact(dataset, type: typeHandle.id)
    case H5D_CONTIGUOUS: try askContiguous(dataset)
    case H5D_CHUNKED: try askChunked(dataset, creation, space.id)
    default: break
    }
  }

  private mutating func askContiguous(_ dataset: hid_t) throws(LibraryFailure) {
    storage = .contiguous
    storedSize = try Library.call(failing: .never) { $0.H5Dget_storage_size(dataset) }
    var status = H5D_SPACE_STATUS_ERROR
    try Library.call { $0.H5Dget_space_status(dataset, &status) }
    // Where nothing is stored, libhdf5 adds the user block to the undefined address and returns
    // something that looks like one.
    guard storedSize > 0, status != H5D_SPACE_STATUS_NOT_ALLOCATED else {
      storedSize = 0
      return
    }
    offset = UInt64(
      try Library.call(failing: .exactly(CHDF5_undefinedAddress())) { $0.H5Dget_offset(dataset) })
  }

  /// The bytes of a compact dataset are in its header, and only `H5Dread` tells them.
  private mutating func askCompact(_ dataset: hid_t, type typeID: hid_t) throws(LibraryFailure) {
    storage = .compact
    storedSize = try Library.call(failing: .never) { $0.H5Dget_storage_size(dataset) }
    var expected = UInt64(type.size)
    for length in shape {
      let product = expected.multipliedReportingOverflow(by: length)
      expected = product.overflow ? .max : product.partialValue
    }
    guard expected == storedSize, storedSize <= WalkLimit.compactBytes else { return }
    bytes = [UInt8](repeating: 0, count: Int(storedSize))
    try Library.call {
      $0.H5Dread(dataset, typeID, CHDF5_all(), CHDF5_all(), CHDF5_default(), &bytes)
    }
  }

  private mutating func askChunked(
    _ dataset: hid_t, _ creation: hid_t, _ space: hid_t
  ) throws(LibraryFailure) {
    storage = .chunked
    var lengths = [hsize_t](repeating: 0, count: WalkLimit.axes)
    let rank = try Library.call { $0.H5Pget_chunk(creation, Int32(WalkLimit.axes), &lengths) }
    chunkShape = lengths.prefix(min(Int(rank), WalkLimit.axes)).map { UInt64($0) }
    try Library.call { $0.H5Pget_chunk_opts(creation, &chunkOptions) }
    try askFilters(creation)
    var count: hsize_t = 0
    try Library.call { $0.H5Dget_num_chunks(dataset, space, &count) }
    storedChunks = UInt64(count)
    try chunks.find(dataset, shape: shape, chunkShape: chunkShape, stored: storedChunks)
  }

  private mutating func askFilters(_ creation: hid_t) throws(LibraryFailure) {
    let count = try Library.call { $0.H5Pget_nfilters(creation) }
    for position in 0..<UInt32(min(Int(count), WalkLimit.filters + 1)) {
      var flags: UInt32 = 0
      var valueCount = WalkLimit.filterValues
      var values = [UInt32](repeating: 0, count: WalkLimit.filterValues)
      var configuration: UInt32 = 0
      let identifier = try Library.call {
        $0.H5Pget_filter2(
          creation, position, &flags, &valueCount, &values, 0, nil, &configuration)
      }
      filters.append(
        (UInt32(bitPattern: identifier), Array(values.prefix(valueCount))))
    }
  }

  // MARK: Telling

  /// Sends all of it.
  func tell(name: [UInt8], address: UInt64, to writer: inout RecordWriter) {
    writer.record(.dataset) { writer in
      writer.put(bytes: name)
      writer.put(address)
      writer.put(fault.rawValue)
      writer.put(frames: frames)
      writer.put(UInt8(truncatingIfNeeded: axes))
      writer.put(type: type)
      writer.put(shape: shape)
      let storage = fault == .none ? storage : .none
      writer.put(storage.rawValue)
      switch storage {
      case .none: break
      case .compact:
        writer.put(storedSize)
        writer.put(bytes: bytes)
      case .contiguous:
        writer.put(offset)
        writer.put(storedSize)
      case .chunked:
        writer.put(shape: chunkShape)
        writer.put(chunkOptions)
        writer.put(UInt8(truncatingIfNeeded: filters.count))
        for filter in filters {
          writer.put(filter.identifier)
          writer.put(UInt8(truncatingIfNeeded: filter.values.count))
          for value in filter.values { writer.put(value) }
        }
        writer.put(storedChunks)
      }
    }
    if storage == .chunked, fault == .none { chunks.tell(to: &writer) }
  }
}
