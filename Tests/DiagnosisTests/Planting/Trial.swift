import Diagnosis
import Discrepancy
import LayerKit
import StandardLayers
import Tensors

/// A layer, its operands in one format, and the diagnosis of tensors that were computed elsewhere.
struct Trial<S: FloatingScalar> {
  let layer: AnyLayer
  let operands: Operands<S>
  let upstream: [Tensor<S>]
  var flattened: Shape?

  private var exact: Operands<Double> {
    var exact = operands.mapTensors { $0.map { Double($0.value) } }
    exact.format = S.format
    return exact
  }

  private var exactUpstream: [Tensor<Double>] { upstream.map { $0.map { Double($0.value) } } }

  /// The right result in double precision.
  func computed(_ tensor: ResultTensor) -> Tensor<Double> {
    switch tensor {
    case .output(let index): return unfailing { try layer.double.forward(exact) }.outputs[index]
    case .buffer(let name):
      return unfailing { try layer.double.forward(exact) }.buffers[name] ?? Tensor(scalar: .nan)
    case .inputGradient(let index):
      let request = GradientRequest(inputs: [index], parameters: [])
      return unfailing { try layer.double.backward(exact, exactUpstream, request) }.inputs[index]
        ?? Tensor(scalar: .nan)
    case .parameterGradient(let name):
      let request = GradientRequest(inputs: [], parameters: [name])
      return unfailing { try layer.double.backward(exact, exactUpstream, request) }.parameters[name]
        ?? Tensor(scalar: .nan)
    }
  }

  private func question(
    _ tensor: ResultTensor, _ suspect: Tensor<S>
  ) -> (evidence: Evidence, tolerance: Tolerance) {
    let formats = ComparisonFormats(ours: .float64, reference: S.format)
    let values = computed(tensor)
    let bound = unfailing {
      try layer.bound(
        BoundQuestion(
          tensor, operands: exact, upstream: tensor.isGradient ? exactUpstream : [],
          computed: values, rounding: formats.rounding))
    }
    let evidence = Evidence(
      tensor, suspect: suspect.map { Double($0.value) }, computed: values, operands: exact,
      upstream: exactUpstream, layer: layer, rounding: formats.rounding, flattened: flattened,
      format: S.format)
    return (evidence, Tolerance(bound, formats))
  }

  /// The verdict on a tensor that was computed elsewhere.
  func verdict(_ tensor: ResultTensor, _ suspect: Tensor<S>) -> Verdict {
    let (evidence, tolerance) = question(tensor, suspect)
    var comparator = Comparator(
      ours: evidence.computed, tolerance: tolerance, inputsAreFinite: true)
    comparator.compare(evidence.suspect.elements)
    return Verdict(comparator.finish())
  }

  /// Why such a tensor differs.
  func diagnosis(_ tensor: ResultTensor, _ suspect: Tensor<S>) -> TensorDiagnosis {
    let (evidence, tolerance) = question(tensor, suspect)
    return Diagnostician(evidence, tolerance: tolerance).diagnosis()
  }

  /// Who is wrong about such a tensor; `ours` is what was computed here, if not the right result.
  func arbitration(
    _ tensor: ResultTensor, _ suspect: Tensor<S>, ours: Tensor<Double>? = nil
  ) -> Arbitration? {
    let (evidence, tolerance) = question(tensor, suspect)
    return Arbiter(evidence, ours: ours ?? evidence.computed, tolerance: tolerance).arbitrate()
  }
}
