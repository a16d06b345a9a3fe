// HDF5Reason+Structure.swift

import Text

extension HDF5Reason {
  /// Sentences for what condemns a whole file.
  func structureSentence(_ subject: String) -> String? {
    switch self {
    case .link(.soft):
      "\(subject) is a soft link; write the object itself, or a hard link to it"
    case .link(.external):
      "\(subject) is an external link to another file; copy the object into this file"
    case .link(.userDefined(let number)):
      "\(subject) is a link of the user-defined class \(number); write the object itself"
    case .externalStorage:
      "\(subject) keeps its bytes in another file (external storage); "
        + "copy them into this file, for example with h5repack"
    case .virtualDataset:
      "\(subject) is a virtual dataset; copy its elements into a dataset of this file"
    case .hardLinkCycle:
      "\(subject) is a group that contains itself; remove the hard link that closes the circle"
    case .tooDeep(let limit):
      "\(subject) is nested deeper than \(limit) groups; write a flatter file"
    case .tooManyObjects(let limit):
      "\(subject) holds more than \(Figure.grouped(limit)) objects; split the file"
    case .tooManyLinks(let limit):
      "\(subject) has more than \(Figure.grouped(limit)) members; split the group"
    case .tooManyAttributes(let count, let limit):
      "\(subject) has \(Figure.grouped(count)) attributes, more than "
        + "\(Figure.grouped(limit)); store them as a dataset"
    case .attributeTooLarge(let name, let bytes, let limit):
      "\(subject) has the attribute `\(name.terminal)` of \(Figure.grouped(bytes)) bytes, more "
        + "than \(Figure.grouped(limit)); store it as a dataset"
    case .attributeUnreadable(let name):
      "\(subject) has the attribute `\(name.terminal)`, which cannot be read; the file is "
        + "damaged: export it again"
    case .invalidName(let name, let fault):
      "\(subject) has a member or attribute named `\(name.terminal)`, "
        + "\(Self.words(for: fault)); rename it"
    case .overlap(let other, let offset):
      "\(subject) shares bytes at offset \(Figure.grouped(offset)) with `\(other.text.terminal)`; "
        + "the file is damaged or hostile: export it again"
    case .overSuperblock(let offset):
      "\(subject) claims the file's own header (offset \(Figure.grouped(offset))); "
        + "the file is damaged or hostile: export it again"
    case .library(.load):
      "\(subject) needs libhdf5, which cannot be loaded; install the version that this program was "
        + "built with (on Debian: apt-get install libhdf5-dev)"
    case .library(.write):
      "\(subject) cannot be written: libhdf5 refused; is there space left, and may it be written?"
    case .library(let step):
      "\(subject) cannot be read: libhdf5 refused to \(Self.words(for: step)); "
        + "the file is damaged: export it again"
    default: nil
    }
  }

  private static func words(for fault: NameFault) -> String {
    switch fault {
    case .length(let count): "which has \(Figure.grouped(count)) bytes instead of 1 to 255"
    case .notUTF8: "which is not UTF-8"
    case .slash: "which contains a slash"
    case .controlCharacter(let code):
      "which contains the control character U+\(String(code, radix: 16, uppercase: true))"
    }
  }

  private static func words(for step: LibraryStep) -> String {
    switch step {
    case .openFile: "open it"
    case .openObject: "open an object"
    case .listLinks: "list the members of a group"
    case .listAttributes: "list attributes"
    case .describe: "describe an object"
    case .findChunks: "find a chunk"
    case .readCompact: "read a compact dataset"
    case .write: "write"
    case .load: "start"
    }
  }
}
