// Library.swift
// Every call of libhdf5 climbs one ladder: load, lock, silence, call, check, copy the frames, clear,
// unlock. The frames die with the next call, and a library that prints by itself would speak over us.

internal import CHDF5
internal import Synchronization
import Text

/// libhdf5 refused a call, or could not be loaded: what it or the loader said.
struct LibraryFailure: Error {
  let frames: [LibraryFrame]
  /// Whether there is no library, or not the right one.
  var isMissing = false

  /// What to tell where the library was asked for this.
  func reason(in step: LibraryStep) -> HDF5Reason { .library(isMissing ? .load : step) }
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

/// The way to every function of libhdf5, which is loaded by the first call.
enum Library {
  private static let lock = Mutex<Void>(())

  /// Calls `body`, which returns a negative number on failure.
  @discardableResult
  static func call<Status: SignedInteger & Sendable>(
    _ body: (CHDF5_library) -> Status
  ) throws(LibraryFailure) -> Status {
    try call(failing: .below(0), body)
  }

  /// Calls `body`, whose result means failure where `failing` says so.
  static func call<Answer: Sendable & Comparable>(
    failing: Failing<Answer>, _ body: (CHDF5_library) -> Answer
  ) throws(LibraryFailure) -> Answer {
    let result: Result<Answer, LibraryFailure> = lock.withLock { _ in
      loaded().flatMap { library in
        CHDF5_silence()
        let answer = body(library.pointee)
        guard failing.isMet(by: answer) else { return .success(answer) }
        let frames = currentFrames()
        CHDF5_clearErrors()
        return .failure(LibraryFailure(frames: frames))
      }
    }
    return try result.get()
  }

  /// Loads libhdf5 now: confined processes may no longer do so.
  static func load() throws(LibraryFailure) {
    _ = try lock.withLock { _ in loaded().map { _ in } }.get()
  }

  /// Objects of all files that are open in this process.
  static var openObjectCount: Int {
    get throws(LibraryFailure) {
      try call { $0.H5Fget_obj_count(CHDF5_anyFile(), CHDF5_allObjects()) }
    }
  }

  private static func loaded() -> Result<UnsafePointer<CHDF5_library>, LibraryFailure> {
    var problem: UnsafePointer<CChar>?
    if let library = CHDF5_load(&problem) { return .success(library) }
    let frame = LibraryFrame(
      function: UntrustedText("dlopen"), description: copy(problem), major: UntrustedText(""),
      minor: UntrustedText(""))
    return .failure(LibraryFailure(frames: [frame], isMissing: true))
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
