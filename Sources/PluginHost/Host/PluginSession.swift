internal import CLayerABI
internal import Glibc
import LayerKit
internal import Synchronization
import Tensors
import Text

/// One plug-in and the process it runs in, started when it is needed and again after it broke down.
///
/// Calls of any thread wait for one another: a plug-in is never in two calls at once.
final class PluginSession: Sendable {
  /// The file, as it was given.
  let path: String
  private let options: PluginOptions
  private let state: Mutex<State>

  private struct State {
    let arena: Arena
    let process: PluginProcess
    /// The table as the library had it when it was loaded first.
    var table: [UInt8]?
    /// The layers that the running process has.
    var created: Set<UInt64> = []
    /// Layers that are no longer needed.
    var released: [UInt64] = []
    var next: UInt64 = 1
    var warnings: [PluginWarning] = []
  }

  /// A layer by which the session can make it again.
  struct LayerKey: Sendable {
    let number: UInt64
    let kind: Int
    let hyperparameters: [String: HyperparameterValue]
  }

  init(path: String, options: PluginOptions) throws(PluginFault.Reason) {
    self.path = path
    self.options = options
    let arena = try Arena()
    state = Mutex(
      State(arena: arena, process: PluginProcess(options, arena: arena.descriptor)))
  }

  /// The file without its folder.
  var fileName: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// What has happened that is no failure, since it was asked last.
  func takeWarnings() -> [PluginWarning] {
    state.withLock { state in
      defer { state.warnings = [] }
      return state.warnings
    }
  }

  // MARK: Loading

  /// Loads the library and returns its table.
  func load() throws -> PluginTable {
    try state.withLock { try load(&$0) }
  }

  @discardableResult
  private func load(_ state: inout State) throws -> PluginTable {
    state.created = []
    try state.process.start()
    var message = MessageWriter()
    message.put(Operation.load.rawValue)
    message.put(bytes: path.utf8)
    message.put(options.memory)
    do {
      var reader = MessageReader(try state.process.exchange(message.bytes))
      guard try reader.flag() else {
        let refusal = try reader.refusal()
        state.process.end()
        throw refusal
      }
      let changes = StateChanges(rawValue: try reader.number())
      _ = try reader.number(UInt32.self)
      let table = try reader.table()
      warn(&state, changes, kind: nil, .load)
      var bytes = MessageWriter()
      bytes.put(table)
      guard state.table == nil || state.table == bytes.bytes else {
        state.process.end()
        throw PluginFault.Reason.changed
      }
      state.table = bytes.bytes
      return table
    } catch is MalformedMessage {
      state.process.end()
      throw PluginFault.Reason.malformed
    }
  }

  // MARK: Layers

  /// What `create` said about hyper-parameters.
  struct Creation: Sendable {
    let key: LayerKey
    let problems: [LayerProblem]
    let settings: [(name: String, value: String)]
    let code: Int32
    let reasons: [[UInt8]]
  }

  /// Makes a layer.
  func create(
    _ kind: Int, _ hyperparameters: [String: HyperparameterValue], _ signature: Signature
  ) throws(PluginFault.Reason) -> Creation {
    try locked { state throws(PluginFault.Reason) in
      let key = LayerKey(number: state.next, kind: kind, hyperparameters: hyperparameters)
      state.next += 1
      return try create(key, signature, &state)
    }
  }

  /// Lets the process forget a layer, the next time something is asked of it.
  func release(_ key: LayerKey) { state.withLock { $0.released.append(key.number) } }

  private func create(
    _ key: LayerKey, _ signature: Signature, _ state: inout State
  ) throws(PluginFault.Reason) -> Creation {
    var message = MessageWriter()
    message.put(Operation.create.rawValue)
    message.put(key.kind)
    message.put(key.number)
    message.put(list: key.hyperparameters.sorted { $0.key < $1.key }) { writer, entry in
      writer.put(entry.key)
      writer.put(entry.value)
    }
    let reply = try exchange(message, kind: signature.kind, .create, &state)
    do throws(MalformedMessage) {
      var reader = MessageReader(reply.payload)
      let problems = try reader.list { reader throws(MalformedMessage) in try reader.problem() }
      let settings = try reader.list { reader throws(MalformedMessage) in
        (try reader.string(), try reader.string())
      }
      if reply.code == CNN_OK { state.created.insert(key.number) }
      return Creation(
        key: key, problems: problems, settings: settings.map { ($0.0, $0.1) }, code: reply.code,
        reasons: reply.reasons)
    } catch {
      throw .malformed
    }
  }

  // MARK: Calls

  /// Calls a function of a layer that looks at shapes alone.
  func call(
    _ call: CallMessage, of key: LayerKey, _ signature: Signature
  ) throws(PluginFault.Reason) -> ReplyMessage {
    try locked { state throws(PluginFault.Reason) in
      try send(call, of: key, signature, &state)
    }
  }

  /// Calls a function of a layer that is handed tensors, which get their places here.
  ///
  /// `write` writes the operands, given each place, and `read` reads the results.
  func call<Found: Sendable>(
    _ call: CallMessage, of key: LayerKey, _ signature: Signature,
    write: (Arena, TensorPlace) -> Void,
    read: (Arena, [TensorPlace], ReplyMessage) throws(PluginFault.Reason) -> Found
  ) throws(PluginFault.Reason) -> Found {
    try locked { state throws(PluginFault.Reason) in
      var call = call
      guard let extent = SharedMemory.place(&call.tensors), extent < options.memory else {
        throw .noMemory
      }
      call.extent = extent
      // The process may end while the layer is made, and must not see what is written for it.
      try ensure(key, signature, &state)
      try state.arena.map(extent)
      defer { state.arena.trim() }
      for tensor in call.tensors { write(state.arena, tensor) }
      let reply = try send(call, of: key, signature, &state)
      guard reply.code != ReplyMessage.noMemory else { throw .noMemory }
      for tensor in call.tensors where tensor.role.isWritten {
        guard state.arena.marginIsIntact(tensor) else {
          // Whatever else lies in its memory may be destroyed as well.
          state.process.end()
          throw .overrun(tensor: signature.name(of: tensor, in: call))
        }
      }
      guard reply.code == CNN_OK else {
        throw .failed(code: reply.code, reasons: reply.reasons)
      }
      if let reason = reply.reasons.first { throw .reasonWithoutCode(reason) }
      return try read(state.arena, call.tensors, reply)
    }
  }

  private func locked<Found: Sendable>(
    _ body: (inout State) throws(PluginFault.Reason) -> Found
  ) throws(PluginFault.Reason) -> Found {
    try state.withLock { state throws(PluginFault.Reason) in try body(&state) }
  }

  /// Makes sure that the process runs and has the layer.
  private func ensure(
    _ key: LayerKey, _ signature: Signature, _ state: inout State
  ) throws(PluginFault.Reason) {
    guard !state.process.isRunning || !state.created.contains(key.number) else { return }
    let creation = try create(key, signature, &state)
    guard creation.code == CNN_OK else {
      throw .failed(code: creation.code, reasons: creation.reasons)
    }
  }

  private func send(
    _ call: CallMessage, of key: LayerKey, _ signature: Signature, _ state: inout State
  ) throws(PluginFault.Reason) -> ReplyMessage {
    try ensure(key, signature, &state)
    var call = call
    call.instance = key.number
    var message = MessageWriter()
    message.put(call.operation.rawValue)
    message.put(call)
    return try exchange(message, kind: signature.kind, call.operation, &state)
  }

  private func exchange(
    _ message: MessageWriter, kind: String, _ operation: Operation, _ state: inout State
  ) throws(PluginFault.Reason) -> ReplyMessage {
    do {
      if !state.process.isRunning { try load(&state) }
      try forgetReleased(&state)
      var reader = MessageReader(try state.process.exchange(message.bytes))
      let reply = try reader.reply()
      warn(&state, reply.changes, kind: kind, operation)
      let threads = state.process.busyThreads()
      if threads > 0 {
        add(PluginWarning(threads: threads, who(kind), operation), to: &state)
      }
      return reply
    } catch let reason as PluginFault.Reason {
      throw reason
    } catch {
      // A message that is none, or a library that was accepted before and no longer is.
      state.process.end()
      throw error is LibraryRefusal ? .changed : .malformed
    }
  }

  private func forgetReleased(_ state: inout State) throws {
    let released = state.released.filter { state.created.remove($0) != nil }
    state.released = []
    for number in released {
      var message = MessageWriter()
      message.put(Operation.destroy.rawValue)
      message.put(number)
      _ = try state.process.exchange(message.bytes)
    }
  }

  // MARK: Warnings

  private func who(_ kind: String?) -> String {
    let file = "`\(UntrustedText(fileName).terminal)`"
    return kind.map { "`\($0)` of \(file)" } ?? file
  }

  private func warn(
    _ state: inout State, _ changes: StateChanges, kind: String?, _ operation: Operation
  ) {
    for change in changes.single {
      add(PluginWarning(change, who(kind), operation), to: &state)
    }
  }

  private func add(_ warning: PluginWarning, to state: inout State) {
    if !state.warnings.contains(warning) { state.warnings.append(warning) }
  }
}
