// What a parallel loop costs beside its work.

import Glibc
import Tensors

/// The microseconds that a loop adds to its work.
enum LoopStart {
  private static let loops = 400

  /// With one iteration of `work` microseconds for each thread, begun `pause` microseconds after
  /// the loop before.
  ///
  /// The lower decile of many loops: other programs disturb the rest.
  static func cost(pause: Double, work: Double) -> Double {
    let threads = Parallel.threads
    let times = (0..<loops).map { _ in
      spin(pause)
      let start = wallTime()
      Parallel.forEach(threads) { _ in spin(work) }
      return wallTime() - start - work
    }
    return times.sorted()[loops / 10]
  }

  /// Computes nothing for some microseconds.
  private static func spin(_ time: Double) {
    let end = wallTime() + time
    while wallTime() < end {}
  }

  /// The time in microseconds, whatever clock the program reports.
  private static func wallTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }
}
