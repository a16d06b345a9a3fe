internal import CLayerABI
internal import Glibc
import LayerKit
import Tensors
import Text

/// What the functions of `cnn_host` read and fill in during one call of a plug-in.
final class HostContext {
  var reader: HyperparameterReader
  let stated: [(name: String, value: HyperparameterValue)]
  var meanings: [String: String] = [:]
  var reasons: [[UInt8]] = []
  var problem: LayerProblem?
  var outputs: [Shape] = []
  var kinks: [Kink] = []
  /// The shapes of the operands by path, for `wrong_shape`.
  var shapes: [String: Shape] = [:]
  /// The format to which constants are rounded.
  var format = NumberFormat.float64
  private let values = ValueArena()

  /// How much of a reason is kept, and how many reasons.
  static let longestReason = 4096
  static let mostReasons = 64
  static let mostKinks = 1024

  init(_ hyperparameters: [String: HyperparameterValue] = [:]) {
    reader = HyperparameterReader(hyperparameters)
    stated = hyperparameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Calls a function with a host that leads back here.
  func call<Result>(_ function: (UnsafePointer<cnn_host>) -> Result) -> Result {
    var host = Self.functions
    host.context = Unmanaged.passUnretained(self).toOpaque()
    return withExtendedLifetime(self) { withUnsafePointer(to: &host, function) }
  }

  func value(_ value: HyperparameterValue?) -> UnsafePointer<cnn_value>? {
    value.map { values.value($0) }
  }

  func name(_ name: String) -> UnsafePointer<CChar>? { UnsafePointer(values.text(name)) }
}

/// Values in the form of the header, alive as long as the call.
private final class ValueArena {
  private var texts: [UnsafeMutablePointer<CChar>] = []
  private var values: [UnsafeMutablePointer<cnn_value>] = []
  private var lists: [UnsafeMutablePointer<UnsafePointer<cnn_value>?>] = []

  deinit {
    for text in texts { free(text) }
    for value in values { value.deallocate() }
    for list in lists { list.deallocate() }
  }

  func text(_ text: String) -> UnsafeMutablePointer<CChar>? {
    guard let copy = strdup(text) else { return nil }
    texts.append(copy)
    return copy
  }

  func value(_ stated: HyperparameterValue) -> UnsafePointer<cnn_value> {
    var value = cnn_value()
    value.struct_size = UInt32(MemoryLayout<cnn_value>.size)
    switch stated {
    case .boolean(let flag):
      value.type = UInt32(CNN_VALUE_BOOLEAN)
      value.integer = flag ? 1 : 0
    case .integer(let number):
      value.type = UInt32(CNN_VALUE_INTEGER)
      value.integer = Int64(number)
    case .real(let number):
      value.type = UInt32(CNN_VALUE_REAL)
      value.real = number
    case .text(let text):
      value.type = UInt32(CNN_VALUE_TEXT)
      value.text = UnsafePointer(self.text(text))
    case .list(let elements):
      value.type = UInt32(CNN_VALUE_LIST)
      value.count = UInt64(elements.count)
      let list = UnsafeMutablePointer<UnsafePointer<cnn_value>?>.allocate(
        capacity: max(1, elements.count))
      lists.append(list)
      for (index, element) in elements.enumerated() { list[index] = self.value(element) }
      value.items = UnsafePointer(list)
    }
    let copy = UnsafeMutablePointer<cnn_value>.allocate(capacity: 1)
    values.append(copy)
    copy.initialize(to: value)
    return UnsafePointer(copy)
  }
}

extension HostContext {
  /// The context behind a host that a plug-in hands back.
  private static func of(_ host: UnsafePointer<cnn_host>?) -> HostContext {
    guard let context = host?.pointee.context else {
      // The plug-in handed back what it was not given; nothing can be answered.
      fatalError("a function of the host was called without the host")
    }
    return Unmanaged<HostContext>.fromOpaque(context).takeUnretainedValue()
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let pointer else { return "" }
    return String(decoding: TableReader.bytes(pointer), as: UTF8.self)
  }

  /// A text of the plug-in that ends up in a sentence.
  private static func shown(_ pointer: UnsafePointer<CChar>?) -> String {
    UntrustedText(text(pointer)).terminal
  }

  private func fail(_ reason: UnsafePointer<CChar>?) -> Int32 {
    let bytes = reason.map { TableReader.bytes($0, limit: Self.longestReason) } ?? []
    if reasons.count < Self.mostReasons { reasons.append(bytes) }
    return Int32(CNN_FAILED)
  }

  /// A function table whose context is still to be filled in.
  private static var functions: cnn_host {
    var host = cnn_host()
    host.struct_size = UInt32(MemoryLayout<cnn_host>.size)
    host.abi = CNN_ABI
    host.fail = { HostContext.of($0).fail($1) }
    host.get_integer = { host, name, placeholder, low, high in
      let isRequired = placeholder == Int64.min
      let value = HostContext.of(host).reader.integer(
        HostContext.text(name), default: isRequired ? nil : Int(placeholder),
        in: Int(min(low, high))...Int(max(low, high)))
      return Int64(value)
    }
    host.get_real = { host, name, placeholder, low, high in
      guard low <= high else { return .nan }
      return HostContext.of(host).reader.real(
        HostContext.text(name), default: placeholder == CNN_REQUIRED_REAL ? nil : placeholder,
        in: low...high)
    }
    host.get_boolean = { host, name, placeholder in
      HostContext.of(host).reader.boolean(HostContext.text(name), default: placeholder != 0) ? 1 : 0
    }
    host.get_choice = { host, name, words, placeholder in
      HostContext.of(host).choice(HostContext.text(name), words, placeholder)
    }
    host.get_integers = { host, name, values, count, low, high in
      HostContext.of(host).integers(HostContext.text(name), values, Int(count), low, high)
    }
    host.get_value = { host, name in
      let context = HostContext.of(host)
      return context.value(context.reader.value(HostContext.text(name)))
    }
    host.name_at = { host, position in
      let context = HostContext.of(host)
      guard context.stated.indices.contains(Int(position)) else { return nil }
      return context.name(context.stated[Int(position)].name)
    }
    host.value_at = { host, position in
      let context = HostContext.of(host)
      guard context.stated.indices.contains(Int(position)) else { return nil }
      return context.value(context.stated[Int(position)].value)
    }
    host.explain = { host, name, meaning in
      HostContext.of(host).meanings[HostContext.text(name)] = HostContext.shown(meaning)
    }
    host.ignore = { HostContext.of($0).reader.ignore(HostContext.text($1)) }
    host.add_output = { HostContext.of($0).addOutput($1, $2) }
    host.wrong_shape = { host, tensor, expected in
      let context = HostContext.of(host)
      let name = HostContext.text(tensor)
      guard let found = context.shapes[name] else {
        return context.fail(tensor)
      }
      context.problem = .wrongShape(
        tensor: name, expected: HostContext.shown(expected), found: found)
      return Int32(CNN_FAILED)
    }
    host.constant = { HostContext.of($0).format.rounded($1) }
    host.add_kink = { host, number, place, slope in
      let context = HostContext.of(host)
      guard let kink = Kink(number: number, at: place, slope: slope),
        context.kinks.count < HostContext.mostKinks
      else { return Int32(CNN_FAILED) }
      context.kinks.append(kink)
      return Int32(CNN_OK)
    }
    return host
  }

  // MARK: Parts

  private func choice(
    _ name: String, _ words: UnsafePointer<UnsafePointer<CChar>?>?, _ placeholder: Int32
  ) -> Int32 {
    var known: [String] = []
    while known.count < Int(Int16.max), let word = words?[known.count] {
      known.append(Self.text(word))
    }
    guard let value = reader.value(name) else {
      if known.indices.contains(Int(placeholder)) {
        meanings[name] = "\"\(known[Int(placeholder)])\""
      }
      return placeholder
    }
    let list = "one of " + known.map { "\"\($0)\"" }.joined(separator: ", ")
    guard let text = value.asText else {
      reader.report(.wrongType(hyperparameter: name, expected: list, found: value))
      return placeholder
    }
    guard let position = known.firstIndex(of: text) else {
      reader.report(.outOfRange(hyperparameter: name, allowed: list, found: value))
      return placeholder
    }
    return Int32(position)
  }

  private func integers(
    _ name: String, _ values: UnsafeMutablePointer<Int64>?, _ count: Int, _ low: Int64,
    _ high: Int64
  ) {
    guard let values, count > 0 else { return }
    let isRequired = values[0] == Int64.min
    let placeholder = isRequired ? nil : (0..<count).map { Int(values[$0]) }
    let found = reader.integers(
      name, count: count, default: placeholder, in: Int(min(low, high))...Int(max(low, high)))
    for (index, number) in found.enumerated() { values[index] = Int64(number) }
  }

  private func addOutput(_ rank: UInt32, _ extents: UnsafePointer<Int64>?) -> Int32 {
    guard rank <= UInt32(Shape.mostAxes), outputs.count < Int(CNN_MAX_SLOTS) else {
      return Int32(CNN_FAILED)
    }
    guard let extents = rank == 0 ? [] : extents.map({ e in (0..<Int(rank)).map { Int(e[$0]) } }),
      let shape = Shape(checking: extents)
    else { return Int32(CNN_FAILED) }
    outputs.append(shape)
    return Int32(CNN_OK)
  }
}
