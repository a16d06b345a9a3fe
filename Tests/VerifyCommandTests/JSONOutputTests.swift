import FixtureDrafts
import Foundation
import Testing

/// The report for programs.
@Suite struct JSONOutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func theDocumentedFieldsAreThere() throws {
    var draft = FixtureDraft.network()
    draft.change("layers/fc1/reference/grad_parameters/weight", at: 5, to: 77)
    let records = try CommandRun(try folder.write(draft), "--json", "-").records()
    let tensors = records.filter {
      $0["record"] as? String == "tensor" && $0["mode"] as? String == "isolated"
    }
    #expect(tensors.count == 13)
    for tensor in tensors {
      for field in [
        "record", "fixture", "case", "layer", "kind", "tensor", "mode", "verdict", "shape",
        "max_abs", "max_rel", "max_ulp", "bound_ratio", "worst_index", "ours", "reference",
        "cause", "causes", "blame", "confidence", "diagnosis",
      ] {
        #expect(tensor[field] != nil, "\(field) is missing in \(tensor)")
      }
    }
    let wrong = try records.tensor("grad_parameters/weight", of: "fc1")
    #expect(wrong["shape"] as? [Int] == [4, 3] && wrong["kind"] as? String == "Linear")
    #expect(wrong["case"] is NSNull && wrong["cause"] as? String == "unidentified")
    #expect(wrong["blame"] as? String == "reference" && wrong["confidence"] as? String == "unknown")
  }

  @Test func theDigestIsThatOfTheFile() throws {
    let path = try folder.write(.linear())
    let run = try #require(try CommandRun(path, "--json", "-").records().first)
    #expect(run["record"] as? String == "run" && run["schema"] as? Int == 1)
    #expect(run["fixture"] as? String == path)
    let tool = Process()
    let pipe = Pipe()
    tool.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    tool.arguments = [path]
    tool.standardOutput = pipe
    try tool.run()
    let answer = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    tool.waitUntilExit()
    #expect(run["sha256"] as? String == answer.split(separator: " ").first.map(String.init))
  }

  @Test func aFileHoldsTheSameRecordsAndAppearsWhole() throws {
    let path = try folder.write(.network())
    let report = folder("report.json")
    try Data("what was here before".utf8).write(to: URL(fileURLWithPath: report))
    let run = try CommandRun(path, "--json", report)
    #expect(run.status == 0 && run.output.contains("agree"))
    let text = try String(contentsOfFile: report, encoding: .utf8)
    #expect(try text == CommandRun(path, "--json", "-").output)
    #expect(folder.names == ["net.h5", "report.json"])
  }

  @Test func aReportThatCannotBeWrittenIsSaidBeforeTheWork() throws {
    let path = try folder.write(.network())
    let run = try CommandRun(path, "--json", folder("absent/report.json"))
    #expect(run.status == 2 && run.output.isEmpty)
    #expect(run.errors.split(separator: "\n").count == 1 && run.errors.contains("report.json"))
  }

  @Test func aReportDoesNotReplaceADeviceOrAFolder() throws {
    let path = try folder.write(.network())
    let pipe = folder("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    #expect(try CommandRun(path, "--json", pipe).status == 0)
    var facts = stat()
    #expect(stat(pipe, &facts) == 0 && facts.st_mode & S_IFMT == S_IFIFO)
    #expect(try CommandRun(path, "--json", folder.path).status == 2)
    #expect(folder.names == ["net.h5", "pipe"])
  }

  @Test func aReportDoesNotReplaceTheFixture() throws {
    let path = try folder.write(.network())
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try CommandRun(path, "--json", path).status == 64)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  /// Convolutions of several tasks and datasets of many chunks, some of it wrong; why, is not asked,
  /// since it would be found out slowly in a build without optimisation.
  @Test func theNumberOfThreadsDoesNotChangeAByte() throws {
    let path = try folder.write(Self.convolutions())
    let reports = try [1, 2, 3, 1000].map {
      try CommandRun(path, "--json", "-", "--no-diagnosis", "--threads", "\($0)")
    }
    #expect(reports.allSatisfy { $0.status == 1 }, "\(reports[0])")
    #expect(Set(reports.map(\.output)).count == 1)
    let verdicts = try reports[0].records().map { $0["verdict"] as? String }
    #expect(verdicts.contains("agree") && verdicts.contains("differ"))
  }

  private static func convolutions() -> FixtureDraft {
    var draft = FixtureDraft()
    let (n, c, o, h, w) = (3, 6, 10, 61, 53)
    let x = DraftTensor.eighths([n, c, h, w], seed: 1)
    let weight = DraftTensor.eighths([o, c, 1, 1], seed: 2)
    var y = DraftTensor(Array(repeating: 0, count: n * o * h * w), [n, o, h, w])
    for image in 0..<n {
      for channel in 0..<o {
        for pixel in 0..<h * w {
          y.elements[(image * o + channel) * h * w + pixel] = (0..<c).reduce(0) { sum, k in
            sum + weight.elements[channel * c + k] * x.elements[(image * c + k) * h * w + pixel]
          }
        }
      }
    }
    for (name, kernel) in [("pointwise", 1), ("wide", 3)] {
      draft.add("Conv2d", name, ["padding": .list([kernel / 2, kernel / 2])])
      let path = "layers/\(name)"
      draft["\(path)/parameters/weight"] =
        kernel == 1 ? weight : .eighths([o, c, kernel, kernel], seed: 3)
      // Neither the wide output nor any gradient was computed by a convolution: they differ.
      var tensors = ["input": x, "output": y, "grad_output": y, "grad_input": x]
      for key in tensors.keys {
        let shape = tensors[key]?.shape ?? []
        tensors[key]?.chunks = [1, shape[1] / 2, 16, 16]
        draft["\(path)/reference/\(key)"] = tensors[key]
      }
      draft["\(path)/reference/grad_parameters/weight"] = draft["\(path)/parameters/weight"]
    }
    return draft
  }
}
