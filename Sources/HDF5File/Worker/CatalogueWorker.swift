// CatalogueWorker.swift
// The confined process: the only place where libhdf5 parses a foreign file.

internal import CHDF5
internal import CSandbox
internal import Glibc

/// The role of a confined process that lists what is in a file.
public enum CatalogueWorker {
  /// The argument that asks for the role.
  package static let role = "--hdf5-catalogue-worker"
  /// Set in the environment of a worker, so that a program without the role starts no further one.
  package static let environmentMark = "CNN_HDF5_CATALOGUE_WORKER"

  /// Takes the role and ends the process, if that is what it was started for.
  ///
  /// Call it first in `main`: a program that opens an `HDF5File` starts itself once more for it.
  public static func runIfRequested() {
    guard CommandLine.argc == 2, CommandLine.arguments[1] == role else { return }
    run()
    // Not exit(): handlers of libraries have nothing to do here, and may need forbidden calls.
    _exit(0)
  }

  /// Starts the confined process for a file that this program opens later, before it is known which.
  ///
  /// The process is a copy of this one that loads libhdf5, waits for the file, and confines itself
  /// before it reads the first byte. Call it early in `main`, after `runIfRequested()` and before
  /// anything is printed or a thread started, once for each of the first files, and only where they
  /// will be opened: a copy that is not needed ends with this process. Where a copy would not be as
  /// good as the program started anew, because threads run or because the environment has settings
  /// for the dynamic linker, nothing is started.
  public static func startAhead() {
    guard getenv(environmentMark) == nil else { return }
    var socket: Int32 = -1
    var process: pid_t = -1
    guard CSandbox_fork(&socket, &process) == 0 else { return }
    guard process == 0 else { return WaitingWorker(process: process, socket: socket).wait() }
    _ = missingLibrary()
    if CSandbox_receiveFile() { run() }
    _exit(0)
  }

  private static let limits = CSandbox_limits(
    addressSpace: 1 << 30, cpuSeconds: 10, openFiles: 16)

  private static func run() {
    // What the loader needs is refused once the process is confined.
    let missing = missingLibrary()
    var limits = limits
    let inForce = CSandbox_confine(&limits)
    var writer = RecordWriter(descriptor: Int32(CSandbox_pipeDescriptor))
    writer.record(.confinement) { $0.put(UInt32(inForce)) }
    if let missing {
      writer.record(.refusal) { missing.put(into: &$0) }
      return writer.flush()
    }
    let driver = CSandbox_registerDriver(Int32(CSandbox_fileDescriptor))
    var walk = CatalogueWalk(writer: writer)
    do throws(WalkRefusal) {
      try walk.run(driver: hid_t(driver))
      walk.writer.record(.end)
    } catch {
      walk.writer.record(.refusal) { error.put(into: &$0) }
    }
    // Whatever happened, every handle was closed; the whole corpus of the tests runs through here.
    precondition((try? Library.openObjectCount) ?? -1 == 0, "a handle leaked")
    walk.writer.flush()
    // The parent need not wait until all memory is given back.
    close(Int32(CSandbox_pipeDescriptor))
  }

  private static func missingLibrary() -> WalkRefusal? {
    do throws(LibraryFailure) {
      try Library.load()
      return nil
    } catch {
      let step = UInt64(LibraryStep.load.rawValue)
      return WalkRefusal(path: [], code: .library, figure: step, frames: error.frames)
    }
  }
}

/// What ends the walk: the file is refused.
struct WalkRefusal: Error {
  let path: [UInt8]
  let code: RefusalCode
  /// A name within the object, where one is concerned.
  var name: [UInt8] = []
  /// A figure, where one is concerned.
  var figure: UInt64 = 0
  var frames: [LibraryFrame] = []

  func put(into writer: inout RecordWriter) {
    writer.put(bytes: path)
    writer.put(code.rawValue)
    writer.put(bytes: name)
    writer.put(figure)
    writer.put(frames: frames)
  }
}
