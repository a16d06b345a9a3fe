import LayerKit
import Tensors

/// What a function of a plug-in changed of its process although it must leave it as it was.
struct StateChanges: OptionSet, Hashable, Sendable {
  let rawValue: UInt8

  /// Subnormal numbers become zeros.
  static let flushesSubnormals = StateChanges(rawValue: 1)
  /// Numbers are rounded otherwise, or traps are set.
  static let floatingPointMode = StateChanges(rawValue: 2)
  static let signalMask = StateChanges(rawValue: 4)
  static let workingFolder = StateChanges(rawValue: 8)
  static let locale = StateChanges(rawValue: 16)
}

/// How a function of a plug-in returned.
struct ReplyMessage: Sendable {
  /// What it returned; `CNN_OK` is 0.
  var code: Int32 = 0
  /// What it said through `host->fail`, cut where it is long.
  var reasons: [[UInt8]] = []
  /// What it changed.
  var changes: StateChanges = []
  /// Whether a second call gave other bits.
  var isRepeatable = true
  /// What else there is to say, by operation.
  var payload: [UInt8] = []
}

extension MessageWriter {
  mutating func put(_ reply: ReplyMessage) {
    put(reply.code)
    put(list: reply.reasons) { $0.put(bytes: $1) }
    put(reply.changes.rawValue)
    put(reply.isRepeatable)
    put(bytes: reply.payload)
  }
}

extension MessageReader {
  mutating func reply() throws(MalformedMessage) -> ReplyMessage {
    var reply = ReplyMessage(code: try number())
    reply.reasons = try list { reader throws(MalformedMessage) in try reader.text() }
    reply.changes = StateChanges(rawValue: try number())
    reply.isRepeatable = try flag()
    reply.payload = try text()
    try expectEnd()
    return reply
  }
}

/// What `create` found wrong with hyper-parameters, as far as it goes over the wire.
extension MessageWriter {
  mutating func put(_ problem: LayerProblem) {
    switch problem {
    case .unknownHyperparameter(let name, let closest):
      put(UInt8(0))
      put(name)
      put(list: closest.map { [$0] } ?? []) { $0.put($1) }
    case .missingHyperparameter(let name):
      put(UInt8(1))
      put(name)
    case .wrongType(let name, let expected, let found):
      put(UInt8(2))
      put(name)
      put(expected)
      put(found)
    case .outOfRange(let name, let allowed, let found):
      put(UInt8(3))
      put(name)
      put(allowed)
      put(found)
    case .wrongShape(let tensor, let expected, let found):
      put(UInt8(4))
      put(tensor)
      put(expected)
      put(found)
    default:
      put(UInt8(5))
      put("\(problem)")
    }
  }
}

extension MessageReader {
  mutating func problem() throws(MalformedMessage) -> LayerProblem {
    switch try number(UInt8.self) {
    case 0:
      let name = try string()
      let closest = try list { reader throws(MalformedMessage) in try reader.string() }
      return .unknownHyperparameter(name, closest: closest.first)
    case 1: return .missingHyperparameter(try string())
    case 2:
      return .wrongType(
        hyperparameter: try string(), expected: try string(), found: try value())
    case 3:
      return .outOfRange(hyperparameter: try string(), allowed: try string(), found: try value())
    case 4: return .wrongShape(tensor: try string(), expected: try string(), found: try shape())
    case 5: return .other(try string())
    default: throw MalformedMessage()
    }
  }
}

extension Kink {
  /// The kink of a number in the header; nil where there is none.
  init?(number: UInt32, at place: Double, slope: Double) {
    switch number {
    case 0: self = .point(input: place, slope: slope)
    case 1: self = .difference(place, slope: slope)
    case 2: self = .firstOfTies
    default: return nil
    }
  }
}

extension MessageWriter {
  mutating func put(_ kink: Kink) {
    switch kink {
    case .point(let input, let slope):
      put(UInt32(0))
      put(input)
      put(slope)
    case .difference(let difference, let slope):
      put(UInt32(1))
      put(difference)
      put(slope)
    case .firstOfTies:
      put(UInt32(2))
      put(0.0)
      put(0.0)
    }
  }
}

extension MessageReader {
  mutating func kink() throws(MalformedMessage) -> Kink {
    guard let kink = Kink(number: try number(), at: try real(), slope: try real()) else {
      throw MalformedMessage()
    }
    return kink
  }
}
