/// How plug-ins are run.
public struct PluginOptions: Sendable {
  /// The program that takes the role of the process of a plug-in: one whose main begins with
  /// `PluginWorker.runIfRequested()`.
  public var executable: String
  /// The seconds that one call may take.
  public var seconds: Int
  /// The bytes of address space that the process may have, tensors included.
  public var memory: Int

  /// This program, 120 s a call, 16 GiB.
  public init(executable: String = "/proc/self/exe", seconds: Int = 120, memory: Int = 16 << 30) {
    self.executable = executable
    self.seconds = seconds
    self.memory = memory
  }
}
