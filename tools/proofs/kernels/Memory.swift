import Glibc
import Kernels

/// Memory that shows what nobody wrote and what lies beyond its end.
enum Memory {
  /// Whether this is the build for the address sanitizer.
  static let isSanitized = dlsym(nil, "__asan_init") != nil

  /// Sets up fresh memory to hold NaN or a number near the largest, which no result can; for this the
  /// program starts anew with settings that are read at the start.
  static func fillFreshMemory() {
    // The sanitizer fills with set bits, a NaN in every format; glibc with the complement of a
    // number that is not 0.
    let settings =
      isSanitized
      ? [
        "ASAN_OPTIONS":
          "abort_on_error=1:detect_leaks=0:max_malloc_fill_size=4294967295:malloc_fill_byte=255"
      ] : ["GLIBC_TUNABLES": "glibc.malloc.perturb=1:glibc.malloc.tcache_count=0"]
    var isSet = true
    for (name, value) in settings {
      isSet = isSet && getenv(name).map { String(cString: $0) } == value
      setenv(name, value, 1)
    }
    guard isSet else {
      execv("/proc/self/exe", CommandLine.unsafeArgv)
      fatalError("the program does not start again")
    }
  }

  /// Whether elements of new arrays that nobody wrote show.
  static var isFilled: Bool {
    [1, 3, 20, 200, 5_000, 200_000].allSatisfy { count in
      let fresh = [Double](unsafeUninitializedCapacity: count) { $1 = count }
      return fresh.allSatisfy { !(abs($0) < 1e300) }
    }
  }

  /// Lends the kernels memory full of NaN that ends at a page which nobody may touch.
  static func lendToKernels() {
    Scratch.lend { bytes, body in
      let pages = GuardedPages.take((bytes + 63) / 64 * 64)
      defer { pages.giveBack() }
      let block = pages.end - (bytes + 63) / 64 * 64
      memset(block, 0xFF, pages.end - block)
      body(block)
      for place in block + bytes..<pages.end where place.load(as: UInt8.self) != 0xFF {
        fatalError("\(place - block - bytes) bytes behind \(bytes) bytes of scratch were written")
      }
    }
  }
}
