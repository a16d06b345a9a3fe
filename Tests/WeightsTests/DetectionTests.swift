import FixtureDrafts
import HDF5File
import Testing
import Weights

/// Content decides what a file is, and what cannot be read is refused by name.
@Suite struct DetectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func refusal(_ bytes: [UInt8]) -> WeightError? {
    do throws(WeightError) {
      let file = try WeightFile(content: bytes, name: "file", reading: WeightSamples.reading())
      _ = try WeightFormats.standard.listing(of: file)
      return nil
    } catch {
      return error
    }
  }

  @Test func whatIsNoWeightFileIsNamed() throws {
    let cases: [([UInt8], String)] = [
      (Array("version https://git-lfs.github.com/spec/v1\n".utf8), "Git LFS pointer"),
      ([0x1F, 0x8B, 8, 0], "gzip"), ([0x80, 2, 0x8A, 10], "PyTorch pickle"),
      ([0x12, 1] + [UInt8](repeating: 0, count: 20), "MXNet"),
      ([0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1], "Darknet"),
      ([0x0A, 5] + Array("LeNet".utf8) + [0xA2, 6, 9], "binary Caffe model"),
      ([8, 8, 0x12, 7] + Array("pytorch".utf8) + [0x1A], "ONNX"),
      (Array("hello".utf8), "not recognised"),
    ]
    for (bytes, words) in cases {
      let error = try #require(refusal(bytes), "\(words)")
      #expect("\(error)".contains(words), "\(error)")
    }
    #expect(throws: WeightError.self) {
      try WeightFile(path: folder("missing"), reading: WeightSamples.reading())
    }
  }

  @Test func namesOfTorchAreRecognisedAllOrNone() throws {
    let listing = try WeightFormats.standard.listing(of: write(["a.weight", "b.c.bias"]))
    #expect(listing.format == "pytorch-h5" && listing.tensors.map(\.layer) == ["a", "b.c"])
    #expect(throws: WeightError.self) {
      try WeightFormats.standard.listing(of: write(["a.weight", "b.other"], "other.h5"))
    }
  }

  @Test func aSolverStateHoldsNoWeights() {
    #expect(throws: WeightError.self) { try WeightSamples.listing("caffe-solverstate.h5") }
  }

  private func write(_ paths: [String], _ name: String = "net.h5") throws -> WeightFile {
    let writer = try HDF5Writer(path: folder(name))
    for path in paths { try writer.dataset(path, [1, 2] as [Float], shape: [2]) }
    try writer.commit()
    return try WeightFile(path: folder(name), reading: WeightSamples.reading())
  }

  @Test func unknownNamesAreListed() throws {
    let file = try write((10..<35).map { "net/a\($0)" })
    do throws(WeightError) {
      _ = try WeightFormats.standard.detect(file)
      Issue.record("it was recognised")
    } catch {
      guard case .notRecognised(let outline) = error.problems[0].reason else {
        Issue.record("\(error)")
        return
      }
      #expect(outline.count == 21 && outline[0] == "/net/a10 (2) float32")
      #expect("\(error)".contains("--map"))
    }
  }

  @Test func twoLikenessesAreAmbiguous() throws {
    let file = try write(["data/conv/0", "data/conv/1"])
    let twin = Twin()
    let formats = WeightFormats(WeightFormats.standard.formats + [twin])
    do throws(WeightError) {
      _ = try formats.listing(of: file)
      Issue.record("it was recognised")
    } catch {
      guard case .ambiguous(let candidates) = error.problems[0].reason else {
        Issue.record("\(error)")
        return
      }
      #expect(candidates.map(\.name) == ["caffe", "twin"])
      #expect("\(error)".contains("it has bytes") && "\(error)".contains("--format"))
    }
    #expect(try formats.listing(of: file, format: "caffe").tensors.count == 2)
    #expect(try formats.listing(of: file, format: "twin").tensors.isEmpty)
  }

  /// A format of someone else's.
  private struct Twin: WeightFormat {
    let name = "twin"

    func evidence(in file: WeightFile) throws(WeightError) -> WeightEvidence? {
      .likeness("it has bytes")
    }

    func listing(
      of file: WeightFile, options: WeightReadOptions
    ) throws(WeightError) -> WeightListing {
      WeightListing()
    }
  }

  @Test func anUnknownFormatHasAClosestOne() throws {
    do throws(WeightError) {
      _ = try WeightFormats.standard.format(named: "safetensor")
      Issue.record("there is no such format")
    } catch {
      #expect("\(error)".contains("did you mean `safetensors`?"))
    }
  }

  @Test func ourOwnFixturesAreWeights() throws {
    let path = try folder.write(.network())
    let file = try WeightFile(path: path, reading: WeightSamples.reading())
    let listing = try WeightFormats.standard.listing(of: file)
    #expect(listing.format == "cnn-fixture")
    #expect(
      listing.tensors.map(\.name).sorted() == [
        "fc1.bias", "fc1.weight", "fc2.bias", "fc2.weight",
      ])
    #expect(listing.kinds["fc1"] == "Linear")
  }
}
