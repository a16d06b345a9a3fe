// The only place where facts become sentences. Each says where, what, and what to do.

import HDF5File
import Text

extension WeightError: CustomStringConvertible {
  /// One line, or one for each problem, safe for a terminal.
  public var description: String {
    let file = file.map { "`\(UntrustedText($0).terminal)`" }
    if problems.count == 1, let problem = problems.first {
      return problem.sentence(in: file)
    }
    let head = "\(file ?? "the weights") cannot be used (\(problems.count) problems):"
    return ([head] + problems.map { "  " + $0.description }).joined(separator: "\n")
  }
}

extension WeightProblem: CustomStringConvertible {
  /// One sentence, safe for a terminal.
  public var description: String { sentence(in: nil) }

  func sentence(in file: String?) -> String {
    let place = source.map { "`\(UntrustedText($0).terminal)`" }
    let subject =
      switch (place, file) {
      case (let place?, let file?): "\(place) in \(file)"
      case (let place?, nil): place
      case (nil, let file?): file
      case (nil, nil): "the file"
      }
    return reason.sentence(about: subject)
  }
}

extension WeightReason {
  func sentence(about subject: String) -> String {
    fileSentence(subject) ?? nameSentence(subject) ?? tensorSentence(subject)
  }

  // MARK: The file

  private func fileSentence(_ subject: String) -> String? {
    switch self {
    case .hdf5(let problem): problem.sentence(about: subject)
    case .notRecognised(let outline):
      "\(subject) is not recognised as weights of any tool; write a mapping file and give it with "
        + "--map, or name the format with --format"
        + (outline.isEmpty ? "" : ". It holds:\n")
        + outline.map { "    " + $0 }.joined(separator: "\n")
    case .ambiguous(let candidates):
      "\(subject) is ambiguous: it looks like "
        + candidates.map { "\($0.name) (because \(UntrustedText($0.why).terminal))" }
        .joined(separator: " and like ")
        + "; choose with --format"
    case .refused(let what, let advice): "\(subject) is \(what): \(advice)"
    case .unknownFormat(let name, let closest, let known):
      "there is no format `\(UntrustedText(name).terminal)`"
        + (closest.map { "; did you mean `\($0)`?" }
          ?? ": the formats are \(known.joined(separator: ", "))")
    case .wrongContainer(let format, let expected):
      "\(subject) cannot be read as \(format), which is \(expected); choose another --format"
    case .malformed(let what):
      "\(subject) is malformed: \(UntrustedText(what).terminal); export it again"
    case .cutShort(let what):
      "\(subject) is truncated: \(UntrustedText(what).terminal); copy or export it again"
    case .outside(let range, let size):
      "\(subject) claims the bytes \(Figure.grouped(range.lowerBound)) to "
        + "\(Figure.grouped(range.upperBound)) of a file of \(Figure.grouped(size)): it is truncated "
        + "or damaged; copy or export it again"
    case .tooLarge(let bytes, let limit):
      "\(subject) declares \(Figure.grouped(bytes)) bytes, more than the "
        + "\(Figure.grouped(limit)) that are read; raise --max-bytes if that is right"
    default: nil
    }
  }

  // MARK: Names

  private func nameSentence(_ subject: String) -> String? {
    switch self {
    case .missing(let what):
      "\(subject) is listed in the file, and there is no such \(what): the file is damaged; "
        + "export it again"
    case .attribute(let name, let expected):
      "\(subject) needs the attribute `\(UntrustedText(name).terminal)`, \(expected): the file is "
        + "damaged; export it again"
    case .sameTensor(let layer, let parameter, let other):
      "\(subject) and `\(UntrustedText(other).terminal)` both become "
        + "`\(UntrustedText(layer + "." + parameter).terminal)`; rename one with a mapping file "
        + "(--write-map, --map)"
    case .severalLayers(let layer, let candidates):
      "\(subject): the layer `\(UntrustedText(layer).terminal)` could be "
        + candidates.map { "`\(UntrustedText($0).terminal)`" }.joined(separator: " or ")
        + "; say which with a mapping file (--write-map, --map)"
    case .noName:
      "\(subject) has no layer, or a name that HDF5 does not take: name it with a mapping file "
        + "(--write-map, --map)"
    case .unknownSource(let closest):
      "\(subject) is named by the map and not in the weight file"
        + (closest.map { "; did you mean `\(UntrustedText($0).terminal)`?" }
          ?? ": list what is there with `cnn-verify weights FILE`")
    case .unknownKey(let key, let closest):
      "\(subject) has the unknown key `\(UntrustedText(key).terminal)`"
        + (closest.map { "; did you mean `\($0)`?" } ?? ": remove it")
    default: nil
    }
  }

  // MARK: Tensors

  private func tensorSentence(_ subject: String) -> String {
    switch self {
    case .unsupportedType(let words):
      "\(subject) has elements of type \(UntrustedText(words).terminal), which are no numbers: "
        + "store it as float16, float32, float64, integers or booleans"
    case .noData: "\(subject) has no data (it was never initialised): save it after the first use"
    case .conversion(let fault, let stored):
      "\(subject) of shape \(Figure.tuple(stored)) cannot be converted: \(fault.words); "
        + "correct it with a mapping file (--write-map, --map)"
    case .integerTooLarge(let element):
      "\(subject): element \(element) does not fit 64 bits with a sign"
    case .parametrised(let what):
      "\(subject): \(what) is not folded; remove it in the tool that wrote the file, and save again"
    case .undecided(let what, let advice): "\(subject) \(UntrustedText(what).terminal): \(advice)"
    case .shape(let stored, let conversion, let canonical, let expected):
      "\(subject) of shape \(Figure.tuple(stored)) becomes \(Figure.tuple(canonical)) "
        + "(\(UntrustedText(conversion).terminal)), and the network needs \(Figure.tuple(expected))"
    default: subject
    }
  }
}

extension ConversionFault {
  /// What does not fit, in words.
  var words: String {
    switch self {
    case .reshape(let shape): "it cannot be reshaped to \(Figure.tuple(shape))"
    case .permutation(let order): "\(Figure.tuple(order)) is no order of its axes"
    case .flip(let axis): "it has no axis \(axis) to flip"
    case .needsTarget: "its last step takes the shape from a network, and none is named"
    case .scale: "whole numbers are not scaled"
    }
  }
}
