import FixtureDrafts
import Glibc
import HDF5File
import Testing

/// A confined process that fails in every way gives one clear error.
@Suite struct WorkerProcessTests {
  /// Stays as long as the test runs.
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A program that ignores its role and does something else.
  private func script(_ body: String) throws -> WorkerExecutable {
    let path = folder("worker-\(folder.names.count)")
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o700)
    try #require(descriptor >= 0)
    let content = "#!/bin/sh\n\(body)\n"
    #expect(write(descriptor, content, content.utf8.count) == content.utf8.count)
    close(descriptor)
    return WorkerExecutable(path: path)
  }

  private func end(_ worker: WorkerExecutable, timeout: Int = 20) -> WorkerEnd? {
    do throws(HDF5Error) {
      _ = try HDF5File(
        path: Corpus.path("good/trailing.h5"),
        options: ReadOptions(worker: worker, timeout: timeout))
      return nil
    } catch {
      guard case .worker(let end, _) = error.reason else { return nil }
      #expect(error.description.contains("was not read: ") || error.description.contains("reader"))
      return end
    }
  }

  @Test func deaths() throws {
    #expect(end(WorkerExecutable(path: "/bin/false")) == .exit(1))
    #expect(end(WorkerExecutable(path: "/bin/true")) == .malformed("it ends early"))
    #expect(end(WorkerExecutable(path: "/absent")) == .cannotStart(errno: ENOENT))
    #expect(end(WorkerExecutable(path: "/bin/echo")) == .malformed("it ends early"))
    #expect(end(try script("kill -SEGV $$")) == .signal(SIGSEGV))
    #expect(end(try script("exit 127")) == .exit(127))
  }

  @Test func garbage() throws {
    let garbage = try script("printf 'not a catalogue at all' >&4")
    #expect(end(garbage) == .malformed("it does not begin as one"))
    let cut = try script(#"printf 'CNNCAT\000\002\001\004\000\000\000\017' >&4"#)
    #expect(end(cut) == .malformed("it ends early"))
    let long = try script(#"printf 'CNNCAT\000\002\001\377\377\377\377' >&4"#)
    #expect(end(long) == .malformed("a record is too long"))
  }

  @Test func hangs() throws {
    #expect(end(try script("sleep 600"), timeout: 1) == .timeout(seconds: 1))
    #expect(end(try script("exec 4>&-; sleep 600"), timeout: 1) == .timeout(seconds: 1))
  }

  @Test func floods() throws {
    let flood = try script("cat /dev/zero >&4")
    #expect(end(flood, timeout: 60) == .malformed("it does not begin as one"))
  }

  @Test func programsWithoutTheRoleStartNoFurther() throws {
    // The mark in the environment is what a worker finds that does not take its role.
    let check = try script(#"[ "$CNN_HDF5_CATALOGUE_WORKER" = 1 ] && exit 3"#)
    #expect(end(check) == .exit(3))
  }

  @Test func findsOnlyItsDescriptorsAndNoEnvironment() throws {
    setenv("HDF5_PLUGIN_PATH", "/tmp", 1)
    setenv("LD_PRELOAD_PROBE", "x", 1)
    let null = open("/dev/null", O_RDONLY)
    let spare = fcntl(null, F_DUPFD, 200)  // inheritable, on purpose
    defer {
      close(null)
      close(spare)
    }
    let check = try script(
      """
      [ -z "$HDF5_PLUGIN_PATH$LD_PRELOAD_PROBE" ] || exit 9
      [ -e /proc/self/fd/3 ] && [ -e /proc/self/fd/4 ] || exit 8
      [ "$1" = --hdf5-catalogue-worker ] || exit 7
      [ ! -e /proc/$$/fd/\(spare) ] || exit 6
      exit 5
      """)
    #expect(end(check) == .exit(5))
  }

  private static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return String(repeating: "0", count: 3 - digits.count) + digits
  }

  @Test func requiredConfinementIsRequired() throws {
    let path = Corpus.path("good/trailing.h5")
    var bytes = try CatalogueProbe.survey(path, Corpus.worker)
    // After the magic (8), the first record's tag (1) and length (4): the bits of confinement.
    bytes[13] = UInt8(Confinement.resourceLimits.rawValue)
    let octal = bytes.map { "\\" + Self.octal($0) }.joined()
    let weak = try script("printf '\(octal)' >&4")
    let options = ReadOptions(worker: weak)
    #expect(try HDF5File(path: path, options: options).confinement == .resourceLimits)
    do throws(HDF5Error) {
      _ = try HDF5File(path: path, options: ReadOptions(requireSandbox: true, worker: weak))
      Issue.record("opened without the required confinement")
    } catch {
      #expect(error.reason == .insufficientConfinement(.resourceLimits))
    }
  }
}
