import Conformance
import Glibc
import HDF5File
import LayerKit
import Network
import Tensors

/// Training from scratch on digits, and the accuracy on digits that were not trained on.
enum Training {
  private static let epochs = 8
  private static let batchSize = 32
  /// The images from here on are held out.
  private static let held = 1500

  /// Trains in single precision, and prints what comes of it.
  static func run(_ path: String) throws {
    let digits = try Digits(path)
    var model = try LeNet5.model(seed: 1, as: Float.self)
    guard let adam = OptimizerKind.named("Adam") else { return }
    let optimizer = try adam.optimizer(["lr": 1e-3])
    var generator = SplitMix64(seed: 2)
    let start = clock()
    for epoch in 1...epochs {
      let order = (0..<held).shuffled(using: &generator)
      var sum = 0.0
      for first in stride(from: 0, to: held, by: batchSize) {
        let batch = Array(order[first..<min(first + batchSize, held)])
        let pass = try model.train(on: digits.inputs(batch), with: optimizer)
        sum += Double(pass.outputs.last?.first?[0] ?? .nan) * Double(batch.count)
        show("epoch \(epoch) of \(epochs): \(first + batch.count) of \(held) digits")
      }
      let right = try accuracy(of: model, on: digits)
      show("")
      print("epoch \(epoch): loss \(shortened(sum / Double(held))), \(shortened(100 * right)) %")
    }
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    print(
      "\(shortened(100 * (try accuracy(of: model, on: digits)))) % of \(digits.count - held) held-out"
        + " digits are right, after \(shortened(seconds)) s of processor time")
  }

  /// The share of held-out digits whose highest score is that of their label.
  private static func accuracy(of model: Model<Float>, on digits: Digits) throws -> Double {
    let held = Array(Self.held..<digits.count)
    let pass = try model.forward(digits.inputs(held))
    guard let layer = model.layer("fc3"), let scores = pass.outputs[layer].first else { return 0 }
    let right = held.indices.count { row in
      let best = (0..<10).max { scores[row, $0] < scores[row, $1] }
      return best == digits.labels[held[row]]
    }
    return Double(right) / Double(held.count)
  }

  /// Shows how far the work has come, on a terminal only.
  private static func show(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    var line = "\r\u{1B}[K" + text
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static func shortened(_ number: Double) -> String {
    "\((number * 1000).rounded() / 1000)"
  }
}

/// The data set: images [N, 1, 28, 28] between 0 and 1, and the digit that each one shows.
struct Digits {
  let images: [Float]
  let labels: [Int]

  /// The number of images.
  var count: Int { labels.count }

  /// Reads the file that `tools/fixtures/digits.py` writes.
  init(_ path: String) throws {
    let file = try HDF5File(path: path)
    let root = file.catalogue.root
    guard let images = root.dataset("images"), let labels = root.dataset("labels"),
      images.shape == [labels.count, 1, 28, 28]
    else {
      throw NetworkProblem(layer: path, reason: .missing("images [N, 1, 28, 28] and labels [N]"))
    }
    self.images = try file.read(images, as: Float.self)
    self.labels = try file.read(labels, as: Int64.self).map { Int($0) }
  }

  /// A batch of these images, as inputs of the network.
  func inputs(_ batch: [Int]) -> [String: Tensor<Float>] {
    let size = 28 * 28
    return [
      "image": Tensor(
        [batch.count, 1, 28, 28], batch.flatMap { images[$0 * size..<($0 + 1) * size] }),
      "label": Tensor([batch.count], batch.map { Float(labels[$0]) }),
    ]
  }
}
