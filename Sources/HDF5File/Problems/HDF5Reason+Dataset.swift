// HDF5Reason+Dataset.swift

import Text

extension HDF5Reason {
  /// Sentences for what makes one dataset unusable.
  func datasetSentence(_ subject: String) -> String? {
    switch self {
    case .committedDatatype:
      "\(subject) is a committed datatype, not a dataset; remove it or write the dataset"
    case .layoutTooNew:
      "\(subject) was written with libver='latest' of HDF5 2.0; this reader stands on libhdf5 "
        + "1.10: export it again with the default libver"
    case .unsupportedType(let words):
      "\(subject) has elements of type \(words); write float16, float32, float64, integers or "
        + "booleans"
    case .unusualFloat(let words):
      "\(subject) has floating-point elements of an unusual format (\(words)); write IEEE float16, "
        + "float32 or float64"
    case .unknownLogicalType(let name):
      "\(subject) has logical_dtype `\(name.terminal)`, which is not known for this storage; "
        + "bfloat16 over uint16 is"
    case .tooManyAxes(let rank): "\(subject) has \(rank) axes; at most 8 are read"
    case .nullDataspace: "\(subject) has no dataspace (it is null); write an array or a scalar"
    case .sizeOverflow:
      "\(subject) declares more bytes than 63 bits can count; the file is damaged or hostile"
    case .datasetBudget(let declared, let budget):
      "\(subject) declares \(Figure.grouped(declared)) bytes, more than the "
        + "\(Figure.grouped(budget)) allowed; raise --max-bytes if that is right"
    case .neverWritten: "\(subject) was created but never written; export it again"
    case .storageSize(let stored, let expected):
      "\(subject) has \(Figure.grouped(stored)) bytes stored where its shape and type need "
        + "\(Figure.grouped(expected)); export it again"
    case .outsideFile(let offset, let size, let fileSize):
      "\(subject) claims \(Figure.grouped(size)) bytes at offset \(Figure.grouped(offset)), "
        + "outside the \(Figure.grouped(fileSize)) bytes of the file; export it again"
    case .chunkShape: "\(subject) has a chunk shape that does not fit; export it again"
    case .chunksMissing(let missing, let total):
      "\(subject): \(Figure.grouped(missing)) of \(Figure.grouped(total)) chunks were never "
        + "written; write all of it"
    case .tooManyChunks(let count, let limit):
      "\(subject) has \(Figure.grouped(count)) chunks, more than \(Figure.grouped(limit)); "
        + "write it with larger chunks, or contiguous"
    case .chunkSize(let chunk, let stored, let expected):
      "\(subject): chunk \(Figure.tuple(chunk)) has \(Figure.grouped(stored)) bytes stored, which "
        + "cannot hold its \(Figure.grouped(expected)) bytes; export it again"
    case .unknownFilter(let identifier):
      "\(subject) uses filter \(identifier)\(Self.knownName(ofFilter: identifier)); "
        + "export it again with gzip, or repack it with `h5repack -f NONE`"
    case .repeatedFilter(let filter):
      "\(subject) applies \(Self.name(of: filter)) twice; export it again"
    case .filterParameters(let filter):
      "\(subject) gives \(Self.name(of: filter)) parameters that do not fit; export it again"
    default: nil
    }
  }

  static func name(of filter: Filter) -> String {
    switch filter {
    case .deflate: "gzip"
    case .shuffle: "shuffle"
    case .fletcher32: "fletcher32"
    }
  }

  /// Names from the register of HDF5 filters at https://github.com/HDFGroup/hdf5_plugins.
  private static func knownName(ofFilter identifier: Int) -> String {
    let names = [
      4: "szip", 5: "nbit", 6: "scaleoffset", 305: "lzo", 307: "bzip2", 32000: "lzf",
      32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp", 32015: "zstd",
      32026: "blosc2",
    ]
    return names[identifier].map { " (\($0))" } ?? ""
  }
}
