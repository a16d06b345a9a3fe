// Times the check of a small convolution's derivatives, for a script that runs a peer's beside it.
//
// Answers each line, `jacobian` or `projections`, with the milliseconds of one check of all
// derivatives: every entry of the Jacobian, or its products with random vectors; one that does not hold
// has no time. Options: Stopwatch.

import Conformance
import LayerKit
import StandardLayers
import Stopwatch
import Tensors

/// The convolution of `tools/bench/jacobian`: 2 images of 3 channels, 4 filters of 3×3.
let shapes = OperandShapes(
  inputs: [[2, 3, 8, 8]], parameters: ["weight": [4, 3, 3, 3], "bias": [4]])

let stopwatch = Stopwatch(CommandLine.arguments.dropFirst())

/// The time of one check; nil if it did not hold.
func measure(_ check: () throws -> Bool) rethrows -> Double? {
  let start = stopwatch.now
  guard try check() else { return nil }
  return stopwatch.now - start
}

guard let definition = StandardLayers.layers.first(where: { $0.signature.kind == "Conv2d" }) else {
  fatalError("there is no convolution among the standard layers")
}
let layer = try definition.layer(["padding": 1])
var random = RandomOperands(seed: 1)
let operands = random.operands(shapes, of: definition.signature)

try stopwatch.answer { line in
  switch line {
  case "jacobian":
    try measure { try JacobianComparison.measure(layer, operands)?.holds() ?? false }
  case "projections":
    try measure {
      try AdjointIdentity.measure(layer, operands, seed: 2).allSatisfy { $0.holds() }
    }
  default: nil
  }
}
