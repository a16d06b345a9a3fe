import FixtureDrafts
import LayerKit
import PluginHost
import Tensors
import Testing

/// Layers that break down: each names itself, its file, the function and what happened; the next
/// layer works.
@Suite struct BrokenLayerTests {
  @Test(
    arguments: [
      (
        ["IN_FORWARD": "*(volatile int *)0 = 1;"],
        "`acme.Bad` of `libacme.so` crashed (signal 11, segmentation fault) in `forward`"
      ),
      (
        ["IN_BACKWARD": "abort();"],
        "`acme.Bad` of `libacme.so` crashed (signal 6, abort) in `backward`"
      ),
      (
        ["IN_FORWARD": "exit(0);"],
        "`acme.Bad` of `libacme.so` ended its process (status 0) in `forward`"
      ),
      (["IN_BACKWARD": "_exit(3);"], "ended its process (status 3) in `backward`"),
      (["IN_FORWARD": "for (;;) {}"], "did not return within 1 s in `forward`: it was ended"),
      (["IN_CREATE": "abort();"], "crashed (signal 6, abort) in `create`"),
      (["IN_INFER": "abort();"], "crashed (signal 6, abort) in `infer`"),
      (["IN_CHECK": "abort();"], "crashed (signal 6, abort) in `check_values`"),
      (["IN_BOUND": "abort();"], "crashed (signal 6, abort) in `bound`"),
      (["AFTER_FORWARD": "to[count] = 0;"], "wrote beyond the end of `output` in `forward`"),
      (["AFTER_FORWARD": "to[512] = 0;"], "crashed (signal 11, segmentation fault) in `forward`"),
      (["AFTER_FORWARD": "to[-1] = 0;"], "crashed (signal 11, segmentation fault) in `forward`"),
      (
        ["IN_FORWARD": "((double *)x->inputs[0]->data)[0] = 7;"],
        "crashed (signal 11, segmentation fault) in `forward`"
      ),
      (["IN_FORWARD": "return CNN_OK;"], "left 6 of 6 elements of `output` unwritten in `forward`"),
      (
        ["IN_FORWARD": "to[0] = 1; return CNN_OK;"],
        "left 5 of 6 elements of `output` unwritten in `forward`"
      ),
      (
        ["IN_BACKWARD": "return CNN_OK;"],
        "left 6 of 6 elements of `grad_input` unwritten in `backward`"
      ),
      (
        ["IN_FORWARD": "return host->fail(host, \"the moon is full\");"],
        "failed in `forward`: the moon is full"
      ),
      (["IN_FORWARD": "return 42;"], "failed in `forward` with code 42 and gave no reason"),
      (
        ["IN_FORWARD": "host->fail(host, \"perhaps\");"],
        "returned CNN_OK in `forward` after it had said: perhaps"
      ),
      (
        [
          "IN_FORWARD":
            "static int calls; to[0] = calls++; for (int64_t i = 1; i < count; i++) to[i] = 0; return CNN_OK;"
        ], "gave other bits when it was called once more with the same operands in `forward`"
      ),
      (
        [
          "IN_FORWARD":
            "static __thread int calls; for (int64_t i = 0; i < count; i++) to[i] = (double)(size_t)&calls; return CNN_OK;"
        ], "gave other bits when it was called once more with the same operands in `forward`"
      ),
      (["IN_INFER": "return CNN_OK;"], "named no output in `infer`"),
      (
        ["IN_INFER": "static int64_t n = 2; n++; return host->add_output(host, 1, &n);"],
        "named other shapes when it was asked once more in `infer`"
      ),
      (
        ["IN_INFER": "int64_t shape[] = {2, 3}; return host->add_output(host, 2, shape);"],
        "named an output of 2 samples for inputs of 3 in `infer`"
      ),
      (
        ["IN_BOUND": "answer->form = 77; return CNN_OK;"],
        "answered with a form of bound that does not exist: 77"
      ),
      (
        ["IN_BOUND": "answer->form = CNN_BOUND_ELEMENTWISE; return CNN_OK;"],
        "left 6 of 6 elements of `values` unwritten in `bound`"
      ),
      (
        ["IN_BOUND": "bound(self, host, question, answer); answer->terms = -1; return CNN_OK;"],
        "named -1.0 in `bound`"
      ),
      (
        [
          "IN_BOUND":
            "bound(self, host, question, answer); ((double *)answer->values->data)[1] = -1; return CNN_OK;"
        ], "named -1.0 in `bound`"
      ),
      (
        [
          "IN_FORWARD":
            "void *all = malloc(1ull << 40); if (!all) return host->fail(host, \"no memory\"); memset(all, 1, 1ull << 40);"
        ], "failed in `forward`: no memory"
      ),
    ] as [([String: String], String)])
  func `a layer that breaks down is named`(places: [String: String], words: String) throws {
    let plugin = try TestPlugin(places, options: .forTests(seconds: 1))
    let layer = try plugin.layer("acme.Bad", ["s": 2])
    let failure = #expect(throws: LayerFailure.self) { try TestPlugin.use(layer) }
    let sentence = try #require(failure).description
    #expect(sentence.contains(words), "\(sentence)")
    #expect(failure?.kind == "acme.Bad")
    // It stays broken, and does not break the others.
    #expect(throws: LayerFailure.self) { try layer.double.forward(TestPlugin.operands) }
    let other = try plugin.layer("acme.Scale", ["s": 2])
    try TestPlugin.use(other)
    #expect(
      try other.double.forward(TestPlugin.operands).outputs[0].elements == [2, -4, 6, 1, 0, -14])
  }

  @Test func `a reason is shortened and made visible`() throws {
    let plugin = try TestPlugin([
      "IN_FORWARD":
        "char *text = malloc(1 << 20); memset(text, 27, 1 << 20); text[(1 << 20) - 1] = 0;"
        + " return host->fail(host, text);"
    ])
    let layer = try plugin.layer("acme.Bad")
    let failure = #expect(throws: LayerFailure.self) { try TestPlugin.use(layer) }
    let sentence = try #require(failure).description
    #expect(sentence.count < 1500, "\(sentence.count) characters")
    #expect(sentence.contains("\\u{1b}"))
    #expect(!sentence.unicodeScalars.contains("\u{1b}"))
  }

  @Test(
    arguments: [
      (
        ["AT_LOAD": "_mm_setcsr(_mm_getcsr() | 0x8040);"], "plugin-subnormals",
        "`libacme.so` made subnormal numbers zero while it was loaded"
      ),
      (
        ["IN_FORWARD": "_mm_setcsr(_mm_getcsr() | 0x8040);"], "plugin-subnormals",
        "`acme.Bad` of `libacme.so` made subnormal numbers zero in `forward`"
      ),
      (
        ["IN_FORWARD": "_mm_setcsr((_mm_getcsr() & ~0x6000u) | 0x2000);"],
        "plugin-floating-point-mode", "changed how numbers are rounded in `forward`"
      ),
      (
        ["IN_FORWARD": "chdir(\"/proc\");"], "plugin-state",
        "changed the working folder in `forward`"
      ),
      (
        [
          "IN_FORWARD":
            "static int started; pthread_t t; if (!started++) pthread_create(&t, NULL, spin, NULL);"
        ], "plugin-threads", "left 1 thread at work behind `forward`"
      ),
    ] as [([String: String], String, String)])
  func `what a plug-in changes is told and brought back`(
    places: [String: String], id: String, words: String
  ) throws {
    let plugin = try TestPlugin(places)
    let layer = try plugin.layer("acme.Bad", ["s": 2])
    try TestPlugin.use(layer)
    let warnings = plugin.library.takeWarnings()
    let warning = try #require(warnings.first { $0.id == id }, "\(warnings)")
    #expect(warning.text.contains(words), "\(warning.text)")
    #expect(plugin.library.takeWarnings().isEmpty)
    // 2⁻¹⁰⁷⁴ is the smallest number; flushed to zero, so would be its product with 2.
    let tiny = Operands(inputs: [Tensor([1], [0x1p-1074])])
    let other = try plugin.layer("acme.Scale", ["s": 2])
    #expect(try other.double.forward(tiny).outputs[0].elements == [0x1p-1073])
  }

  @Test func `a layer that is ended for its time costs it once`() throws {
    let plugin = try TestPlugin(
      ["IN_FORWARD": "for (;;) {}"], options: .forTests(seconds: 1))
    let layer = try plugin.layer("acme.Bad")
    let clock = ContinuousClock()
    let elapsed = clock.measure {
      for _ in 0..<5 {
        #expect(throws: LayerFailure.self) { try layer.double.forward(TestPlugin.operands) }
      }
    }
    #expect(elapsed < .seconds(2), "\(elapsed)")
  }

  /// The process has no network, no other programs and none of the user's files.
  @Test(arguments: [
    "socket(2, 1, 0) < 0", "fork() < 0", "system(\"true\") != 0",
    "open(\"/etc/passwd\", 0) < 0", "open(SELF, 0) < 0", "open(\"/tmp/x\", 0101, 0600) < 0",
    "kill(getppid(), 0) < 0", "chdir(\"/proc/self/root/tmp\"), open(\".\", 0) < 0",
  ])
  func `a plug-in is confined`(condition: String) throws {
    let plugin = try TestPlugin(
      [
        "IN_FORWARD": "if (!(\(condition))) return host->fail(host, \"not confined\");",
        "SELF": "\"\(#filePath)\"",
      ],
      flags: ["-include", "fcntl.h", "-include", "signal.h", "-include", "sys/socket.h"])
    try TestPlugin.use(try plugin.layer("acme.Bad", ["s": 2]))
  }
}
