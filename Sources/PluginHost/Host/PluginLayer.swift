internal import CLayerABI
import LayerKit
internal import Synchronization
import Tensors
import Text

/// A layer whose code runs in the process of its plug-in.
///
/// Once it has broken down it stays broken: asked again, it gives the same fault without a call, so
/// that a layer which runs on without end costs its time once.
final class PluginLayer: Sendable {
  private let session: PluginSession
  private let kind: PluginTable.Kind
  private let key: PluginSession.LayerKey
  private let state = Mutex(State())

  private struct State {
    var fault: LayerFailure?
    /// Functions that have been called twice and gave the same bits.
    var repeated: Set<Operation> = []
    /// Whether the shape rule has been asked for another number of samples.
    var batchIsChecked = false
  }

  init(_ session: PluginSession, _ kind: PluginTable.Kind, _ key: PluginSession.LayerKey) {
    self.session = session
    self.kind = kind
    self.key = key
  }

  deinit { session.release(key) }

  var signature: Signature { kind.signature }

  // MARK: Faults

  /// Does something with the layer, unless it has broken down before.
  private func attempt<Found>(
    _ operation: Operation, _ body: () throws(PluginFault.Reason) -> Found
  ) throws(LayerFailure) -> Found {
    if let fault = state.withLock({ $0.fault }) { throw fault }
    do {
      return try body()
    } catch {
      let failure = session.failure(signature, operation, error)
      state.withLock { $0.fault = failure }
      throw failure
    }
  }

  // MARK: Shapes

  /// The shape rule: asked twice, and once for another number of samples.
  func outputShapes(_ shapes: OperandShapes) throws -> [Shape] {
    let found = try infer(shapes)
    switch found {
    case .refused(let problem): throw problem
    case .outputs(let outputs):
      if let reason = try lie(about: shapes, outputs) {
        try attempt(.infer) { () throws(PluginFault.Reason) in throw reason }
      }
      return outputs
    }
  }

  private enum Inference: Equatable {
    case outputs([Shape])
    case refused(LayerProblem)
  }

  private func infer(_ shapes: OperandShapes) throws(LayerFailure) -> Inference {
    try attempt(.infer) { () throws(PluginFault.Reason) in
      let call = CallMessage(
        operation: .infer, instance: 0, tensors: signature.places(of: shapes, width: 8),
        isTraining: shapes.isTraining)
      let reply = try session.call(call, of: key, signature)
      let found: (problems: [LayerProblem], outputs: [Shape])
      do throws(MalformedMessage) {
        var reader = MessageReader(reply.payload)
        found = (
          try reader.list { reader throws(MalformedMessage) in try reader.problem() },
          try reader.list { reader throws(MalformedMessage) in try reader.shape() }
        )
      } catch {
        throw .malformed
      }
      if reply.code != CNN_OK { return .refused(found.problems.first ?? reply.problem) }
      if let reason = reply.reasons.first { throw .reasonWithoutCode(reason) }
      guard !found.outputs.isEmpty else { throw .noOutput }
      return .outputs(found.outputs)
    }
  }

  /// What contradicts the outputs that were named; nil where nothing does.
  private func lie(
    about shapes: OperandShapes, _ outputs: [Shape]
  ) throws(LayerFailure) -> PluginFault.Reason? {
    guard !state.withLock({ $0.batchIsChecked }) else { return nil }
    guard try infer(shapes) == .outputs(outputs) else { return .otherShapes }
    defer { state.withLock { $0.batchIsChecked = true } }
    guard signature.traits.contains(.independentSamples),
      let samples = shapes.inputs.first?.extents.first, samples > 0,
      shapes.inputs.allSatisfy({ $0.extents.first == samples }), shapes.auxiliary.isEmpty
    else { return nil }
    var others = shapes
    others.inputs = shapes.inputs.map { Shape([samples + 1] + $0.extents.dropFirst()) }
    guard case .outputs(let found) = try infer(others) else { return nil }
    let expected = outputs.map { output in
      output.extents.first == samples ? Shape([samples + 1] + output.extents.dropFirst()) : output
    }
    guard found != expected || outputs.contains(where: { $0.extents.first != samples }) else {
      return nil
    }
    let wrong = found.first { $0.extents.first != samples + 1 }
    return .ignoresBatch(inputs: samples + 1, outputs: wrong?.extents.first ?? 0)
  }

  // MARK: Values

  func checkValues<S: FloatingScalar>(_ operands: Operands<S>) throws {
    guard kind.functions.contains(.valueCheck) else { return }
    let double = operands.mapTensors { $0.map(\.value) }
    let reply = try attempt(.checkValues) { () throws(PluginFault.Reason) in
      var call = message(.checkValues, double)
      call.tensors = signature.places(of: operands.shapes, width: 8)
      do throws(PluginFault.Reason) {
        return try session.call(
          call, of: key, signature, write: { $0.write(double, to: $1, self.signature) },
          read: { _, _, reply in reply })
      } catch {
        // A code other than CNN_OK refuses the values.
        guard case .failed(let code, let reasons) = error else { throw error }
        return ReplyMessage(code: code, reasons: reasons)
      }
    }
    if reply.code != CNN_OK { throw reply.problem }
  }

  // MARK: Results

  func results<S: FloatingScalar>(
    _ operation: Operation, _ operands: Operands<S>
  ) throws(LayerFailure) -> Results<S> {
    guard MemoryLayout<S>.size == 8 || hasSingle(operation) else {
      let double = try results(operation, operands.mapTensors { $0.map(\.value) })
      return Results(
        double.outputs.map { $0.map { S($0) } },
        buffers: double.buffers.mapValues { $0.map { S($0) } })
    }
    guard case .outputs(let shapes) = try infer(operands.shapes) else {
      throw session.failure(signature, .infer, .otherShapes)
    }
    return try attempt(operation) { () throws(PluginFault.Reason) in
      var call = message(operation, operands)
      call.tensors = signature.places(of: operands.shapes, width: call.width)
      call.tensors += shapes.enumerated().map {
        TensorPlace(role: .output, index: $0, shape: $1, width: call.width)
      }
      call.tensors += signature.buffers.enumerated().compactMap { index, slot in
        operands.buffers[slot.name].map {
          TensorPlace(role: .laterBuffer, index: index, shape: $0.shape, width: call.width)
        }
      }
      call.repeats = needsRepetition(operation)
      let results = try session.call(
        call, of: key, signature,
        write: { arena, place in
          if place.role == .output {
            arena.clear(place)
          } else {
            arena.write(operands, to: place, self.signature)
          }
        },
        read: { arena, places, reply throws(PluginFault.Reason) in
          guard reply.isRepeatable else { throw .notRepeatable }
          var results = Results<S>([])
          for place in places where place.role.isWritten {
            let tensor: Tensor<S> = try self.read(place, arena, call)
            if place.role == .output {
              results.outputs.append(tensor)
            } else {
              results.buffers[self.signature.buffers[place.index].name] = tensor
            }
          }
          return results
        })
      noteRepetition(operation)
      return results
    }
  }

  func gradients<S: FloatingScalar>(
    _ operands: Operands<S>, _ upstream: [Tensor<S>], _ wanted: GradientRequest
  ) throws(LayerFailure) -> Gradients<S> {
    guard MemoryLayout<S>.size == 8 || kind.functions.contains(.singleBackward) else {
      let double = try gradients(
        operands.mapTensors { $0.map(\.value) }, upstream.map { $0.map(\.value) }, wanted)
      return Gradients(
        inputs: double.inputs.map { $0.map { $0.map { S($0) } } },
        parameters: double.parameters.mapValues { $0.map { S($0) } })
    }
    return try attempt(.backward) { () throws(PluginFault.Reason) in
      var call = message(.backward, operands)
      call.tensors = signature.places(of: operands.shapes, width: call.width)
      call.tensors += upstream.enumerated().map {
        TensorPlace(role: .upstream, index: $0, shape: $1.shape, width: call.width)
      }
      call.tensors += wanted.inputs.sorted().filter { operands.inputs.indices.contains($0) }.map {
        TensorPlace(
          role: .inputGradient, index: $0, shape: operands.inputs[$0].shape, width: call.width)
      }
      call.tensors += signature.parameters.enumerated().compactMap { index, slot in
        guard wanted.parameters.contains(slot.name) else { return nil }
        return operands.parameters[slot.name].map {
          TensorPlace(role: .parameterGradient, index: index, shape: $0.shape, width: call.width)
        }
      }
      call.repeats = needsRepetition(.backward)
      let gradients = try session.call(
        call, of: key, signature,
        write: { arena, place in
          switch place.role {
          case .upstream: arena.write(upstream[place.index], to: place)
          case _ where place.role.isWritten: arena.clear(place)
          default: arena.write(operands, to: place, self.signature)
          }
        },
        read: { arena, places, reply throws(PluginFault.Reason) in
          guard reply.isRepeatable else { throw .notRepeatable }
          var gradients = Gradients<S>(inputs: operands.inputs.map { _ in nil })
          for place in places where place.role.isWritten {
            let tensor: Tensor<S> = try self.read(place, arena, call)
            if place.role == .inputGradient {
              gradients.inputs[place.index] = tensor
            } else {
              gradients.parameters[self.signature.parameters[place.index].name] = tensor
            }
          }
          return gradients
        })
      noteRepetition(.backward)
      return gradients
    }
  }

  private func hasSingle(_ operation: Operation) -> Bool {
    operation == .forward && kind.functions.contains(.singleForward)
  }

  private func read<S: FloatingScalar>(
    _ place: TensorPlace, _ arena: Arena, _ call: CallMessage
  ) throws(PluginFault.Reason) -> Tensor<S> {
    let (tensor, unwritten): (Tensor<S>, Int) = arena.read(place)
    guard unwritten == 0 else {
      throw .unwritten(
        tensor: signature.name(of: place, in: call), count: unwritten, of: place.shape.count)
    }
    return tensor
  }

  private func needsRepetition(_ operation: Operation) -> Bool {
    state.withLock { !$0.repeated.contains(operation) }
  }

  private func noteRepetition(_ operation: Operation) {
    state.withLock { _ = $0.repeated.insert(operation) }
  }

  private func message<S>(_ operation: Operation, _ operands: Operands<S>) -> CallMessage {
    CallMessage(
      operation: operation, instance: 0, isTraining: operands.isTraining, format: operands.format,
      inputFormat: operands.inputFormat, width: MemoryLayout<S>.size)
  }

  // MARK: Kinks

  func kinks() throws(LayerFailure) -> [Kink] {
    try attempt(.kinks) { () throws(PluginFault.Reason) in
      let reply = try session.call(
        CallMessage(operation: .kinks, instance: 0), of: key, signature)
      guard reply.code == CNN_OK else {
        throw .failed(code: reply.code, reasons: reply.reasons)
      }
      do throws(MalformedMessage) {
        var reader = MessageReader(reply.payload)
        return try reader.list { reader throws(MalformedMessage) in try reader.kink() }
      } catch {
        throw .malformed
      }
    }
  }

  // MARK: Bounds

  func bound(_ question: BoundQuestion) throws(LayerFailure) -> ErrorBound {
    guard kind.functions.contains(.bound) else {
      return try MeasuredBound(self).bound(question)
    }
    let stated = try attempt(.bound) { () throws(PluginFault.Reason) in
      var call = message(.bound, question.operands)
      call.tensors = signature.places(of: question.operands.shapes, width: 8)
      call.tensors += question.upstream.enumerated().map {
        TensorPlace(role: .upstream, index: $0, shape: $1.shape, width: 8)
      }
      call.tensors += [
        TensorPlace(role: .computed, index: 0, shape: question.computed.shape, width: 8),
        TensorPlace(role: .bound, index: 0, shape: question.computed.shape, width: 8),
      ]
      call.result = signature.place(of: question.tensor)
      call.rounding = (question.rounding.unit, question.rounding.underflow)
      return try session.call(
        call, of: key, signature,
        write: { arena, place in
          switch place.role {
          case .upstream: arena.write(question.upstream[place.index], to: place)
          case .computed: arena.write(question.computed, to: place)
          case .bound: arena.clear(place)
          default: arena.write(question.operands, to: place, self.signature)
          }
        },
        read: { arena, places, reply throws(PluginFault.Reason) in
          try self.bound(reply, arena, places, call)
        })
    }
    guard let stated else { return try MeasuredBound(self).bound(question) }
    return stated
  }

  private func bound(
    _ reply: ReplyMessage, _ arena: Arena, _ places: [TensorPlace], _ call: CallMessage
  ) throws(PluginFault.Reason) -> ErrorBound? {
    var reader = MessageReader(reply.payload)
    let answer: (form: UInt32, terms: Int64, isProducts: Bool)
    do throws(MalformedMessage) {
      answer = (try reader.number(), try reader.number(), try reader.flag())
    } catch {
      throw .malformed
    }
    func values() throws(PluginFault.Reason) -> Tensor<Double> {
      guard let place = places.first(where: { $0.role == .bound }) else { throw .malformed }
      let values: Tensor<Double> = try read(place, arena, call)
      if let wrong = values.elements.first(where: { $0 < 0 }) { throw .impossibleBound(wrong) }
      return values
    }
    switch Int(answer.form) {
    case Int(CNN_BOUND_NONE): return nil
    case Int(CNN_BOUND_EXACT): return .exact
    case Int(CNN_BOUND_ACCUMULATED):
      guard answer.terms >= 0 else { throw .impossibleBound(Double(answer.terms)) }
      return .sum(
        terms: Int(answer.terms), magnitude: try values(), products: answer.isProducts)
    case Int(CNN_BOUND_ELEMENTWISE): return .elementwise(try values())
    default: throw .noBound(form: answer.form)
    }
  }

  /// Whether the layer has a forward and a backward pass of its own in single precision.
  var hasSingle: Bool { kind.functions.isSuperset(of: [.singleForward, .singleBackward]) }
}

extension ReplyMessage {
  /// What a function refused, in the words of the plug-in.
  var problem: LayerProblem {
    let words = reasons.map { UntrustedText(bytes: $0).terminal }
    return .other(
      words.isEmpty
        ? "is refused without a reason (code \(code))" : words.joined(separator: "; "))
  }
}
