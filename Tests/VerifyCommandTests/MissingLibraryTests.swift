import FixtureDrafts
import Foundation
import Testing

/// libhdf5 is loaded when it is first needed, not when the command starts.
@Suite struct MissingLibraryTests {
  private let folder: TemporaryFolder
  /// Makes the loader find files that are no libraries where libhdf5 would be.
  private let withoutLibrary: [String: String]

  init() throws {
    folder = try TemporaryFolder()
    let names = ["libhdf5_serial.so", "libhdf5.so"].flatMap { name in
      [name] + ["103", "200", "300", "310"].map { "\(name).\($0)" }
    }
    for name in names {
      try "no library".write(toFile: folder(name), atomically: true, encoding: .utf8)
    }
    withoutLibrary = ["LD_LIBRARY_PATH": folder("")]
  }

  // Worker processes get none of this environment, so that reading goes on.
  @Test func whatDoesNotWriteDoesWithoutIt() throws {
    let path = try folder.write(FixtureDraft.network(fault: 0.5))
    #expect(try CommandRun("layers", environment: withoutLibrary).status == 0)
    #expect(try CommandRun(path, environment: withoutLibrary).status == 1)
  }

  @Test func whatWritesSaysThatItIsMissing() throws {
    let path = try folder.write(FixtureDraft.network(fault: 0.5))
    let run = try CommandRun(path, "--arrays", folder("a.h5"), environment: withoutLibrary)
    #expect(run.status == 2)
    #expect(run.errors.contains("needs libhdf5, which cannot be loaded"))
    #expect(run.errors.contains("apt-get install libhdf5-dev"))
    #expect(!FileManager.default.fileExists(atPath: folder("a.h5")))
  }
}
