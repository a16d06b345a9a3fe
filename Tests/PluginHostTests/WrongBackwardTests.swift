import Conformance
import FixtureDrafts
import PluginHost
import Testing

/// Backward passes of shared libraries are held against differences of their forward passes.
@Suite struct WrongBackwardTests {
  private func adjoint(_ slip: String) throws -> ConformanceReport.CheckResult {
    let built = try BuiltPlugin(["SLIP": slip], source: "product.c")
    return try withExtendedLifetime(built) {
      let library = try PluginLibrary(path: built.path, options: .forTests())
      let checks = ConformanceCheck.all.filter { $0.id == "adjoint" }
      let report = ConformanceKit.report(on: library.layers[0], checks: checks)
      #expect(report.derivatives == .differences)
      return try #require(report.results.first)
    }
  }

  @Test func aRightOneIsHeldToItsDerivative() throws {
    let result = try adjoint("NONE")
    #expect(result.cases == 1 && result.failures.isEmpty, "\(result)")
  }

  @Test(
    arguments: [
      ("SIGN", "the gradient of `weight` has the wrong sign everywhere"),
      ("MISSING_TERM", "look for a missing term"),
      ("TRANSPOSED", "the gradient of `weight` is transposed: axes 0 and 1 are exchanged"),
      ("ONE_SAMPLE", "forgets the sum over the batch: it holds sample 2 of 3 alone"),
      ("UPSTREAM_IGNORED", "the gradient of `weight` ignores the upstream gradient"),
    ])
  func aSlipIsToldByItsName(slip: String, words: String) throws {
    let result = try adjoint(slip)
    let detail = try #require(result.failures.first).detail
    #expect(detail.contains(words), "\(detail)")
    #expect(detail.contains("by finite differences"))
    // The gradient of the input is right, and nothing is said of it.
    #expect(!detail.contains("input 0"))
  }

  @Test func theSmallestCaseIsTold() throws {
    let smallest = try #require(try adjoint("SIGN").smallest)
    #expect(smallest.example == "input [1, 1], weight [1, 1]")
    #expect(smallest.detail.contains("has the wrong sign"))
  }
}
