// Library.swift
// Every call of libhdf5 climbs one ladder: lock, silence, call, check, copy the frames, clear,
// unlock. The frames die with the next call, and a library that prints by itself or runs its own
// exit handler after a failed open would speak over us ("infinite loop closing library").

internal import CHDF5
internal import Synchronization
import Text

/// libhdf5 refused a call: what it said.
struct LibraryFailure: Error {
  let frames: [LibraryFrame]
}

/// Which answer of a function means that it failed.
enum Failing<Answer: Comparable> {
  case below(Answer)
  case exactly(Answer)
  case never

  func isMet(by answer: Answer) -> Bool {
    switch self {
    case .below(let bound): answer < bound
    case .exactly(let value): answer == value
    case .never: false
    }
  }
}

/// The way to every function of libhdf5.
enum Library {
  private static let lock = Mutex<Bool>(false)

  /// Calls `body`, which returns a negative number on failure.
  @discardableResult
  static func call<Status: SignedInteger & Sendable>(
    _ body: () -> Status
  ) throws(LibraryFailure) -> Status {
    try call(failing: .below(0), body)
  }

  /// Calls `body`, whose result means failure where `failing` says so.
  static func call<Answer: Sendable & Comparable>(
    failing: Failing<Answer>, _ body: () -> Answer
  ) throws(LibraryFailure) -> Answer {
    let (answer, frames): (Answer, [LibraryFrame]?) = lock.withLock { started in
      if !started {
        H5dont_atexit()
        started = true
      }
      CHDF5_silence()
      let answer = body()
      guard failing.isMet(by: answer) else { return (answer, nil) }
      let frames = currentFrames()
      CHDF5_clearErrors()
      return (answer, frames)
    }
    if let frames { throw LibraryFailure(frames: frames) }
    return answer
  }

  /// Objects of all files that are open in this process.
  static var openObjectCount: Int {
    lock.withLock { _ in H5Fget_obj_count(CHDF5_anyFile(), CHDF5_allObjects()) }
  }

  private static let longestStack = 32

  private static func currentFrames() -> [LibraryFrame] {
    var frames: [LibraryFrame] = []
    withUnsafeMutablePointer(to: &frames) { pointer in
      CHDF5_walkErrors(
        { function, description, major, minor, context in
          guard let context else { return }
          let frames = context.assumingMemoryBound(to: [LibraryFrame].self)
          guard frames.pointee.count < Library.longestStack else { return }
          frames.pointee.append(
            LibraryFrame(
              function: Library.copy(function), description: Library.copy(description),
              major: Library.copy(major), minor: Library.copy(minor)))
        }, pointer)
    }
    return frames
  }

  private static func copy(_ string: UnsafePointer<CChar>?) -> UntrustedText {
    guard let string else { return UntrustedText(bytes: []) }
    return UntrustedText(bytes: CString.bytes(string, limit: 512))
  }
}

/// Bytes of C strings, copied before the call that lent them returns.
enum CString {
  static func bytes(_ string: UnsafePointer<CChar>, limit: Int) -> [UInt8] {
    var result: [UInt8] = []
    while result.count < limit, string[result.count] != 0 {
      result.append(UInt8(bitPattern: string[result.count]))
    }
    return result
  }
}
