// Trains LeNet-5 on handwritten digits, through the public modules alone: what a program of your own
// would begin with.
//
//     swift run -c release train-lenet                              trains, and tells the accuracy
//     swift run -c release train-lenet fixtures/lenet5-trajectory-torch.h5
//                                                                   repeats 100 steps of PyTorch's
//
// The data set is `fixtures/digits.h5`; run it from the root of the repository.

import Glibc
import HDF5File

// Files are opened by a confined process, which is this program again.
CatalogueWorker.runIfRequested()
do {
  if let fixture = CommandLine.arguments.dropFirst().first {
    exit(try Repetition.run(fixture) ? 0 : 1)
  }
  try Training.run("fixtures/digits.h5")
} catch {
  print("error: \(error)")
  exit(2)
}
