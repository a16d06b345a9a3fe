// HDF5Reason+Reading.swift

import Text

extension HDF5Reason {
  /// Sentences for what goes wrong with bytes; the last resort for facts without one of their own.
  func readingSentence(_ subject: String) -> String {
    switch self {
    case .inflate(let chunk, let fault):
      "\(subject): the gzip stream of chunk \(Figure.tuple(chunk)) \(Self.words(for: fault)); "
        + "export it again"
    case .checksum(let chunk):
      "\(subject): fletcher32 of chunk \(Figure.tuple(chunk)) does not match; export it again"
    case .readFailed(let number):
      "\(subject) cannot be read (\(Self.systemMessage(number))); check the disk"
    case .shortRead(let offset, let wanted, let got):
      "\(subject): only \(Figure.grouped(got)) of \(Figure.grouped(wanted)) bytes at offset "
        + "\(Figure.grouped(offset)); the file changed: run again"
    case .narrowing(let from, let to):
      "\(subject) holds \(from.name), which \(to) cannot hold without loss; read a wider type"
    case .notRepresentable(let element, let value, let type):
      "\(subject): element \(Figure.grouped(element)) is \(value), which \(type) cannot hold "
        + "exactly; store floating-point numbers"
    case .windowOutside(let range, let count):
      "\(subject) has \(Figure.grouped(count)) elements; "
        + "\(range.lowerBound) to \(range.upperBound) was asked for"
    case .cannotWrite(let operation, let number):
      "\(subject) cannot be written: \(operation) failed (\(Self.systemMessage(number))); "
        + "check the disk and its permissions"
    default: "\(subject) cannot be read; export it again"
    }
  }

  private static func words(for fault: InflateFault) -> String {
    switch fault {
    case .damaged: "is damaged"
    case .tooShort(let actual, let expected):
      "ends after \(Figure.grouped(actual)) of \(Figure.grouped(expected)) bytes"
    case .tooLong(let expected): "goes on after the chunk's \(Figure.grouped(expected)) bytes"
    case .trailingBytes(let count): "is followed by \(Figure.grouped(count)) stray bytes"
    }
  }
}
