// TypeSurvey.swift

internal import CHDF5

extension TypeFields {
  /// Asks libhdf5 for every bit field of a type.
  init(survey type: hid_t) throws(LibraryFailure) {
    let typeClass = try Library.call { $0.H5Tget_class(type).rawValue }
    self.typeClass = UInt8(truncatingIfNeeded: typeClass)
    size = UInt32(
      truncatingIfNeeded: try Library.call(failing: .exactly(0)) { $0.H5Tget_size(type) })
    switch H5T_class_t(typeClass) {
    case H5T_INTEGER: try surveyInteger(type)
    case H5T_FLOAT:
      try surveyBits(type)
      try surveyFloat(type)
    case H5T_ENUM:
      isBoolean = try Self.isBoolean(type) ? 1 : 0
      let base = try Handle(.type) { $0.H5Tget_super(type) }
      try surveyInteger(base.id)
    case H5T_STRING: try surveyText(type)
    default: break
    }
  }

  private mutating func surveyInteger(_ type: hid_t) throws(LibraryFailure) {
    try surveyBits(type)
    let sign = try Library.call { $0.H5Tget_sign(type).rawValue }
    self.sign = UInt8(truncatingIfNeeded: sign)
  }

  private mutating func surveyBits(_ type: hid_t) throws(LibraryFailure) {
    let order = try Library.call { $0.H5Tget_order(type).rawValue }
    self.order = UInt8(truncatingIfNeeded: order)
    precision = UInt32(
      truncatingIfNeeded: try Library.call(failing: .exactly(0)) { $0.H5Tget_precision(type) })
    offset = UInt32(truncatingIfNeeded: try Library.call { $0.H5Tget_offset(type) })
  }

  private mutating func surveyFloat(_ type: hid_t) throws(LibraryFailure) {
    var fields = (0, 0, 0, 0, 0)
    try Library.call {
      $0.H5Tget_fields(type, &fields.0, &fields.1, &fields.2, &fields.3, &fields.4)
    }
    signPosition = UInt32(truncatingIfNeeded: fields.0)
    exponentPosition = UInt32(truncatingIfNeeded: fields.1)
    exponentSize = UInt32(truncatingIfNeeded: fields.2)
    mantissaPosition = UInt32(truncatingIfNeeded: fields.3)
    mantissaSize = UInt32(truncatingIfNeeded: fields.4)
    exponentBias = UInt64(
      truncatingIfNeeded: try Library.call(failing: .exactly(0)) { $0.H5Tget_ebias(type) })
    let normalisation = try Library.call { $0.H5Tget_norm(type).rawValue }
    self.normalisation = UInt8(truncatingIfNeeded: normalisation)
  }

  private mutating func surveyText(_ type: hid_t) throws(LibraryFailure) {
    if try Library.call({ $0.H5Tis_variable_str(type) }) > 0 {
      text = 4
      return
    }
    switch H5T_str_t(rawValue: try Library.call { $0.H5Tget_strpad(type).rawValue }) {
    case H5T_STR_NULLTERM: text = 1
    case H5T_STR_NULLPAD: text = 2
    case H5T_STR_SPACEPAD: text = 3
    default: break
    }
  }

  /// h5py's truth values: an enumeration of FALSE = 0 and TRUE = 1 over one byte.
  private static func isBoolean(_ type: hid_t) throws(LibraryFailure) -> Bool {
    let size = try Library.call(failing: .exactly(0)) { $0.H5Tget_size(type) }
    let count = try Library.call { $0.H5Tget_nmembers(type) }
    guard size == 1, count == 2 else { return false }
    for (name, expected) in [("FALSE", UInt8(0)), ("TRUE", 1)] {
      var value: UInt8 = 0xFF
      do throws(LibraryFailure) {
        try Library.call { $0.H5Tenum_valueof(type, name, &value) }
      } catch {
        return false
      }
      guard value == expected else { return false }
    }
    return true
  }
}

extension H5T_class_t {
  init(_ value: some BinaryInteger) {
    self.init(rawValue: numericCast(value))
  }
}

/// The shape behind a dataspace.
struct SpaceSurvey {
  /// Lengths of the axes; nil for a null dataspace.
  let shape: [UInt64]?
  /// The number of axes, also where it is beyond the limit and `shape` is nil.
  let axes: Int

  /// Asks libhdf5.
  init(_ space: hid_t) throws(LibraryFailure) {
    let spaceClass = try Library.call { $0.H5Sget_simple_extent_type(space).rawValue }
    guard spaceClass != H5S_NULL.rawValue else {
      shape = nil
      axes = 0
      return
    }
    axes = Int(try Library.call { $0.H5Sget_simple_extent_ndims(space) })
    guard axes <= WalkLimit.axes else {
      shape = nil
      return
    }
    var lengths = [hsize_t](repeating: 0, count: WalkLimit.axes)
    try Library.call { $0.H5Sget_simple_extent_dims(space, &lengths, nil) }
    shape = lengths.prefix(axes).map { UInt64($0) }
  }
}
