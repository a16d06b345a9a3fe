import Glibc

/// What a piece of work took, in milliseconds.
struct Cost {
  /// By the clock on the wall.
  var wall: Double
  /// Of the processor, in this process and the ones that it started.
  var processor: Double

  static func - (later: Cost, earlier: Cost) -> Cost {
    Cost(wall: later.wall - earlier.wall, processor: later.processor - earlier.processor)
  }

  static func / (cost: Cost, count: Double) -> Cost {
    Cost(wall: cost.wall / count, processor: cost.processor / count)
  }

  /// Now.
  static var now: Cost {
    Cost(
      wall: time(CLOCK_MONOTONIC),
      processor: time(CLOCK_PROCESS_CPUTIME_ID) + children.reduce(0) { $0 + processorTime($1) })
  }

  private static func time(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }

  private static func processorTime(_ process: pid_t) -> Double {
    var clock = clockid_t()
    return clock_getcpuclockid(process, &clock) == 0 ? time(clock) : 0
  }

  /// The processes that this one started and that still run; they stay the same while it measures.
  private static let children: [pid_t] = {
    guard let file = fopen("/proc/thread-self/children", "r") else { return [] }
    defer { fclose(file) }
    var bytes = [CChar](repeating: 0, count: 4096)
    guard fgets(&bytes, Int32(bytes.count), file) != nil else { return [] }
    let numbers = bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: numbers, as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
  }()
}
