// SafetensorsHeader.swift
// Source: github.com/huggingface/safetensors, README, "Format", and safetensors/src/tensor.rs: eight
// bytes of length, a JSON object, and then nothing but tensors, without holes.

import HDF5File

/// The header of a safetensors file, every number of it checked against the file.
struct SafetensorsHeader {
  /// One tensor; its bytes are absolute offsets in the file.
  struct Entry {
    let name: String
    let dtype: String
    let shape: [Int]
    let bytes: Range<Int>
  }

  /// The tensors in the order of their bytes.
  let entries: [Entry]
  /// What the writer says of the file.
  let metadata: [(key: String, value: String)]

  /// Longest header, as the format's own library has it.
  static let longest = 100_000_000

  /// Whether a file begins as one: a length that fits the file, and an opening brace.
  static func begins(_ prefix: [UInt8], fileSize: Int) -> Bool {
    guard prefix.count > 8, prefix[8] == UInt8(ascii: "{") else { return false }
    return (2...UInt64(fileSize - 8)).contains(length(prefix))
  }

  private static func length(_ prefix: [UInt8]) -> UInt64 {
    prefix[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }

  init(of file: WeightFile) throws(WeightError) {
    func malformed(_ what: String) -> WeightError { WeightError(file: file.path, .malformed(what)) }
    guard file.size >= 10, Self.begins(file.prefix, fileSize: file.size) else {
      throw malformed("it has no safetensors header that fits its size")
    }
    let length = Int(Self.length(file.prefix))
    guard length <= Self.longest else {
      throw WeightError(file: file.path, .tooLarge(bytes: length, limit: Self.longest))
    }
    let text = try file.bytes(8..<(8 + length))
    let value: JSONValue
    do throws(JSONFault) {
      value = try JSONValue(text)
    } catch {
      throw malformed("its header is no JSON (byte \(8 + error.offset): \(error.what))")
    }
    guard let members = value.members else { throw malformed("its header is no JSON object") }
    var problems: [WeightProblem] = []
    var entries: [Entry] = []
    var metadata: [(key: String, value: String)] = []
    for member in members {
      if member.key == "__metadata__" {
        guard let texts = member.value.members?.map({ ($0.key, $0.value.text) }),
          texts.allSatisfy({ $0.1 != nil })
        else { throw malformed("`__metadata__` is no object of strings") }
        metadata = texts.compactMap { key, text in text.map { (key, $0) } }
        continue
      }
      do throws(WeightProblem) {
        entries.append(try Self.entry(member, start: 8 + length, size: file.size))
      } catch {
        problems.append(error)
      }
    }
    entries.sort {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    if problems.isEmpty { problems = Self.gaps(entries, start: 8 + length, size: file.size) }
    guard problems.isEmpty else { throw WeightError(file: file.path, problems: problems) }
    self.entries = entries
    self.metadata = metadata
  }

  private static func entry(
    _ member: JSONValue.Member, start: Int, size: Int
  ) throws(WeightProblem) -> Entry {
    func malformed(_ what: String) -> WeightProblem {
      WeightProblem(source: member.key, .malformed(what))
    }
    for key in (member.value.members ?? []).map(\.key)
    where !["dtype", "shape", "data_offsets"].contains(key) {
      throw malformed("its entry has the unknown key `\(key)`")
    }
    guard let dtype = member.value["dtype"]?.text else { throw malformed("it has no `dtype`") }
    guard let shape = member.value["shape"]?.integers, shape.allSatisfy({ $0 >= 0 }),
      shape.count <= StoredWeight.mostAxes
    else { throw malformed("its `shape` is no list of at most 32 whole numbers") }
    guard let offsets = member.value["data_offsets"]?.integers, offsets.count == 2,
      offsets[0] >= 0, offsets[0] <= offsets[1]
    else { throw malformed("its `data_offsets` are no two ascending numbers") }
    guard offsets[1] <= size - start else {
      throw WeightProblem(
        source: member.key,
        .cutShort(
          "it ends at byte \(offsets[1]) of the data, and the file has \(size - start) of them"))
    }
    if let width = Safetensors.type(dtype)?.byteCount {
      let count = StoredWeight.count(shape, times: width)
      guard count == offsets[1] - offsets[0] else {
        throw malformed("its shape and type need another number of bytes than its `data_offsets`")
      }
    }
    return Entry(
      name: member.key, dtype: dtype, shape: shape,
      bytes: (start + offsets[0])..<(start + offsets[1]))
  }

  /// Tensors follow one another to the end of the file: neither overlaps nor holes.
  private static func gaps(_ entries: [Entry], start: Int, size: Int) -> [WeightProblem] {
    var problems: [WeightProblem] = []
    var end = start
    for entry in entries {
      if entry.bytes.lowerBound < end {
        problems.append(
          WeightProblem(source: entry.name, .malformed("its bytes overlap another tensor's")))
      } else if entry.bytes.lowerBound > end {
        problems.append(
          WeightProblem(source: entry.name, .malformed("there is a hole before its bytes")))
      }
      end = max(end, entry.bytes.upperBound)
    }
    if end < size, problems.isEmpty {
      problems.append(WeightProblem(.malformed("\(size - end) bytes follow the last tensor")))
    }
    return problems
  }
}

/// The types of the format.
enum Safetensors {
  /// The element type of a name; nil for those that cannot be read.
  static func type(_ dtype: String) -> ElementType? {
    switch dtype {
    case "F64": .float64
    case "F32": .float32
    case "F16": .float16
    case "BF16": .bfloat16
    case "I64": .int64
    case "I32": .int32
    case "I16": .int16
    case "I8": .int8
    case "U64": .uint64
    case "U32": .uint32
    case "U16": .uint16
    case "U8": .uint8
    case "BOOL": .boolean
    default: nil
    }
  }
}
