/// The classes of Keras whose variables have a conversion, whatever generation names them.
enum KerasKind: Hashable, Sendable {
  /// `Conv1D` … `Conv3D`, by the number of spatial axes.
  case convolution(Int)
  /// `Conv1DTranspose` … `Conv3DTranspose`.
  case transposed(Int)
  /// `DepthwiseConv1D`, `DepthwiseConv2D`.
  case depthwise(Int)
  /// `SeparableConv1D`, `SeparableConv2D`: two convolutions.
  case separable(Int)
  /// `Dense`.
  case dense
  /// `BatchNormalization`.
  case batchNormalization
  /// `LayerNormalization`.
  case layerNormalization
  /// `GroupNormalization`.
  case groupNormalization
  /// `PReLU`.
  case prelu
  /// `Embedding`.
  case embedding

  private static let classes: [String: KerasKind] = [
    "Conv1D": .convolution(1), "Conv2D": .convolution(2), "Conv3D": .convolution(3),
    "Convolution1D": .convolution(1), "Convolution2D": .convolution(2),
    "Convolution3D": .convolution(3), "AtrousConvolution2D": .convolution(2),
    "Conv1DTranspose": .transposed(1), "Conv2DTranspose": .transposed(2),
    "Conv3DTranspose": .transposed(3), "Deconvolution2D": .transposed(2),
    "Deconvolution3D": .transposed(3), "DepthwiseConv1D": .depthwise(1),
    "DepthwiseConv2D": .depthwise(2), "SeparableConv1D": .separable(1),
    "SeparableConv2D": .separable(2), "SeparableConvolution2D": .separable(2), "Dense": .dense,
    "BatchNormalization": .batchNormalization, "BatchNormalizationV1": .batchNormalization,
    "SyncBatchNormalization": .batchNormalization, "LayerNormalization": .layerNormalization,
    "GroupNormalization": .groupNormalization, "PReLU": .prelu, "Embedding": .embedding,
  ]

  private static let snakeClasses = Dictionary(
    uniqueKeysWithValues: classes.map { (snake($0.key), $0.value) })

  /// The kind of a class, `Conv2D`; nil for others.
  init?(className: String) {
    guard let kind = Self.classes[className] else { return nil }
    self = kind
  }

  /// The kind of a class as Keras 3 writes it into paths, `conv2d`; nil for others.
  init?(snakeClass: String) {
    guard let kind = Self.snakeClasses[snakeClass] else { return nil }
    self = kind
  }

  /// The kind of layer here; nil where the number of axes of its input decides.
  var layerKind: String? {
    switch self {
    case .convolution(let axes), .depthwise(let axes), .separable(let axes): "Conv\(axes)d"
    case .transposed(let axes): "ConvTranspose\(axes)d"
    case .dense: "Linear"
    case .batchNormalization: nil
    // It runs over the last axis there and over the channels here, so it is another layer.
    case .layerNormalization: nil
    case .groupNormalization: "GroupNorm"
    case .prelu: "PReLU"
    case .embedding: "Embedding"
    }
  }

  /// The spatial axes of its kernel; nil where it has no convolution's kernel.
  var spatialAxes: Int? {
    switch self {
    case .convolution(let axes), .transposed(let axes), .depthwise(let axes),
      .separable(let axes):
      axes
    default: nil
    }
  }

  /// A class's name in paths (keras/src/utils/naming.py, to_snake_case): `PReLU` is `p_re_lu`.
  static func snake(_ className: String) -> String {
    let letters = className.utf8.filter { isLower($0) || isUpper($0) || isDigit($0) || $0 == 0x5F }
    // (.)([A-Z][a-z]+) becomes \1_\2.
    var words: [UInt8] = []
    var place = 0
    while place < letters.count {
      words.append(letters[place])
      place += 1
      guard place + 1 < letters.count, isUpper(letters[place]), isLower(letters[place + 1]) else {
        continue
      }
      words += [0x5F, letters[place]]
      place += 1
      while place < letters.count, isLower(letters[place]) {
        words.append(letters[place])
        place += 1
      }
    }
    // ([a-z])([A-Z]) becomes \1_\2, and everything lower case.
    var snake: [UInt8] = []
    for (place, letter) in words.enumerated() {
      if isUpper(letter), place > 0, isLower(words[place - 1]) { snake.append(0x5F) }
      snake.append(isUpper(letter) ? letter + 0x20 : letter)
    }
    return String(decoding: snake, as: UTF8.self)
  }

  private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
  private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
