internal import CLayerABI
internal import Glibc
import LayerKit
import Tensors

/// One call of a function of a layer, on this thread, and where asked for once more on another.
final class LayerCall {
  private let call: CallMessage
  private let layer: LoadedLibrary.Layer
  private let base: UnsafeMutableRawPointer?
  private let context = HostContext()
  private var answer = cnn_bound()

  /// Calls that take longer are not repeated, so that a slow layer is not twice as slow.
  private static let longestRepeated = 0.1

  init(_ call: CallMessage, _ layer: LoadedLibrary.Layer, base: UnsafeMutableRawPointer?) {
    self.call = call
    self.layer = layer
    self.base = base
    context.format = call.format
  }

  func run() -> ReplyMessage {
    let before = call.repeats ? snapshot() : nil
    let start = MonotonicClock.now
    let state = ProcessState()
    var reply = ReplyMessage(code: invoke())
    reply.changes = state.restore()
    reply.reasons = context.reasons
    reply.payload = payload
    if let before, reply.code == CNN_OK, MonotonicClock.now - start < Self.longestRepeated {
      reply.isRepeatable = repeats(from: before)
    }
    return reply
  }

  // MARK: The call

  private func invoke() -> Int32 {
    let arguments = CallArguments(call, of: layer.kind.signature, base: base)
    context.shapes = arguments.shapes
    var operands = arguments.operands
    var results = arguments.results
    var gradients = arguments.gradients
    let type = layer.type
    return withExtendedLifetime(arguments) {
      context.call { host in
        switch call.operation {
        case .kinks:
          type.kinks?(layer.instance, host) ?? Int32(CNN_OK)
        case .infer:
          type.infer?(layer.instance, host, &operands) ?? Int32(CNN_FAILED)
        case .checkValues:
          type.check_values?(layer.instance, host, &operands) ?? Int32(CNN_OK)
        case .define:
          type.define_f64?(layer.instance, host, &operands, &results) ?? Int32(CNN_FAILED)
        case .forward:
          (call.width == 4 ? type.forward_f32 : type.forward_f64)?(
            layer.instance, host, &operands, &results) ?? Int32(CNN_FAILED)
        case .backward:
          (call.width == 4 ? type.backward_f32 : type.backward_f64)?(
            layer.instance, host, &operands, &gradients) ?? Int32(CNN_FAILED)
        case .bound:
          bound(arguments, host, &operands)
        case .load, .create, .destroy:
          Int32(CNN_FAILED)
        }
      }
    }
  }

  private func bound(
    _ arguments: CallArguments, _ host: UnsafePointer<cnn_host>, _ operands: inout cnn_operands
  ) -> Int32 {
    withUnsafePointer(to: operands) { operands in
      var question = arguments.question(operands)
      answer = arguments.answer
      return layer.type.bound?(layer.instance, host, &question, &answer) ?? Int32(CNN_FAILED)
    }
  }

  private var payload: [UInt8] {
    var writer = MessageWriter()
    switch call.operation {
    case .infer:
      writer.put(list: context.problem.map { [$0] } ?? []) { $0.put($1) }
      writer.put(list: context.outputs) { $0.put($1) }
    case .kinks:
      writer.put(list: context.kinks) { $0.put($1) }
    case .bound:
      writer.put(answer.form)
      writer.put(answer.terms)
      writer.put(answer.is_products != 0)
    case .load, .create, .destroy, .checkValues, .forward, .define, .backward: break
    }
    return writer.bytes
  }

  // MARK: Once more

  /// The bytes of what the layer writes.
  private func snapshot() -> [[UInt8]] {
    call.tensors.filter(\.role.isWritten).map { tensor in
      guard let base else { return [] }
      return Array(UnsafeRawBufferPointer(start: base + tensor.offset, count: tensor.byteCount))
    }
  }

  /// Calls again on another thread, from the same state of what is written, and says whether the
  /// same bits come out.
  private func repeats(from before: [[UInt8]]) -> Bool {
    let first = snapshot()
    for (tensor, bytes) in zip(call.tensors.filter(\.role.isWritten), before) {
      guard let base else { continue }
      (base + tensor.offset).copyMemory(from: bytes, byteCount: bytes.count)
    }
    var thread = pthread_t()
    let started = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        _ = Unmanaged<LayerCall>.fromOpaque(context).takeUnretainedValue().invoke()
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    guard started == 0 else { return true }
    pthread_join(thread, nil)
    return snapshot() == first
  }
}
