// RefusedFormat+Bytes.swift
// Files that are neither archives nor HDF5, by their first bytes. General knowledge of the formats,
// not checked against files: all that depends on it is which sentence a refusal has.

extension RefusedFormat {
  /// ndarray.cc: the list's magic number 0x112 as 64 bits, and 64 bits of zero.
  static let mxnet = RefusedFormat(
    name: "mxnet", what: "an MXNet parameter file",
    advice: "load it with mxnet.nd.load and save the arrays with numpy.savez"
  ) { file in
    file.prefix.starts(with: [0x12, 1, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8))
      ? "it begins with the number 0x112" : nil
  }

  /// parser.c: major, minor and revision as 32 bits each, then the number of images seen.
  static let darknet = RefusedFormat(
    name: "darknet", what: "a Darknet weight file, which has no names or shapes",
    advice: "load it with its .cfg in a tool that reads both, and save safetensors or HDF5"
  ) { file in
    let begin = Array(file.prefix.prefix(12))
    let isDarknet =
      begin.count == 12 && begin[..<4] == [0, 0, 0, 0] && (1...2).contains(begin[4])
      && begin[5..<8] == [0, 0, 0] && begin[8] <= 5 && begin[9...] == [0, 0, 0]
    return isDarknet ? "it begins with a Darknet version" : nil
  }

  /// caffe.proto: NetParameter begins with its name (field 1) and goes on with layers (field 100).
  static let caffemodel = RefusedFormat(
    name: "caffemodel", what: "a binary Caffe model",
    advice: "save it as HDF5: net.save_hdf5(\"model.caffemodel.h5\") in pycaffe"
  ) { file in
    guard let next = afterText(file.prefix[...], field: 0x0A),
      next.starts(with: [0xA2, 6]) || next.first == 0x12
    else { return nil }
    return "it begins as a NetParameter message"
  }

  /// onnx.proto: ModelProto begins with the version of its form (field 1) and its producer (2).
  static let onnx = RefusedFormat(
    name: "onnx", what: "an ONNX model",
    advice: "save its initialisers with numpy.savez (onnx.numpy_helper.to_array)"
  ) { file in
    guard file.prefix.count > 3, file.prefix[0] == 8, (1...32).contains(file.prefix[1]),
      afterText(file.prefix[2...], field: 0x12) != nil
    else { return nil }
    return "it begins as a ModelProto message"
  }

  /// The bytes behind a short field of visible ASCII; nil where there is none.
  private static func afterText(_ bytes: ArraySlice<UInt8>, field: UInt8) -> ArraySlice<UInt8>? {
    guard bytes.first == field, let length = bytes.dropFirst().first, (1...127).contains(length)
    else { return nil }
    let text = bytes.dropFirst(2).prefix(Int(length))
    guard text.count == Int(length), text.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      return nil
    }
    return bytes.dropFirst(2 + Int(length))
  }
}
