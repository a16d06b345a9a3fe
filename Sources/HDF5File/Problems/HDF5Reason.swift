// HDF5Reason.swift

public import Text

/// What can be wrong with a file or an object, as facts.
public enum HDF5Reason: Hashable, Sendable {
  // MARK: The file

  /// The system refused to open it, with its error number.
  case cannotOpen(errno: Int32)
  /// It is a directory.
  case directory
  /// It is a device, a pipe or a socket.
  case notRegular
  /// It has no byte.
  case empty
  /// There is no HDF5 signature; the first bytes.
  case notHDF5(firstBytes: [UInt8])
  /// It ends before the end that its superblock states.
  case cutShort(actual: Int, declared: UInt64)
  /// It is marked as open for writing.
  case notClosedByWriter
  /// It changed while it was read.
  case changed
  /// All its datasets together declare more bytes than the files before it leave of the budget.
  case budgetExceeded(declared: Int, before: Int, budget: Int)
  /// The confined process did not deliver a catalogue; the object at which it was.
  case worker(WorkerEnd, visiting: UntrustedText?)
  /// The kernel does not offer the confinement that was required.
  case insufficientConfinement(Confinement)

  // MARK: Structure, which condemns the file

  /// A link that is not hard.
  case link(LinkKind)
  /// A dataset whose bytes are in another file.
  case externalStorage
  /// A dataset made of others.
  case virtualDataset
  /// A group that contains itself.
  case hardLinkCycle
  /// Groups nested deeper than the limit.
  case tooDeep(limit: Int)
  /// More objects than the limit.
  case tooManyObjects(limit: Int)
  /// More links in one group than the limit.
  case tooManyLinks(limit: Int)
  /// More attributes on one object than the limit.
  case tooManyAttributes(Int, limit: Int)
  /// An attribute of more bytes than the limit.
  case attributeTooLarge(UntrustedText, bytes: UInt64, limit: Int)
  /// An attribute that libhdf5 could not read.
  case attributeUnreadable(UntrustedText)
  /// Bytes that are no name.
  case invalidName(UntrustedText, NameFault)
  /// Two objects over the same bytes; the other one.
  case overlap(with: ObjectPath, offset: Int)
  /// Bytes of an object over the file's own header.
  case overSuperblock(offset: Int)
  /// libhdf5 refused something that the walk needs.
  case library(LibraryStep)

  // MARK: One dataset

  /// A committed datatype in a dataset's place.
  case committedDatatype
  /// The dataset was written in a form that libhdf5 1.10 does not know.
  case layoutTooNew
  /// A type that is no number.
  case unsupportedType(String)
  /// A float of another format than IEEE 16, 32 or 64 bits; its fields in words.
  case unusualFloat(String)
  /// The attribute `logical_dtype` names no known type, or not one for this storage.
  case unknownLogicalType(UntrustedText)
  /// More axes than 8.
  case tooManyAxes(Int)
  /// No dataspace: not even a scalar.
  case nullDataspace
  /// The number of bytes overflows 63 bits.
  case sizeOverflow
  /// One dataset declares more bytes than allowed.
  case datasetBudget(declared: Int, budget: Int)
  /// Nothing was ever written.
  case neverWritten
  /// Stored bytes differ from what shape and type need.
  case storageSize(stored: UInt64, expected: Int)
  /// Bytes outside the file.
  case outsideFile(offset: UInt64, size: UInt64, fileSize: Int)
  /// A chunk shape that fits no such dataset.
  case chunkShape
  /// Some chunks were never written.
  case chunksMissing(Int, of: Int)
  /// More chunks than the limit.
  case tooManyChunks(Int, limit: Int)
  /// One chunk's stored size cannot be right.
  case chunkSize(chunk: [Int], stored: UInt64, expected: Int)
  /// A filter other than gzip, shuffle and fletcher32.
  case unknownFilter(Int)
  /// One filter twice.
  case repeatedFilter(Filter)
  /// A filter whose parameters do not fit.
  case filterParameters(Filter)

  // MARK: Reading

  /// A compressed stream that is damaged, too short or too long.
  case inflate(chunk: [Int], InflateFault)
  /// A checksum that does not match.
  case checksum(chunk: [Int])
  /// The system could not read.
  case readFailed(errno: Int32)
  /// The file ended early.
  case shortRead(offset: Int, wanted: Int, got: Int)
  /// Elements of this type cannot become the requested one without loss.
  case narrowing(from: ElementType, to: String)
  /// A whole number that the requested type cannot hold.
  case notRepresentable(element: Int, value: String, as: String)
  /// A window outside the dataset.
  case windowOutside(Range<Int>, count: Int)

  // MARK: Writing

  /// The system refused an operation on the new file.
  case cannotWrite(operation: String, errno: Int32)
}

/// How the confined process ended when it did not deliver.
public enum WorkerEnd: Hashable, Sendable {
  /// It could not be started.
  case cannotStart(errno: Int32)
  /// A signal ended it.
  case signal(Int32)
  /// It exited by itself.
  case exit(Int32)
  /// It took longer than allowed.
  case timeout(seconds: Int)
  /// What it sent is no catalogue; where it fails.
  case malformed(String)
  /// A worker was asked to start a worker: the program lacks the call that takes the role.
  case roleNotTaken
}

/// A link that leads elsewhere.
public enum LinkKind: Hashable, Sendable {
  /// A path within the file.
  case soft
  /// A path in another file.
  case external
  /// A link class of someone's own, by its number.
  case userDefined(Int)
}

/// What was asked of libhdf5 when it refused.
public enum LibraryStep: UInt8, Hashable, Sendable {
  /// Opening the file.
  case openFile = 1
  /// Opening an object.
  case openObject
  /// Listing a group.
  case listLinks
  /// Listing attributes.
  case listAttributes
  /// Asking for type, shape or storage.
  case describe
  /// Finding chunks.
  case findChunks
  /// Reading bytes within an object's header.
  case readCompact
  /// Creating or writing.
  case write
  /// Finding libhdf5 itself.
  case load
}

/// What is wrong with a compressed stream.
public enum InflateFault: Hashable, Sendable {
  /// No valid stream.
  case damaged
  /// It ends before its chunk is full.
  case tooShort(actual: Int, expected: Int)
  /// It goes on after its chunk is full.
  case tooLong(expected: Int)
  /// Bytes after the end of the stream.
  case trailingBytes(Int)
}
