import FixtureDrafts
import Glibc
import PluginHost
import Testing

/// Libraries that are no plug-ins, or whose tables cannot be used: each one line that says why.
@Suite struct RefusedLibraryTests {
  private func problem(_ path: String) throws -> String {
    let problem = #expect(throws: PluginProblem.self) {
      try PluginLibrary(path: path, options: .forTests())
    }
    return try #require(problem).description
  }

  @Test(
    arguments: [
      (["IN_TABLE": "return NULL;"], "gives no table: `cnn_plugin_entry` returned NULL"),
      (["IN_TABLE": "plugin.magic = 7;"], "its first number is 0x7 instead of 0x4c4e4e43"),
      (
        ["IN_TABLE": "plugin.abi = 9u << 16;"],
        "compiled for version 9 of the plug-in interface, and this is version 1"
      ),
      (
        ["IN_TABLE": "plugin.struct_size = 8;"],
        "8 bytes as the size of `cnn_plugin`, which has at least 40"
      ),
      (["IN_TABLE": "plugin.layer_count = 0;"], "states 0 kinds of layers"),
      (["IN_TABLE": "plugin.layer_count = 4097;"], "states 4,097 kinds of layers; from 1 to 4,096"),
      (["IN_TABLE": "plugin.layers = NULL;"], "has NULL where the list of kinds must be"),
      (
        ["IN_TABLE": "static const cnn_layer_type *const none[2]; plugin.layers = none;"],
        "has NULL where kind 0 of 2 must be"
      ),
      (["IN_TABLE": "plugin.name = NULL;"], "has NULL where the name of the plug-in must be"),
      (["IN_TABLE": "plugin.name = \"ac me\";"], "calls itself `ac me`"),
      (
        ["IN_TABLE": "plugin.name = \"\\xff\";"],
        "has a text that is not UTF-8: the name of the plug-in"
      ),
      (["IN_TYPE": "bad.struct_size = 100;"], "100 bytes as the size of `cnn_layer_type`"),
      (["IN_TYPE": "bad.kind = NULL;"], "has NULL where the name of a kind must be"),
      (["IN_TYPE": "bad.kind = \"acme.Scale\";"], "offers the kind `acme.Scale` twice"),
      (
        ["IN_TYPE": "bad.kind = \"Conv2d\";"],
        "the kind `Conv2d`, which lacks its prefix: call it `acme.…`"
      ),
      (["IN_TYPE": "bad.kind = \"acme.\\x1b[31mRed\";"], "calls a kind `acme.\\u{1b}[31mRed`"),
      (["IN_TYPE": "bad.kind = \"acme.a.b\";"], "calls a kind `acme.a.b`"),
      (["IN_TYPE": "bad.forward_f64 = NULL;"], "has no function `forward_f64` for `acme.Bad`"),
      (["IN_TYPE": "bad.create = NULL;"], "has no function `create` for `acme.Bad`"),
      (["IN_TYPE": "bad.infer = NULL;"], "has no function `infer` for `acme.Bad`"),
      (["IN_TYPE": "bad.backward_f64 = NULL;"], "has no function `backward_f64` for `acme.Bad`"),
      (
        ["IN_TYPE": "bad.traits = 1u << 20;"],
        "states traits of `acme.Bad` that do not exist: 0x100000"
      ),
      (["IN_TYPE": "bad.input_count = 65;"], "states 65 inputs for `acme.Bad`; at most 64"),
      (["IN_TYPE": "bad.inputs = NULL;"], "has NULL where the inputs of `acme.Bad` must be"),
      (
        [
          "IN_TYPE":
            "static const cnn_slot two[] = {CNN_SLOT(\"x\", 0), CNN_SLOT(\"x\", 0)}; bad.inputs = two; bad.input_count = 2;"
        ], "calls two tensors of `acme.Bad` `x`"
      ),
      (
        [
          "IN_TYPE":
            "static const cnn_slot two[] = {CNN_OPTIONAL_SLOT(\"x\", 0), CNN_SLOT(\"y\", 0)}; bad.inputs = two; bad.input_count = 2;"
        ], "a required input of `acme.Bad` after an optional one"
      ),
      (
        ["IN_TYPE": "static const cnn_slot odd[] = {CNN_SLOT(\"x\", 99)}; bad.inputs = odd;"],
        "`x` of `acme.Bad` holds the content 99"
      ),
      (
        ["IN_TYPE": "bad.inputs = NULL; bad.input_count = 0; bad.traits = CNN_REPEATS_LAST_INPUT;"],
        "repeats the last input of `acme.Bad`, which has none"
      ),
      (
        [
          "IN_TYPE":
            "static const cnn_example odd[] = {CNN_EXAMPLE(\"odd\", \"\", \"output=2\")}; bad.examples = odd; bad.example_count = 1;"
        ], "`odd` has a tensor `output`, which the kind has not"
      ),
      (
        [
          "IN_TYPE":
            "static const cnn_example odd[] = {CNN_EXAMPLE(\"odd\", \"\", \"input=2y3\")}; bad.examples = odd; bad.example_count = 1;"
        ], "gives `input` the shape `2y3`"
      ),
    ] as [([String: String], String)])
  func `a table that cannot be used is refused`(places: [String: String], words: String) throws {
    let plugin = try BuiltPlugin(places)
    let problem = try problem(plugin.path)
    #expect(problem.contains(words), "\(problem)")
    #expect(!problem.contains("\n"))
  }

  @Test(
    arguments: [
      (["AT_LOAD": "abort();"], "`libacme.so` crashed (signal 6, abort) while it was being loaded"),
      (
        ["AT_ENTRY": "*(volatile int *)0 = 1;"],
        "`libacme.so` crashed (signal 11, segmentation fault) while"
      ),
      (
        ["AT_ENTRY": "exit(0);"],
        "`libacme.so` ended its process (status 0) while it was being loaded"
      ),
      (
        ["AT_ENTRY": "for (;;) sleep(1);"],
        "`libacme.so` did not return within 2 s while it was being"
      ),
      (
        ["IN_TYPE": "bad.kind = (const char *)8;"],
        "crashed (signal 11, segmentation fault) while it was"
      ),
    ] as [([String: String], String)])
  func `a library that breaks down while it is loaded is named`(
    places: [String: String], words: String
  ) throws {
    let plugin = try BuiltPlugin(places)
    let problem = try problem(plugin.path)
    #expect(problem.contains(words), "\(problem)")
  }

  @Test func `a library without the function is no plug-in`() throws {
    let plugin = try BuiltPlugin(entry: "another_entry")
    #expect(
      try problem(plugin.path)
        == "the plug-in is no plug-in: it has no function `cnn_plugin_entry`")
    let names = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/libz.so.1" }
    let zlib = try #require(names.first { access($0, R_OK) == 0 })
    #expect(try problem(zlib).hasSuffix("it has no function `cnn_plugin_entry`"))
  }

  @Test func `a missing symbol is named by the dynamic linker`() throws {
    let plugin = try BuiltPlugin(["AT_ENTRY": "extern void nowhere_at_all(void); nowhere_at_all();"]
    )
    let problem = try problem(plugin.path)
    #expect(problem.contains("cannot be loaded: "), "\(problem)")
    #expect(problem.contains("undefined symbol: nowhere_at_all"), "\(problem)")
  }

  @Test func `files that are no libraries of one's own are refused`() throws {
    let folder = try TemporaryFolder()
    #expect(try problem("libacme.so").contains("is no absolute path"))
    #expect(try problem(folder("none.so")).contains("cannot be opened: No such file"))
    #expect(try problem(folder.path).contains("is no file"))
    let text = folder("text.so")
    close(open(text, O_WRONLY | O_CREAT, 0o644))
    #expect(try problem(text).contains("cannot be loaded: "))
    let plugin = try BuiltPlugin()
    chmod(plugin.path, 0o775)
    #expect(try problem(plugin.path).contains("may be written by others"))
    chmod(plugin.path, 0o757)
    #expect(try problem(plugin.path).contains("may be written by others"))
    chmod(plugin.path, 0o755)
    #expect(try PluginLibrary(path: plugin.path, options: .forTests()).name == "acme")
  }
}
