import FixtureDrafts
import Foundation
import Testing

/// Memory follows the largest layer, not the length of the network.
///
/// The file holds 40 layers of the same size, 490 MiB in double precision, which is more than ten
/// times what may be at work at a time. The limits are those of the article *Memory and threads*.
@Suite(.serialized) struct MemoryTests {
  /// The command and the confined reader, without any tensor.
  private static let base = 64 << 20
  /// What may be at work at a time, where no layer is larger.
  private static let budget = 32 << 20
  /// The most that a layer takes while it is at work, as a multiple of its tensors.
  private static let factor = 2
  /// What a run of the whole network keeps in memory: outputs, and gradients.
  private static let kept = 2 * 64 << 20

  private static let count = 40
  private static let shape = [8, 16, 56, 56]

  @Test(arguments: ["1", "2"])
  func layersOneByOneOrSideBySide(_ threads: String) throws {
    let peak = try Self.peak("--no-chained", "--threads", threads)
    #expect(peak <= Self.base + Self.factor * Self.budget, "\(peak >> 20) MiB")
  }

  @Test func theNetworkAsAWhole() throws {
    let peak = try Self.peak()
    #expect(peak <= Self.base + Self.factor * Self.budget + Self.kept, "\(peak >> 20) MiB")
  }

  /// The largest resident memory of a check of the fixture, and of the processes that it starts.
  private static func peak(_ options: String...) throws -> Int {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = try folder.write(fixture())
    let output = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(output) }
    let process = try SpawnedCommand(
      [path, "--quiet"] + options, environment: [:], output: output, errors: output)
    var peak = PeakMemory(of: process.process)
    let end = try process.wait(seconds: 300) { peak.look() }
    #expect(end.status == 0)
    return peak.bytes
  }

  /// A chain of layers, each with tensors of its own.
  private static func fixture() -> FixtureDraft {
    let size = shape.reduce(1, *)
    precondition(count * 4 * 8 * size > 10 * budget)
    let elements = DraftTensor.eighths(shape, seed: 1).elements
    let input = DraftTensor(elements, shape)
    let output = DraftTensor(elements.map { max($0, 0) }, shape)
    let gradient = DraftTensor(elements.map { $0 > 0 ? 1 : 0 }, shape)
    var draft = FixtureDraft()
    draft["inputs/x"] = input
    for index in 0..<count {
      draft.add("ReLU", "relu\(index)", inputs: [index == 0 ? "x" : "relu\(index - 1)"])
      let path = "layers/relu\(index)/reference"
      draft["\(path)/output"] = output
      draft["\(path)/grad_output"] = gradient
      draft["\(path)/grad_input"] = gradient
    }
    return draft
  }
}

/// The largest resident memory that was seen of a process together with those that it started.
private struct PeakMemory {
  private let process: pid_t
  private var own = 0
  private var others: [pid_t: Int] = [:]

  init(of process: pid_t) { self.process = process }

  /// All of them as if they had been at their largest at the same time.
  var bytes: Int { own + others.values.reduce(0, +) }

  /// Looks once; the system keeps the largest value that a process has had so far.
  mutating func look() {
    own = max(own, Self.largest(of: process))
    let list = "/proc/\(process)/task/\(process)/children"
    for name in Self.text(list).split(separator: " ") {
      guard let child = pid_t(name) else { continue }
      others[child] = max(others[child] ?? 0, Self.largest(of: child))
    }
  }

  private static func largest(of process: pid_t) -> Int {
    let lines = text("/proc/\(process)/status").split(separator: "\n")
    let fields = lines.first { $0.hasPrefix("VmHWM:") }?.split(separator: " ")
    return (fields?.dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }

  private static func text(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
