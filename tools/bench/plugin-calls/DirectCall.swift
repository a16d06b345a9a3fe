import CLayerABI
import Glibc
import LayerKit
import Tensors

/// A kind of a plug-in in this process, without any of what the host does: its functions are called
/// on tensors that stay where they are.
final class DirectCall<S: FloatingScalar> {
  private let type: cnn_layer_type
  private var tensors: [UnsafeMutablePointer<cnn_tensor>] = []
  private var lists: [UnsafeMutablePointer<UnsafeMutablePointer<cnn_tensor>?>] = []
  private var operands = cnn_operands()
  private var results = cnn_results()
  private var gradients = cnn_gradients()

  /// Lays out the tensors of one kind.
  init?(_ kind: String, library: String, _ input: Tensor<S>, _ weight: Tensor<S>?) {
    typealias Entry = @convention(c) () -> UnsafePointer<cnn_plugin>?
    guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL),
      let symbol = dlsym(handle, "cnn_plugin_entry"),
      let plugin = unsafeBitCast(symbol, to: Entry.self)()?.pointee,
      let type = (0..<Int(plugin.layer_count)).compactMap({ plugin.layers[$0]?.pointee })
        .first(where: { String(cString: $0.kind) == kind })
    else { return nil }
    self.type = type
    let output = Tensor<S>(input.shape, repeating: 0)
    operands.struct_size = UInt32(MemoryLayout<cnn_operands>.size)
    operands.input_count = 1
    operands.inputs = readable([input])
    operands.parameters = readable(weight.map { [$0] } ?? [])
    results.struct_size = UInt32(MemoryLayout<cnn_results>.size)
    results.output_count = 1
    results.outputs = UnsafePointer(list([output]))
    gradients.struct_size = UInt32(MemoryLayout<cnn_gradients>.size)
    gradients.output_count = 1
    gradients.upstream = readable([input])
    gradients.inputs = UnsafePointer(list([output]))
    gradients.parameters = UnsafePointer(list(weight.map { [$0] } ?? []))
  }

  deinit {
    for tensor in tensors {
      tensor.pointee.data.deallocate()
      tensor.deallocate()
    }
    for list in lists { list.deallocate() }
  }

  /// The forward pass; the upstream gradient of the other is the input once more.
  func forward() -> Bool {
    let function = MemoryLayout<S>.size == 4 ? type.forward_f32 : type.forward_f64
    return function?(nil, nil, &operands, &results) == Int32(CNN_OK)
  }

  func backward() -> Bool {
    let function = MemoryLayout<S>.size == 4 ? type.backward_f32 : type.backward_f64
    return function?(nil, nil, &operands, &gradients) == Int32(CNN_OK)
  }

  /// The elements that the forward pass wrote.
  var output: [S] {
    guard let tensor = results.outputs[0]?.pointee else { return [] }
    let elements = tensor.data.assumingMemoryBound(to: S.self)
    return Array(UnsafeBufferPointer(start: elements, count: Int(tensor.count)))
  }

  // MARK: Tensors

  private func readable(_ tensors: [Tensor<S>]) -> UnsafePointer<UnsafePointer<cnn_tensor>?> {
    UnsafeRawPointer(list(tensors)).assumingMemoryBound(to: UnsafePointer<cnn_tensor>?.self)
  }

  private func list(
    _ tensors: [Tensor<S>]
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<cnn_tensor>?> {
    let list = UnsafeMutablePointer<UnsafeMutablePointer<cnn_tensor>?>.allocate(
      capacity: max(1, tensors.count))
    list.initialize(repeating: nil, count: max(1, tensors.count))
    for (index, tensor) in tensors.enumerated() { list[index] = copy(tensor) }
    lists.append(list)
    return list
  }

  private func copy(_ tensor: Tensor<S>) -> UnsafeMutablePointer<cnn_tensor> {
    let size = tensor.shape.count * MemoryLayout<S>.size
    let data = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
    tensor.elements.withUnsafeBytes { bytes in
      UnsafeMutableRawBufferPointer(start: data, count: size).copyMemory(from: bytes)
    }
    var described = cnn_tensor()
    described.struct_size = UInt32(MemoryLayout<cnn_tensor>.size)
    described.format = UInt32(MemoryLayout<S>.size == 4 ? CNN_FLOAT32 : CNN_FLOAT64)
    described.rank = UInt32(tensor.shape.rank)
    described.count = Int64(tensor.shape.count)
    withUnsafeMutableBytes(of: &described.shape) { bytes in
      let extents = bytes.bindMemory(to: Int64.self)
      for axis in extents.indices {
        extents[axis] = axis < tensor.shape.rank ? Int64(tensor.shape[axis]) : 1
      }
    }
    described.data = data
    let pointer = UnsafeMutablePointer<cnn_tensor>.allocate(capacity: 1)
    pointer.initialize(to: described)
    tensors.append(pointer)
    return pointer
  }
}
