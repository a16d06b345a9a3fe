import LayerKit
import Tensors

/// What the process of a plug-in is asked to do.
enum Operation: UInt8, Sendable {
  case load, create, kinks, destroy, infer, checkValues, forward, define, backward, bound

  /// The function of the plug-in, as its author calls it.
  var functionName: String {
    switch self {
    case .load: "cnn_plugin_entry"
    case .checkValues: "check_values"
    case .create, .kinks, .destroy, .infer, .forward, .define, .backward, .bound: "\(self)"
    }
  }
}

/// One tensor of a call: what it is, its shape, and where in the shared memory its elements are.
struct TensorPlace: Sendable {
  /// What the layer does with it.
  enum Role: UInt8, Sendable {
    case input, parameter, buffer, auxiliary, upstream, computed
    case output, laterBuffer, inputGradient, parameterGradient, bound

    /// Whether the layer writes it.
    var isWritten: Bool { rawValue >= Role.output.rawValue }
  }

  let role: Role
  /// Which input or output, or which slot of the kind.
  let index: Int
  let shape: Shape
  /// Where its elements begin, a multiple of the page size; 0 where only its shape is asked for.
  var offset = 0
  /// The bytes of an element.
  let width: Int

  var byteCount: Int { shape.count * width }
}

/// A call of a function that is handed tensors.
struct CallMessage: Sendable {
  var operation: Operation
  var instance: UInt64
  var tensors: [TensorPlace] = []
  var isTraining = false
  var format = NumberFormat.float64
  var inputFormat = NumberFormat.float64
  /// The bytes of the elements: 4 or 8.
  var width = 8
  /// How much of the shared memory is in use.
  var extent = 0
  /// Whether the process is to call twice and compare.
  var repeats = false
  /// What a bound is asked for.
  var result = ResultPlace()
  var rounding = (unit: 0.0, underflow: 0.0)

  /// One result by its number in the header, and which of them.
  struct ResultPlace: Sendable {
    var kind: UInt32 = 0
    var index: UInt32 = 0
  }
}

extension MessageWriter {
  mutating func put(_ call: CallMessage) {
    put(call.instance)
    put(list: call.tensors) { writer, tensor in
      writer.put(tensor.role.rawValue)
      writer.put(UInt32(truncatingIfNeeded: tensor.index))
      writer.put(tensor.shape)
      writer.put(tensor.offset)
      writer.put(UInt8(tensor.width))
    }
    put(call.isTraining)
    put(call.format)
    put(call.inputFormat)
    put(UInt8(call.width))
    put(call.extent)
    put(call.repeats)
    put(call.result.kind)
    put(call.result.index)
    put(call.rounding.unit)
    put(call.rounding.underflow)
  }

  private mutating func put(_ format: NumberFormat) {
    put(UInt8(NumberFormat.allCases.firstIndex(of: format) ?? 0))
  }
}

extension MessageReader {
  mutating func call(_ operation: Operation) throws(MalformedMessage) -> CallMessage {
    var call = CallMessage(operation: operation, instance: try number())
    call.tensors = try list { reader throws(MalformedMessage) in
      guard let role = TensorPlace.Role(rawValue: try reader.number()) else {
        throw MalformedMessage()
      }
      return TensorPlace(
        role: role, index: Int(try reader.number(UInt32.self)), shape: try reader.shape(),
        offset: try reader.integer(), width: Int(try reader.number(UInt8.self)))
    }
    call.isTraining = try flag()
    call.format = try format()
    call.inputFormat = try format()
    call.width = Int(try number(UInt8.self))
    call.extent = try integer()
    call.repeats = try flag()
    call.result.kind = try number()
    call.result.index = try number()
    call.rounding = (try real(), try real())
    return call
  }

  private mutating func format() throws(MalformedMessage) -> NumberFormat {
    let position = Int(try number(UInt8.self))
    guard NumberFormat.allCases.indices.contains(position) else { throw MalformedMessage() }
    return NumberFormat.allCases[position]
  }
}
