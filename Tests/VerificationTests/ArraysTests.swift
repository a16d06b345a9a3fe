import Discrepancy
import FixtureDrafts
import Reports
import Tensors
import Testing
import Verification

/// Tensors told element by element: those that were asked for, as long as there is room.
@Suite struct ArraysTests {
  private func arrays(_ trial: Trial) -> [ComparedArrays] {
    trial.events.compactMap { event in
      if case .arrays(let arrays) = event { arrays } else { nil }
    }
  }

  private func options(
    _ budget: Int = 1 << 20, all: Bool = false,
    _ precision: VerificationOptions.Precision = .float64
  ) -> VerificationOptions {
    VerificationOptions(
      precision: precision,
      arrays: ArraySelection(includesAgreeing: all, budgetBytes: budget))
  }

  @Test func onlyWhatDiffersIsTold() throws {
    let told = arrays(try Trial(.network(fault: 0.5), options()))
    #expect(told.map(\.path) == ["output"] && told.map(\.layer.name) == ["fc1"])
    let apart = zip(told[0].ours, told[0].reference).map { $1 - $0 }
    #expect(apart.enumerated().allSatisfy { $1 == ($0 == 1 ? 0.5 : 0) })
    #expect(told[0].bound.allSatisfy { $0 > 0 && $0 < 1e-5 } && told[0].shape.extents == [2, 4])
  }

  @Test func nothingIsToldUnasked() throws {
    #expect(arrays(try Trial(.network(fault: 0.5))).isEmpty)
  }

  @Test(arguments: [VerificationOptions.Precision.float64, .float32])
  func everythingIsToldAsItWasJudged(_ precision: VerificationOptions.Precision) throws {
    let trial = try Trial(.network(fault: 0.5), options(all: true, precision))
    let told = arrays(trial)
    let judged = trial.layers.flatMap { layer in
      layer.tensors.filter { $0.comparison != nil }.map { (layer.layer.name, $0) }
    }
    #expect(told.count == judged.count && told.count == 12)
    for (arrays, (layer, report)) in zip(told, judged) {
      #expect(arrays.layer.name == layer && arrays.path == report.path)
      let worst = try #require(report.comparison?.worst)
      #expect(arrays.ours[worst.offset] == worst.ours)
      #expect(arrays.reference[worst.offset] == worst.reference)
      #expect(arrays.bound[worst.offset] == worst.bound)
    }
  }

  @Test func theTwinIsToldAsItself() throws {
    var draft = FixtureDraft.linear()
    for path in ["input", "grad_output", "output"] {
      draft["layers/fc/reference_f64/\(path)"] = draft["layers/fc/reference/\(path)"]?.double
    }
    draft.change("layers/fc/reference_f64/output", at: 2, to: 9)
    let told = arrays(try Trial(draft, options()))
    #expect(told.map(\.against) == ["reference_f64"] && told[0].reference[2] == 9)
  }

  @Test func whatFindsNoRoomIsCounted() throws {
    // The output of the first layer: 8 elements, three arrays of doubles.
    let room = 3 * 8 * 8
    let trial = try Trial(.network(), options(room, all: true))
    let told = arrays(trial)
    #expect(told.map(\.path) == ["output"])
    let warnings = trial.events.compactMap { event in
      if case .warning(let warning) = event { warning } else { nil }
    }
    #expect(warnings.map(\.id) == ["arrays-left-out"])
    #expect(warnings[0].text.contains("11 tensors") && warnings[0].text.contains("--layer"))
    #expect(arrays(try Trial(.network(), options(room - 1, all: true))).first?.path != "output")
  }
}
