// ReadOptions.swift

internal import Glibc
internal import Synchronization

/// How files are opened and read.
///
/// Copies share one budget, so that many small bombs count as one large one: use one value for
/// all files of a run.
public struct ReadOptions: Sendable {
  /// Bytes of data that all files of a run may declare together.
  public let budgetBytes: Int
  /// Whether to refuse where the kernel lacks a part of the confinement.
  public var requireSandbox: Bool
  /// The program that takes the role of the confined process.
  public var worker: WorkerExecutable
  /// Seconds that the confined process may take.
  public var timeout: Int
  /// Threads that decode chunks, at least 1.
  public var threads: Int

  let budget: ByteBudget

  /// 64 GiB, no required sandbox, this program as its own worker, 30 s, all processors.
  public init(
    budgetBytes: Int = 64 << 30, requireSandbox: Bool = false,
    worker: WorkerExecutable = .current, timeout: Int = 30, threads: Int? = nil
  ) {
    self.budgetBytes = budgetBytes
    self.requireSandbox = requireSandbox
    self.worker = worker
    self.timeout = timeout
    self.threads = max(1, threads ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    budget = ByteBudget(budgetBytes)
  }
}

/// The program that takes the role of the confined process.
public struct WorkerExecutable: Hashable, Sendable {
  /// Its path.
  public let path: String

  /// A program whose main begins with `CatalogueWorker.runIfRequested()`.
  public init(path: String) {
    self.path = path
  }

  /// The program that is running.
  public static let current = WorkerExecutable(path: "/proc/self/exe")
}

/// Bytes that a run may still declare.
final class ByteBudget: Sendable {
  private let total: Int
  private let spent = Mutex(0)

  init(_ total: Int) {
    self.total = total
  }

  /// Spends bytes where so many are left; what is refused is not spent.
  func charge(_ bytes: Int) throws(HDF5Problem) {
    let refused: Int? = spent.withLock { spent in
      guard bytes <= total - spent else { return spent }
      spent += bytes
      return nil
    }
    if let refused {
      throw HDF5Problem(.budgetExceeded(declared: bytes, before: refused, budget: total))
    }
  }
}
