import LayerKit
import Network
import Tensors

/// The networks of `timed_networks.py` with their objective, each built from the same layers.
enum Architecture: String {
  case lenet, resnet18, mobilenetv2, vgg16

  /// The batch of images of a step.
  var images: Shape { self == .lenet ? [64, 1, 32, 32] : [8, 3, 224, 224] }

  /// The number of classes.
  var classes: Int { self == .lenet ? 10 : 1000 }

  /// The layers, from the inputs `image` [N, C, H, W] and `label` [N] to the mean cross-entropy.
  func blueprint() throws -> Blueprint {
    var net = try Blueprint()
    let image = Network.Source.input("image")
    let scores =
      switch self {
      case .lenet: try Self.lenet(&net, image)
      case .resnet18: try Self.resnet18(&net, image)
      case .mobilenetv2: try Self.mobilenetv2(&net, image, batch: images[0])
      case .vgg16: try Self.vgg16(&net, image, batch: images[0])
      }
    try net.add("CrossEntropyLoss", [scores, .input("label")])
    return net
  }

  /// LeNet-5 on 32×32 images (LeCun and others 1998), with the pools and activations of today.
  private static func lenet(
    _ net: inout Blueprint, _ image: Network.Source
  ) throws -> Network.Source {
    var x = try net.convolution(image, 1, to: 6, kernel: 5, bias: true)
    x = try net.add("AvgPool2d", [net.add("Tanh", [x])], ["kernel_size": 2])
    x = try net.convolution(x, 6, to: 16, kernel: 5, bias: true)
    x = try net.add("AvgPool2d", [net.add("Tanh", [x])], ["kernel_size": 2])
    x = try net.convolution(x, 16, to: 120, kernel: 5, bias: true)
    x = try net.add("Flatten", [net.add("Tanh", [x])])
    x = try net.add("Tanh", [net.linear(x, 120, to: 84)])
    return try net.linear(x, 84, to: 10)
  }

  /// Configuration D of Simonyan and Zisserman (2014).
  private static func vgg16(
    _ net: inout Blueprint, _ image: Network.Source, batch: Int
  ) throws -> Network.Source {
    var (x, channels) = (image, 3)
    for (filters, count) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
      for _ in 0..<count {
        x = try net.convolution(x, channels, to: filters, kernel: 3, padding: 1, bias: true)
        x = try net.add("ReLU", [x])
        channels = filters
      }
      x = try net.add("MaxPool2d", [x], ["kernel_size": 2])
    }
    x = try net.add("Flatten", [x])
    for features in [512 * 7 * 7, 4096] {
      x = try net.add("ReLU", [net.linear(x, features, to: 4096)])
      x = try net.add("Dropout", [x], ["p": 0.5], auxiliary: ["mask": [batch, 4096]])
    }
    return try net.linear(x, 4096, to: 1000)
  }

  /// ResNet-18 of He and others (2015).
  private static func resnet18(
    _ net: inout Blueprint, _ image: Network.Source
  ) throws -> Network.Source {
    var (x, channels) = (
      try net.convolution(image, 3, to: 64, kernel: 7, stride: 2, padding: 3), 64
    )
    x = try net.normalization(x, 64, then: "ReLU")
    x = try net.add("MaxPool2d", [x], ["kernel_size": 3, "stride": 2, "padding": 1])
    for (filters, stride) in [
      (64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1),
    ] {
      var y = try net.convolution(
        x, channels, to: filters, kernel: 3, stride: stride, padding: 1)
      y = try net.normalization(y, filters, then: "ReLU")
      y = try net.convolution(y, filters, to: filters, kernel: 3, padding: 1)
      y = try net.normalization(y, filters)
      if channels != filters {
        x = try net.convolution(x, channels, to: filters, kernel: 1, stride: stride)
        x = try net.normalization(x, filters)
      }
      x = try net.add("ReLU", [net.add("Add", [y, x])])
      channels = filters
    }
    x = try net.add("AdaptiveAvgPool2d", [x], ["output_size": 1])
    return try net.linear(net.add("Flatten", [x]), 512, to: 1000)
  }

  /// MobileNetV2 of Sandler and others (2018), table 2.
  private static func mobilenetv2(
    _ net: inout Blueprint, _ image: Network.Source, batch: Int
  ) throws -> Network.Source {
    var (x, channels) = (
      try net.convolution(image, 3, to: 32, kernel: 3, stride: 2, padding: 1), 32
    )
    x = try net.normalization(x, 32, then: "ReLU6")
    let stages = [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
      (6, 320, 1, 1),
    ]
    for (expansion, filters, count, firstStride) in stages {
      for number in 0..<count {
        let (hidden, stride) = (channels * expansion, number == 0 ? firstStride : 1)
        var y = x
        if expansion != 1 {
          y = try net.convolution(y, channels, to: hidden, kernel: 1)
          y = try net.normalization(y, hidden, then: "ReLU6")
        }
        y = try net.convolution(
          y, hidden, to: hidden, kernel: 3, stride: stride, padding: 1, groups: hidden)
        y = try net.normalization(y, hidden, then: "ReLU6")
        y = try net.normalization(net.convolution(y, hidden, to: filters, kernel: 1), filters)
        x = stride == 1 && channels == filters ? try net.add("Add", [x, y]) : y
        channels = filters
      }
    }
    x = try net.normalization(net.convolution(x, 320, to: 1280, kernel: 1), 1280, then: "ReLU6")
    x = try net.add("Flatten", [net.add("AdaptiveAvgPool2d", [x], ["output_size": 1])])
    x = try net.add("Dropout", [x], ["p": 0.2], auxiliary: ["mask": [batch, 1280]])
    return try net.linear(x, 1280, to: 1000)
  }
}
