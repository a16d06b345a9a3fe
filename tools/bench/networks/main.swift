// Times steps of training, for a script that runs a peer's beside them.
//
//     bench-networks NETWORK f32|f64 [--threads N] [--cpu-time]
//
// Answers each line: `parameters` with their number, `convolved` with the number of elements that all
// convolutions put out, `complete` with 1 if every parameter has a gradient, and `step` with the
// milliseconds of one forward and backward pass.

import Glibc
import LayerKit
import Network
import Stopwatch

var arguments = CommandLine.arguments.dropFirst()
let stopwatch = Stopwatch(arguments)

/// The time of one step: of one, or of as many as take `enough` milliseconds.
func time<S: TrainingScalar>(_ step: inout TrainingStep<S>) throws -> Double {
  let enough = 100.0
  let start = stopwatch.now
  var steps = 0.0
  while true {
    _ = try step.run()
    steps += 1
    let elapsed = stopwatch.now - start
    if elapsed > enough { return elapsed / steps }
  }
}

/// Answers questions about one network until there are none left.
func answer<S: TrainingScalar>(_ architecture: Architecture, as type: S.Type) throws {
  var step = try TrainingStep(architecture, as: type)
  try stopwatch.answer { line in
    switch line {
    case "parameters": Double(step.parameters)
    case "convolved": Double(try step.convolved())
    case "complete": try step.isComplete() ? 1 : 0
    case "step": try time(&step)
    default: nil
    }
  }
}

guard let name = arguments.popFirst(), let architecture = Architecture(rawValue: name),
  let type = arguments.popFirst(), ["f32", "f64"].contains(type)
else {
  print("usage: bench-networks lenet|resnet18|mobilenetv2|vgg16 f32|f64 [--threads N] [--cpu-time]")
  exit(2)
}
do {
  switch type {
  case "f32": try answer(architecture, as: Float.self)
  default: try answer(architecture, as: Double.self)
  }
} catch {
  print("bench-networks: \(error)")
  exit(2)
}
