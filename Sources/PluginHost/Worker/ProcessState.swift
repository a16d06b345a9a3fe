internal import CSandbox
internal import Glibc

/// What a function of a plug-in must leave as it was.
struct ProcessState {
  private let mode: UInt64
  private let mask: sigset_t
  private let folder: [CChar]
  private let locale: [CChar]

  /// The state of this thread and process now.
  init() {
    mode = CSandbox_floatingPointMode()
    var mask = sigset_t()
    pthread_sigmask(SIG_SETMASK, nil, &mask)
    self.mask = mask
    var folder = [CChar](repeating: 0, count: Int(PATH_MAX))
    if getcwd(&folder, folder.count) == nil { folder = [0] }
    self.folder = folder
    locale =
      setlocale(LC_ALL, nil).map { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
      ?? [0]
  }

  /// What has changed since, which this brings back.
  func restore() -> StateChanges {
    var changes: StateChanges = []
    let now = ProcessState()
    if now.mode != mode {
      let flushes = CSandbox_flushesSubnormals(now.mode) && !CSandbox_flushesSubnormals(mode)
      changes.insert(flushes ? .flushesSubnormals : .floatingPointMode)
      CSandbox_setFloatingPointMode(mode)
    }
    var (before, after) = (mask, now.mask)
    if memcmp(&before, &after, MemoryLayout<sigset_t>.size) != 0 {
      changes.insert(.signalMask)
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    if strcmp(folder, now.folder) != 0 {
      changes.insert(.workingFolder)
      _ = chdir(folder)
    }
    if strcmp(locale, now.locale) != 0 {
      changes.insert(.locale)
      setlocale(LC_ALL, locale)
    }
    return changes
  }
}
