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
import Tensors

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

/// The time of one step: of one, or of as many as take `enough` milliseconds.
func time<S: TrainingScalar>(_ step: inout TrainingStep<S>) throws -> Double {
  let enough = 100.0
  let start = now()
  var steps = 0.0
  while true {
    _ = try step.run()
    steps += 1
    let elapsed = now() - start
    if elapsed > enough { return elapsed / steps }
  }
}

/// Answers questions about one network until there are none left.
func answer<S: TrainingScalar>(_ architecture: Architecture, as type: S.Type) throws {
  var step = try TrainingStep(architecture, as: type)
  while let line = readLine() {
    switch line {
    case "parameters": print(step.parameters)
    case "convolved": print(try step.convolved())
    case "complete": print(try step.isComplete() ? 1 : 0)
    case "step": print(try time(&step))
    default: print("not understood: \(line)")
    }
    fflush(nil)
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
