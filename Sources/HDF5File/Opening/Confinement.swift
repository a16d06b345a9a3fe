// Confinement.swift

/// What confined the process in which libhdf5 parsed the file.
public struct Confinement: OptionSet, Hashable, Sendable {
  /// One bit for each means.
  public let rawValue: UInt32

  /// Memory, processor time, file size, descriptors.
  public static let resourceLimits = Confinement(rawValue: 1)
  /// No privileges by executing other programs.
  public static let noNewPrivileges = Confinement(rawValue: 2)
  /// No path of the file system can be opened.
  public static let landlock = Confinement(rawValue: 4)
  /// No system call but those that reading one open descriptor needs.
  public static let seccomp = Confinement(rawValue: 8)

  /// Everything that this tool asks of the kernel.
  public static let full: Confinement = [.resourceLimits, .noNewPrivileges, .landlock, .seccomp]

  /// Wraps bits.
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The names of the means that are in force.
  public var names: [String] {
    let all: [(Confinement, String)] = [
      (.resourceLimits, "resource limits"), (.noNewPrivileges, "no new privileges"),
      (.landlock, "Landlock"), (.seccomp, "seccomp"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}
