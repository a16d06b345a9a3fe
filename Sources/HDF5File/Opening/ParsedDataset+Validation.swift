// ParsedDataset+Validation.swift
// Nothing that the confined process said is believed before it agrees with the shape, the type and
// the size of the file.

import Text

/// What storage is checked against.
struct StorageBounds {
  let fileSize: Int
  let budget: Int
}

extension ParsedDataset {
  /// The dataset, with its bytes' places checked, or with the reason why it cannot be read.
  func validated(_ bounds: StorageBounds) -> Dataset {
    var type = ElementType.other("unknown")
    var order = ByteOrder.littleEndian
    do throws(HDF5Problem) {
      try judgeFault()
      if self.type.isOpaquePair, isNamedBfloat16 {
        type = .bfloat16
      } else {
        (type, order) = try self.type.elementType().get()
        type = try logicalType(over: type)
      }
      let lengths = try self.lengths()
      let bytes = try Self.product(lengths, times: type.byteCount ?? 0)
      let storage =
        lengths.contains(0)
        ? Storage.none
        : try storage.validated(bytes: bytes, lengths, type.byteCount ?? 1, bounds)
      guard bytes <= bounds.budget else {
        throw HDF5Problem(.datasetBudget(declared: bytes, budget: bounds.budget))
      }
      return dataset(type, order, nil, storage)
    } catch {
      return text(bounds) ?? dataset(type, order, error, referenceStorage(bounds))
    }
  }

  /// The storage of references to objects, which are no numbers and are read by a door of their own.
  private func referenceStorage(_ bounds: StorageBounds) -> Storage {
    guard fault == .none, type.isObjectReference else { return .none }
    do throws(HDF5Problem) {
      let lengths = try self.lengths()
      let bytes = try Self.product(lengths, times: TypeFields.referenceSize)
      guard bytes > 0, bytes <= bounds.budget else { return .none }
      return try storage.validated(bytes: bytes, lengths, TypeFields.referenceSize, bounds)
    } catch {
      return .none
    }
  }

  /// A dataset of strings, which cannot be read as numbers; nil where there is none to be found.
  private func text(_ bounds: StorageBounds) -> Dataset? {
    guard fault == .none, let text = type.textForm else { return nil }
    do throws(HDF5Problem) {
      let lengths = try self.lengths()
      let bytes = try Self.product(lengths, times: text.width)
      let storage =
        lengths.contains(0)
        ? Storage.none : try storage.validated(bytes: bytes, lengths, text.width, bounds)
      guard bytes <= bounds.budget else { return nil }
      let problem = HDF5Problem(.unsupportedType(TypeFields.className(type.typeClass)))
      return dataset(.other("string"), .littleEndian, problem, storage, text)
    } catch {
      return nil
    }
  }

  private func dataset(
    _ type: ElementType, _ order: ByteOrder, _ problem: HDF5Problem?, _ storage: Storage,
    _ text: TextForm? = nil
  ) -> Dataset {
    Dataset(
      path: path, objectID: objectID, shape: shape.map { Int(clamping: $0) }, elementType: type,
      byteOrder: order, attributes: attributes, problem: problem, storage: storage,
      text: text)
  }

  private func judgeFault() throws(HDF5Problem) {
    switch fault {
    case .none: return
    case .committedDatatype: throw HDF5Problem(.committedDatatype)
    case .tooManyAxes: throw HDF5Problem(.tooManyAxes(axes))
    case .nullDataspace: throw HDF5Problem(.nullDataspace)
    case .library:
      let tooNew = frames.contains {
        $0.description == "bad version number for layout message"
      }
      throw HDF5Problem(tooNew ? .layoutTooNew : .library(.describe), frames: frames)
    }
  }

  /// Whether the attribute `dtype`, which Keras 3 writes, says bfloat16: of no other type does
  /// anybody write it, so other words in it are none of ours.
  private var isNamedBfloat16: Bool {
    let value = attributes.first(where: { $0.name == "dtype" })?.value
    guard case .strings(let names, _)? = value, names.count == 1, let name = names.first else {
      return false
    }
    return name == "bfloat16"
  }

  /// bfloat16 has no type of its own in HDF5: it is `uint16` with the attribute `logical_dtype`, or
  /// with Keras' attribute `dtype`.
  private func logicalType(over type: ElementType) throws(HDF5Problem) -> ElementType {
    guard let value = attributes.first(where: { $0.name == "logical_dtype" })?.value else {
      return type == .uint16 && isNamedBfloat16 ? .bfloat16 : type
    }
    guard case .strings(let names, _) = value, names.count == 1, let name = names.first else {
      throw HDF5Problem(.unknownLogicalType(UntrustedText("(not one string)")))
    }
    if name == "bfloat16", type == .uint16 { return .bfloat16 }
    guard name == type.name else { throw HDF5Problem(.unknownLogicalType(name)) }
    return type
  }

  private func lengths() throws(HDF5Problem) -> [Int] {
    var lengths: [Int] = []
    for length in shape {
      guard let length = Int(exactly: length) else { throw HDF5Problem(.sizeOverflow) }
      lengths.append(length)
    }
    return lengths
  }

  /// A product that must fit 63 bits, also where a later factor is zero.
  static func product(_ lengths: [Int], times size: Int) throws(HDF5Problem) -> Int {
    var product = size
    for length in lengths where length != 0 {
      let next = product.multipliedReportingOverflow(by: length)
      guard !next.overflow else { throw HDF5Problem(.sizeOverflow) }
      product = next.partialValue
    }
    return lengths.contains(0) ? 0 : product
  }
}

extension ParsedStorage {
  /// The storage of `bytes` bytes, or why it cannot hold them.
  fileprivate func validated(
    bytes: Int, _ shape: [Int], _ elementSize: Int, _ bounds: StorageBounds
  ) throws(HDF5Problem) -> Storage {
    switch self {
    case .none: throw HDF5Problem(.neverWritten)
    case .compact(let storedSize, let content):
      guard storedSize > 0 else { throw HDF5Problem(.neverWritten) }
      guard storedSize == bytes, content.count == bytes else {
        throw HDF5Problem(.storageSize(stored: storedSize, expected: bytes))
      }
      return .compact(content)
    case .contiguous(let offset, let storedSize):
      guard storedSize > 0 else { throw HDF5Problem(.neverWritten) }
      guard storedSize == bytes else {
        throw HDF5Problem(.storageSize(stored: storedSize, expected: bytes))
      }
      return .contiguous(offset: try bounds.place(offset, storedSize).offset)
    case .chunked(let chunks):
      return .chunked(try chunks.validated(shape, elementSize, bounds))
    }
  }
}

extension StorageBounds {
  /// Bytes that are inside the file.
  func place(_ offset: UInt64, _ size: UInt64) throws(HDF5Problem) -> (offset: Int, size: Int) {
    let end = offset.addingReportingOverflow(size)
    guard !end.overflow, end.partialValue <= fileSize else {
      throw HDF5Problem(.outsideFile(offset: offset, size: size, fileSize: fileSize))
    }
    return (Int(offset), Int(size))
  }
}
