import Glibc
import Tensors

/// The clock of a program that times work for a script, which runs a peer's beside it.
public struct Stopwatch: Sendable {
  private let clock: clockid_t

  /// Takes the options that all these programs share, wherever they stand among the arguments.
  ///
  /// With `--cpu-time` the clock is the processor time of this process, with `--threads N` parallel
  /// loops of this process use N threads, 1 or more; anything else is left to the program.
  public init(_ arguments: ArraySlice<String>) {
    clock = arguments.contains("--cpu-time") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC
    guard let place = arguments.firstIndex(of: "--threads"), place + 1 < arguments.endIndex,
      let threads = Int(arguments[place + 1]), threads > 0
    else { return }
    Parallel.threads = threads
  }

  /// The time, in milliseconds since some moment.
  public var now: Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }

  /// Answers each line of the standard input with a number, until there are none left.
  public func answer(_ question: (String) throws -> Double?) rethrows {
    while let line = readLine() {
      let found = try question(line)
      print(found.map { "\($0)" } ?? "no answer to: \(line)")
      fflush(nil)
    }
  }
}
