import Text

extension LibraryRefusal: CustomStringConvertible {
  /// What is wrong with the file and what to do, as the rest of a sentence that names it; safe for a
  /// terminal.
  var description: String {
    let subject = UntrustedText(bytes: subject).terminal
    let detail = UntrustedText(bytes: detail).terminal
    return switch code {
    case .relativePath: "is no absolute path: write the whole path, so that nothing is searched for"
    case .notThere: "cannot be opened: \(detail)"
    case .notRegular: "is no file"
    case .writable:
      "may be written by others: take the right away (chmod go-w), and its owner must"
        + " be you or the system"
    case .cannotLoad: "cannot be loaded: \(detail)"
    case .noEntry: "is no plug-in: it has no function `cnn_plugin_entry`"
    case .noTable: "gives no table: `cnn_plugin_entry` returned NULL"
    case .wrongMagic:
      "gives no table of a plug-in: its first number is \(hexadecimal(figure)) instead of"
        + " \(hexadecimal(needed)); begin it with CNN_PLUGIN_HEADER"
    case .wrongABI:
      "was compiled for version \(figure) of the plug-in interface, and this is version \(needed):"
        + " compile it with this version's cnn_layer.h"
    case .tooSmall:
      "states \(figure) bytes as the size of `\(subject)`, which has at least \(needed): set"
        + " `struct_size` to sizeof"
    case .layerCount:
      "states \(Figure.grouped(figure)) kinds of layers; from 1 to \(Figure.grouped(needed)) are"
        + " possible"
    case .tooMany:
      "states \(Figure.grouped(figure)) \(detail) for `\(subject)`; at most"
        + " \(Figure.grouped(needed)) are possible"
    case .nullPointer: "has NULL where \(subject) must be"
    case .illFormedName:
      "calls \(subject) `\(detail)`: names are made of letters, digits and `_`, those of kinds begin"
        + " with the plug-in's and a point"
    case .notUTF8: "has a text that is not UTF-8: \(subject)"
    case .wrongPrefix:
      "offers the kind `\(subject)`, which lacks its prefix: call it `\(detail).…`, since other"
        + " names belong to others"
    case .duplicateKind: "offers the kind `\(subject)` twice: rename one"
    case .duplicateSlot: "calls two tensors of `\(subject)` `\(detail)`: rename one"
    case .noFunction: "has no function `\(detail)` for `\(subject)`: only optional ones may be NULL"
    case .unknownContent:
      "says that `\(detail)` of `\(subject)` holds the content \(figure), which does not exist"
    case .unknownTraits:
      "states traits of `\(subject)` that do not exist: \(hexadecimal(figure))"
    case .optionalOrder:
      "has a required input of `\(subject)` after an optional one: change the order"
    case .noInput: "repeats the last input of `\(subject)`, which has none"
    case .badExample: "has an example of `\(subject)` that cannot be read: \(detail)"
    }
  }

  private func hexadecimal(_ number: Int) -> String {
    "0x" + String(UInt32(truncatingIfNeeded: number), radix: 16)
  }
}
