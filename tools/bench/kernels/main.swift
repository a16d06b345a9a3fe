// Times single convolutions, for a script that runs a peer's beside them.
//
// Reads one request a line, `f64 dX 8 64 56 56 128 3 2 1 1` (type, direction, N C H W O, kernel,
// stride, padding, groups), and answers each with the milliseconds of one call. `f64 peak avx2` is
// answered with GFLOP/s, 0 where the processor lacks the instructions; `memory read` and
// `memory copy` with GB/s; `loop 100 300` with the microseconds that a parallel loop takes beside
// iterations of 300, one for each thread, if it begins 100 after the loop before. Options:
// Stopwatch.

import Kernels
import Stopwatch
import Tensors

let stopwatch = Stopwatch(CommandLine.arguments.dropFirst())

/// The time of one call, warm: repeated at least twice and until `enough` milliseconds are over.
///
/// One that takes `long` counts by itself: what warms up is small beside it.
func measure(_ body: () -> Void) -> Double {
  let (enough, long) = (3.0, 100.0)
  let first = stopwatch.now
  body()
  let start = stopwatch.now
  if start - first > long { return start - first }
  var calls = 0.0
  while true {
    body()
    calls += 1
    let elapsed = stopwatch.now - start
    if elapsed > enough && calls > 1 { return elapsed / calls }
  }
}

/// Numbers between −½ and ½; a fixed seed, since only the time matters.
func numbers<S: KernelScalar>(_ count: Int) -> [S] {
  var state: UInt64 = 1
  return [S](count: count) { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return S(Double(state >> 33) / Double(1 << 31) - 0.5)
  }
}

/// The time of one direction of a convolution.
func time<S: KernelScalar>(_ direction: Substring, _ geometry: ConvolutionGeometry, _: S.Type)
  -> Double?
{
  let x: [S] = numbers(geometry.inputCount)
  let w: [S] = numbers(geometry.weightCount)
  let dy: [S] = numbers(geometry.outputCount)
  switch direction {
  case "fwd": return measure { _ = Convolution.forward(x, w, bias: nil, geometry) }
  case "dX": return measure { _ = Convolution.inputGradient(dy, w, geometry) }
  case "dW": return measure { _ = Convolution.weightGradient(x, dy, geometry) }
  default: return nil
  }
}

/// The answer to a request of three or fewer words: a limit of the machine.
func limit(_ words: [Substring]) -> Double? {
  switch (words.first, words.dropFirst().first) {
  case ("memory", "read"): return MachineLimits.reading()
  case ("memory", "copy"): return MachineLimits.copying()
  case ("loop", let pause?):
    guard let pause = Double(pause), let work = words.last.flatMap({ Double($0) }) else {
      return nil
    }
    return LoopStart.cost(pause: pause, work: work)
  case (let type, "peak"):
    guard let name = words.last, let set = InstructionSet.allCases.first(where: { "\($0)" == name })
    else { return nil }
    guard InstructionSet.available.contains(set) else { return 0 }
    return type == "f32"
      ? MachineLimits.peak(set, Float.self) : MachineLimits.peak(set, Double.self)
  default: return nil
  }
}

/// The answer to a request for a convolution.
func convolution(_ words: [Substring]) -> Double? {
  let sizes = words.dropFirst(2).compactMap { Int($0) }
  guard words.count == 11, sizes.count == 9 else { return nil }
  let axes = [sizes[2], sizes[3]].map {
    WindowAxis(
      extent: $0, kernel: sizes[5], stride: sizes[6], paddingBegin: sizes[7],
      paddingEnd: sizes[7])
  }
  let geometry = ConvolutionGeometry(
    batch: sizes[0], inputChannels: sizes[1], outputChannels: sizes[4], groups: sizes[8],
    axes: axes)
  return words[0] == "f32"
    ? time(words[1], geometry, Float.self) : time(words[1], geometry, Double.self)
}

stopwatch.answer { line in
  let words = line.split(separator: " ")
  return words.count > 3 ? convolution(words) : limit(words)
}
