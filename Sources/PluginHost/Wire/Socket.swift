internal import Glibc

/// One end of the connection between the command and the process of a plug-in.
///
/// Each message is its length in four bytes, then so many bytes.
enum Socket {
  /// The longest message: a table of 4,096 kinds with their texts.
  static let longest = 64 << 20

  /// Sends a message; says whether anybody takes it.
  static func send(_ message: [UInt8], to descriptor: Int32) -> Bool {
    let length = UInt32(truncatingIfNeeded: message.count).littleEndian
    let bytes = withUnsafeBytes(of: length) { Array($0) } + message
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(
          descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Why no message came.
  enum Silence: Error {
    /// The other side is gone.
    case closed
    /// The time is over.
    case overdue
    /// What came is no message.
    case malformed
  }

  /// Waits for a message until a point in time.
  static func receive(
    from descriptor: Int32, deadline: Double = .infinity
  ) throws(Silence) -> [UInt8] {
    let header = try receive(4, from: descriptor, deadline: deadline)
    let length = header.enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    guard length <= longest else { throw .malformed }
    return try receive(length, from: descriptor, deadline: deadline)
  }

  private static func receive(
    _ count: Int, from descriptor: Int32, deadline: Double
  ) throws(Silence) -> [UInt8] {
    var message: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: min(count, 1 << 16))
    while message.count < count {
      try wait(for: descriptor, deadline: deadline)
      let received = read(descriptor, &buffer, min(buffer.count, count - message.count))
      if received < 0, errno == EINTR { continue }
      guard received > 0 else { throw .closed }
      message += buffer[..<received]
    }
    return message
  }

  private static func wait(for descriptor: Int32, deadline: Double) throws(Silence) {
    guard deadline.isFinite else { return }
    while true {
      let left = deadline - MonotonicClock.now
      guard left > 0 else { throw .overdue }
      var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&poller, 1, Int32(min(left * 1000 + 1, 60_000)))
      if ready > 0 { return }
    }
  }
}

/// The time since some fixed point, in seconds, which nobody sets back.
enum MonotonicClock {
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
