// ElementType+Fields.swift

extension TypeFields {
  /// The element type that these fields are, or why there is none.
  func elementType() -> Result<(ElementType, ByteOrder), HDF5Problem> {
    switch typeClass {
    case 0: integer()
    case 1: float()
    case 8 where isBoolean == 1 && size == 1: .success((.boolean, .littleEndian))
    default: .failure(HDF5Problem(.unsupportedType(Self.className(typeClass))))
    }
  }

  /// How strings are stored; nil for other types.
  var textForm: TextForm? {
    guard isText, text == 4 || size > 0 else { return nil }
    let padding: TextForm.Padding =
      switch text {
      case 1: .nullTerminated
      case 2: .nulls
      case 3: .spaces
      default: .variable
      }
    return TextForm(width: text == 4 ? TextForm.reference : Int(size), padding: padding)
  }

  /// H5T_class_t in words, and what may stand in its place.
  static func className(_ typeClass: UInt8) -> String {
    if typeClass == noDataspace { return "null" }
    if typeClass == tooManyAxes { return "more than 8 axes" }
    let names = [
      "integer", "floating point", "time", "string", "bit field", "opaque", "compound",
      "reference", "enumeration", "variable length", "array",
    ]
    return Int(typeClass) < names.count ? names[Int(typeClass)] : "class \(typeClass)"
  }

  private var byteOrder: ByteOrder? {
    switch order {
    case 0: .littleEndian
    case 1: .bigEndian
    default: nil
    }
  }

  private func integer() -> Result<(ElementType, ByteOrder), HDF5Problem> {
    let unusual = HDF5Problem(
      .unsupportedType("integer of \(precision) bits in \(size) bytes, order \(order)"))
    guard let byteOrder, offset == 0,
      precision == size.multipliedReportingOverflow(by: 8).partialValue,
      sign <= 1
    else { return .failure(unusual) }
    let type: ElementType? =
      switch (size, sign) {
      case (1, 0): .uint8
      case (2, 0): .uint16
      case (4, 0): .uint32
      case (8, 0): .uint64
      case (1, 1): .int8
      case (2, 1): .int16
      case (4, 1): .int32
      case (8, 1): .int64
      default: nil
      }
    return type.map { .success(($0, byteOrder)) } ?? .failure(unusual)
  }

  /// Every bit field must be that of IEEE 754 or of bfloat16, its upper half; libhdf5 would convert
  /// anything else silently.
  private func float() -> Result<(ElementType, ByteOrder), HDF5Problem> {
    let formats: [(ElementType, bits: UInt32, exponent: UInt32, bias: UInt64)] = [
      (.float16, 16, 5, 15), (.bfloat16, 16, 8, 127), (.float32, 32, 8, 127),
      (.float64, 64, 11, 1023),
    ]
    for (type, bits, exponent, bias) in formats {
      let mantissa = bits - exponent - 1
      var expected = TypeFields()
      expected.typeClass = 1
      expected.size = bits / 8
      expected.order = order
      expected.precision = bits
      expected.signPosition = bits - 1
      expected.exponentPosition = mantissa
      expected.exponentSize = exponent
      expected.mantissaSize = mantissa
      expected.exponentBias = bias
      if self == expected, let byteOrder { return .success((type, byteOrder)) }
    }
    let orders = ["little-endian", "big-endian", "VAX order", "mixed order", "no order"]
    let orderName = Int(order) < orders.count ? orders[Int(order)] : "order \(order)"
    return .failure(
      HDF5Problem(
        .unusualFloat(
          "\(precision) bits, exponent \(exponentSize), mantissa \(mantissaSize), "
            + "bias \(exponentBias), \(orderName)")))
  }
}
