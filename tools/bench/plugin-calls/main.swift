// Times the functions of a plug-in in its process against the same functions in this one, for
// tools/bench/plugin: the two in turn, so that what else the machine does hits both alike.

import LayerKit
import PluginHost
import Tensors

func main() throws {
  var arguments = CommandLine.arguments.dropFirst()
  guard let path = arguments.popFirst() else { stop("no library") }
  guard let rounds = Int(arguments.popFirst() ?? "11"), rounds > 0 else { stop("no rounds") }
  let bench = Bench(
    path: path, library: try PluginLibrary(path: path), rounds: rounds,
    only: arguments.popFirst() ?? "")
  let images: Shape = [8, 64, 56, 56]
  try bench.run("bench.Convolution", images, weight: [64, 64, 3, 3], \.single)
  try bench.run("bench.Convolution", images, weight: [64, 64, 3, 3], \.double)
  try bench.run("bench.Scale", images, weight: nil, \.single)
  try bench.run("bench.Scale", images, weight: nil, \.double)
}

PluginWorker.runIfRequested()
try main()
