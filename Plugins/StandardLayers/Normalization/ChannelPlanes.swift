import Tensors

/// Where the elements of each channel of a batch of images lie: one plane for each sample.
struct ChannelPlanes: Sendable {
  /// N, the number of samples.
  let batch: Int
  /// C, the number of channels.
  let channels: Int
  /// H·W, the number of elements of a plane.
  let area: Int

  /// Describes a batch of the shape N C H W.
  init(_ image: Shape) {
    batch = image[0]
    channels = image[1]
    area = image[2] * image[3]
  }

  /// N·H·W, the number of elements of a channel.
  var count: Int { batch * area }

  /// The offsets of the elements of one channel, plane by plane.
  func planes(of channel: Int) -> LazyMapSequence<Range<Int>, Range<Int>> {
    (0..<batch).lazy.map { n in
      let start = (n * channels + channel) * area
      return start..<start + area
    }
  }

  /// The elements of one channel.
  func elements(of channel: Int, in tensor: Tensor<Double>) -> [Double] {
    planes(of: channel).flatMap { tensor.elements[$0] }
  }
}
