import FixtureDrafts
import Foundation
import HDF5File
import Testing

/// `cnn-verify check --arrays`: the elements of tensors, beside what the report says of them.
@Suite struct ArraysOutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ name: String) throws -> HDF5File {
    try HDF5File(
      path: folder(name), options: ReadOptions(worker: WorkerExecutable(path: BuiltCommand.path)))
  }

  /// The three arrays of a tensor.
  private func arrays(
    _ file: HDF5File, _ path: String
  ) throws -> (ours: [Double], reference: [Double], bound: [Double], shape: [Int]) {
    let group = try #require(file.catalogue.root.group(path), "\(path) is missing")
    let ours = try #require(group.dataset("ours"))
    let reference = try #require(group.dataset("reference"))
    let bound = try #require(group.dataset("bound"))
    #expect(ours.shape == reference.shape && ours.shape == bound.shape)
    return (try file.read(ours), try file.read(reference), try file.read(bound), ours.shape)
  }

  private func offset(_ index: [Int], _ shape: [Int]) -> Int {
    zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }

  @Test func theFileHoldsWhatTheReportSays() throws {
    var draft = FixtureDraft.network(fault: 0.5)
    draft.change("layers/fc2/reference/grad_parameters/weight", at: 5, to: 77)
    draft.change("layers/fc1/reference/grad_parameters/bias", at: 1, to: .nan)
    let path = try folder.write(draft)
    let run = try CommandRun(path, "--json", "-", "--arrays", folder("a.h5"))
    #expect(run.status == 1)
    let records = try run.records()
    #expect(records.first?["arrays"] as? String == folder("a.h5"))
    let failing = records.filter {
      $0["record"] as? String == "tensor" && $0["mode"] as? String == "isolated"
        && ["differ", "invalid"].contains($0["verdict"] as? String)
    }
    #expect(failing.count == 3)
    let file = try open("a.h5")
    var told = 0
    for record in failing {
      let (layer, tensor) = (record["layer"] as? String ?? "", record["tensor"] as? String ?? "")
      let found = try arrays(file, "layers/\(layer)/reference/\(tensor)")
      #expect(found.shape == record["shape"] as? [Int])
      let worst = offset(try #require(record["worst_index"] as? [Int]), found.shape)
      #expect(found.ours[worst] == record["ours"] as? Double)
      if let reference = record["reference"] as? Double {
        #expect(found.reference[worst] == reference)
        #expect(found.bound[worst] == record["bound"] as? Double)
      } else {
        #expect(record["reference"] as? String == "NaN" && found.reference[worst].isNaN)
      }
      let beyond = found.ours.indices.filter {
        !((found.ours[$0] - found.reference[$0]).magnitude <= found.bound[$0])
      }
      let beyondBound = try #require(record["beyond_bound"] as? Int)
      #expect(beyond.count == beyondBound + (record["invalid"] as? Int ?? 0))
      told += 1
    }
    // Nothing else is in the file.
    let groups = file.catalogue.root.groups.map(\.name.string)
    #expect(groups == ["layers"])
    let layers = try #require(file.catalogue.root.group("layers"))
    #expect(Set(layers.groups.map(\.name.string)) == ["fc1", "fc2"])
    #expect(told == failing.count)
  }

  @Test func aChosenLayerIsToldWhole() throws {
    let path = try folder.write(.network())
    let run = try CommandRun(path, "--arrays", folder("a.h5"), "--layer", "relu")
    #expect(run.status == 0)
    let file = try open("a.h5")
    let output = try arrays(file, "layers/relu/reference/output")
    #expect(output.ours == output.reference && output.ours.contains { $0 > 0 })
    #expect(file.catalogue.root.group("layers/relu/reference/grad_input") != nil)
    #expect(file.catalogue.root.group("layers/fc1") == nil)
  }

  @Test func casesStandBelowTheirNames() throws {
    var draft = FixtureDraft()
    draft.addLinear("fc", below: "cases/one/layers")
    draft.addLinear("fc", below: "cases/two/layers")
    draft.change("cases/two/layers/fc/reference/output", at: 3, to: 40)
    let run = try CommandRun(try folder.write(draft), "--arrays", folder("a.h5"))
    #expect(run.status == 1)
    let file = try open("a.h5")
    let found = try arrays(file, "cases/two/layers/fc/reference/output")
    #expect(found.reference[3] == 40 && found.shape == [2, 4])
    #expect(file.catalogue.root.group("cases/one") == nil)
  }

  @Test func whereAllAgreesTheFileIsEmpty() throws {
    let run = try CommandRun(try folder.write(.network()), "--arrays", folder("a.h5"))
    #expect(run.status == 0)
    #expect(try open("a.h5").catalogue.root.groups.isEmpty)
    #expect(folder.names == ["a.h5", "net.h5"])
  }

  @Test func theArraysReplaceNoFileOfTheRun() throws {
    let path = try folder.write(.network())
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try CommandRun(path, "--arrays", path).status == 64)
    #expect(
      try CommandRun(path, "--arrays", folder("r"), "--json", folder("r")).status == 64)
    #expect(try CommandRun(path, path, "--arrays", folder("a.h5")).status == 64)
    let absent = try CommandRun(path, "--arrays", folder("absent/a.h5"))
    #expect(absent.status == 2 && absent.output.isEmpty)
    #expect(absent.errors.split(separator: "\n").count == 1 && absent.errors.contains("a.h5"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(folder.names == ["net.h5"])
  }
}
