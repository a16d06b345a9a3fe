internal import CLayerABI
internal import CSandbox
internal import Glibc
import LayerKit

/// A plug-in that has been loaded into this process, and its layers.
struct LoadedLibrary {
  let table: PluginTable
  let types: [UnsafePointer<cnn_layer_type>]
  /// The means of confinement that are in force, as bits.
  let confinement: UInt32
  private(set) var layers: [UInt64: Layer] = [:]

  /// One layer of the plug-in.
  struct Layer {
    let kind: PluginTable.Kind
    let type: cnn_layer_type
    let instance: UnsafeMutableRawPointer?
  }

  private init(
    table: PluginTable, types: [UnsafePointer<cnn_layer_type>], confinement: UInt32
  ) {
    self.table = table
    self.types = types
    self.confinement = confinement
  }

  /// Loads a library and reads its table; its code runs from here on.
  static func load(
    _ path: [UInt8], addressSpace: UInt64
  ) throws(LibraryRefusal) -> (LoadedLibrary, PluginTable) {
    let folders = ReadableFolders()
    let own = String(decoding: path, as: UTF8.self).split(separator: "/").dropLast()
      .reduce("") { $0 + "/" + $1 }
    let confinement = folders.adding(own.isEmpty ? "/" : own).withPointers { paths, count in
      CSandbox_confinePlugin(addressSpace, paths, count)
    }
    let handle = (path + [0]).withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { dlopen($0.baseAddress, RTLD_NOW | RTLD_LOCAL) }
    }
    guard let handle else {
      throw LibraryRefusal(.cannotLoad, detail: dlerror().map { TableReader.bytes($0) } ?? [])
    }
    guard let symbol = dlsym(handle, "cnn_plugin_entry") else { throw LibraryRefusal(.noEntry) }
    // Only the plug-in's own folder is closed now, beside which it may have libraries.
    folders.withPointers { _ = CSandbox_narrowPlugin($0, $1) }
    typealias Entry = @convention(c) () -> UnsafePointer<cnn_plugin>?
    let entry = unsafeBitCast(symbol, to: Entry.self)
    var reader = TableReader()
    let table = try reader.read(entry())
    return (LoadedLibrary(table: table, types: reader.types, confinement: confinement), table)
  }

  /// Makes a layer, or returns why not.
  mutating func create(_ kind: Int, as number: UInt64, _ context: HostContext) -> Int32 {
    let type = cnn_layer_type(known: types[kind])
    var instance: UnsafeMutableRawPointer?
    guard let create = type.create else { return Int32(CNN_FAILED) }
    let code = context.call { create($0, types[kind], &instance) }
    guard code == CNN_OK else { return code }
    layers[number] = Layer(kind: table.kinds[kind], type: type, instance: instance)
    return code
  }

  mutating func destroy(_ number: UInt64) {
    guard let layer = layers.removeValue(forKey: number) else { return }
    layer.type.destroy?(layer.instance)
  }
}

/// What the process of a plug-in may read: libraries, and what they want to know of the machine.
private struct ReadableFolders {
  private var paths: [String]

  /// The folders of the system, and those of the libraries that this program itself was loaded with.
  init() {
    paths = [
      "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
      "/sys/devices/system/cpu", "/dev/urandom",
      // Dispatch looks at its own threads under any name, and ends the process where it cannot.
      // What this shows of other processes is up to the kernel; it may be their environment.
      "/proc",
    ]
    var loaded: [String] = []
    withUnsafeMutablePointer(to: &loaded) { loaded in
      CSandbox_forEachLibrary(
        { path, list in
          guard let path, let list else { return }
          list.assumingMemoryBound(to: [String].self).pointee.append(String(cString: path))
        }, loaded)
    }
    let folders = loaded.filter { $0.hasPrefix("/") }.map { path in
      path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }
    paths += Set(folders).subtracting(["", "/"]).sorted()
  }

  func adding(_ path: String) -> ReadableFolders {
    var copy = self
    copy.paths.append(path)
    return copy
  }

  func withPointers<Result>(
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, Int) -> Result
  ) -> Result {
    let copies = paths.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    let pointers = copies.map { UnsafePointer<CChar>($0) }
    return pointers.withUnsafeBufferPointer { buffer in
      // The list is never empty.
      guard let base = buffer.baseAddress else { preconditionFailure("no folders") }
      return body(base, buffer.count)
    }
  }
}
