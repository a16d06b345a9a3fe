// Times the check of a small convolution's derivatives, for a script that runs a peer's beside it.
//
// Answers each line, `jacobian` or `projections`, with the milliseconds of one check of all
// derivatives: every entry of the Jacobian, or its products with random vectors. With `--cpu-time`
// the clock is the processor time of this process, with `--threads N` the work is spread.

import Conformance
import Glibc
import LayerKit
import StandardLayers
import Tensors

/// The convolution of `tools/bench/jacobian`: 2 images of 3 channels, 4 filters of 3×3.
let shapes = OperandShapes(
  inputs: [[2, 3, 8, 8]], parameters: ["weight": [4, 3, 3, 3], "bias": [4]])

var arguments = CommandLine.arguments.dropFirst()
let clock = arguments.contains("--cpu-time") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC
if let place = arguments.firstIndex(of: "--threads"), place + 1 < arguments.endIndex,
  let threads = Int(arguments[place + 1]), threads > 0
{
  Parallel.threads = threads
}

/// The time on the chosen clock, in milliseconds.
func now() -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
}

/// The time of one check; nil if it did not hold.
func measure(_ check: () throws -> Bool) rethrows -> Double? {
  let start = now()
  guard try check() else { return nil }
  return now() - start
}

guard let definition = StandardLayers.layers.first(where: { $0.signature.kind == "Conv2d" }) else {
  fatalError("there is no convolution among the standard layers")
}
let layer = try definition.layer(["padding": 1])
var random = RandomOperands(seed: 1)
let operands = random.operands(shapes, of: definition.signature)

while let line = readLine() {
  let found =
    switch line {
    case "jacobian":
      try measure { try JacobianComparison.measure(layer, operands)?.holds() ?? false }
    case "projections":
      try measure {
        try AdjointIdentity.measure(layer, operands, seed: 2).allSatisfy { $0.holds() }
      }
    default: Double?.none
    }
  print(found.map { "\($0)" } ?? "does not hold, or is not understood: \(line)")
  fflush(nil)
}
