internal import CSandbox
internal import Glibc
import LayerKit
import Tensors

/// The role of a process that runs the code of one plug-in.
public enum PluginWorker {
  /// The argument that asks for the role.
  static let role = "--plugin-worker"
  /// Set in the environment of a worker, so that a program without the role starts no further one.
  static let environmentMark = "CNN_PLUGIN_WORKER"

  /// Takes the role and ends the process, if that is what it was started for.
  ///
  /// Call it first in `main`: a program that loads a `PluginLibrary` starts itself once more for it.
  public static func runIfRequested() {
    guard CommandLine.argc == 2, CommandLine.arguments[1] == role else { return }
    var service = WorkerService()
    while let message = try? Socket.receive(from: Int32(CSandbox_pipeDescriptor)) {
      guard let answer = try? service.answer(message),
        Socket.send(answer, to: Int32(CSandbox_pipeDescriptor))
      else { break }
    }
    // Not exit(): what the plug-in registered for the end has nothing to do here.
    _exit(0)
  }
}

/// Answers the messages of the command, one after the other.
struct WorkerService {
  private var library: LoadedLibrary?
  private var memory = WorkerMemory()

  /// Does what a message asks for and returns the bytes of the answer.
  mutating func answer(_ message: [UInt8]) throws(MalformedMessage) -> [UInt8] {
    var reader = MessageReader(message)
    guard let operation = Operation(rawValue: try reader.number()) else {
      throw MalformedMessage()
    }
    switch operation {
    case .load: return try load(&reader)
    case .create: return try create(&reader)
    case .destroy: return try destroy(&reader)
    case .kinks, .infer, .checkValues, .forward, .define, .backward, .bound:
      return try call(try reader.call(operation))
    }
  }

  private mutating func load(_ reader: inout MessageReader) throws(MalformedMessage) -> [UInt8] {
    let (path, addressSpace) = (try reader.text(), UInt64(try reader.integer()))
    var writer = MessageWriter()
    do throws(LibraryRefusal) {
      let before = ProcessState()
      let (library, table) = try LoadedLibrary.load(path, addressSpace: addressSpace)
      self.library = library
      writer.put(true)
      writer.put(before.restore().rawValue)
      writer.put(library.confinement)
      writer.put(table)
    } catch {
      writer.put(false)
      writer.put(error)
    }
    return writer.bytes
  }

  private mutating func create(_ reader: inout MessageReader) throws(MalformedMessage) -> [UInt8] {
    let (kind, instance) = (try reader.integer(), try reader.number(UInt64.self))
    let entries = try reader.list { reader throws(MalformedMessage) in
      (try reader.string(), try reader.value())
    }
    guard var library, library.table.kinds.indices.contains(kind) else { throw MalformedMessage() }
    let context = HostContext(Dictionary(entries) { $1 })
    let before = ProcessState()
    var reply = ReplyMessage(code: library.create(kind, as: instance, context))
    reply.changes = before.restore()
    reply.reasons = context.reasons
    var payload = MessageWriter()
    payload.put(list: context.reader.finish()) { $0.put($1) }
    payload.put(list: context.settings) { writer, setting in
      writer.put(setting.name)
      writer.put(setting.value)
    }
    reply.payload = payload.bytes
    self.library = library
    return bytes(reply)
  }

  private mutating func destroy(_ reader: inout MessageReader) throws(MalformedMessage) -> [UInt8] {
    guard var library else { throw MalformedMessage() }
    let before = ProcessState()
    library.destroy(try reader.number())
    self.library = library
    return bytes(ReplyMessage(changes: before.restore()))
  }

  private mutating func call(_ call: CallMessage) throws(MalformedMessage) -> [UInt8] {
    guard let library, let layer = library.layers[call.instance] else { throw MalformedMessage() }
    var base: UnsafeMutableRawPointer?
    if call.extent > 0 {
      do {
        base = try memory.prepare(call)
      } catch {
        return bytes(ReplyMessage(code: ReplyMessage.noMemory))
      }
    }
    defer { if call.extent > 0 { memory.hide() } }
    let execution = LayerCall(call, layer, base: base)
    return bytes(execution.run())
  }

  private func bytes(_ reply: ReplyMessage) -> [UInt8] {
    var writer = MessageWriter()
    writer.put(reply)
    return writer.bytes
  }
}

extension ReplyMessage {
  /// The code for a process that has no room for the tensors; no plug-in can return it.
  static let noMemory = Int32.min
}

extension HostContext {
  /// What the hyper-parameters mean, in the order of reading.
  var settings: [(name: String, value: String)] {
    let read = reader.understood.map { ($0.name, meanings[$0.name] ?? $0.value) }
    let others = meanings.filter { name, _ in !read.contains { $0.0 == name } }
    return read + others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
