import LayerKit
import StandardLayers
import Tensors
import Testing

@Test(arguments: ReferenceConvolution.all)
func `a convolution is what PyTorch computes`(_ reference: ReferenceConvolution) throws {
  let layer = try Application.layer(reference.kind, reference.hyperparameters)
  #expect(try layer.outputShapes(reference.operands.shapes) == [reference.y.shape])
  #expect(try layer.double.define(reference.operands).outputs == [reference.y])
  #expect(try layer.double.forward(reference.operands).outputs == [reference.y])
  let wanted = GradientRequest(inputs: [0], parameters: ["weight", "bias"])
  let gradients = try layer.double.backward(reference.operands, [reference.dy], wanted)
  #expect(gradients.inputs == [reference.dx])
  #expect(gradients.parameters == ["weight": reference.dw, "bias": reference.db])
}
