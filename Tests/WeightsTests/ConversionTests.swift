import Testing
import Weights

@Suite struct ConversionTests {
  @Test func lettersNameThePermutation() throws {
    let conversion = Conversion(from: "HWIO", to: "OIHW")
    #expect(conversion.permutation == [3, 2, 0, 1])
    #expect(try conversion.shape(of: [3, 5, 7, 11]) == [11, 7, 3, 5])
  }

  @Test func oneExtentMayBeLeftOpen() throws {
    let conversion = Conversion(reshape: [-1, 2, 2], permutation: [1, 2, 0])
    #expect(try conversion.shape(of: [12]) == [2, 2, 3])
    #expect(throws: ConversionFault.reshape([-1, 2, 2])) { try conversion.shape(of: [10]) }
  }

  /// A zero among the extents hides no product that does not fit.
  @Test func extentsBeyondAnyMachineAreRefused() throws {
    for shape in [[1 << 62, 0, 1 << 62], [0, 1 << 62, 4], [-2, 0], [0, -1]] {
      #expect(throws: ConversionFault.reshape(shape)) {
        try Conversion(reshape: shape).shape(of: [0])
      }
    }
    #expect(try Conversion(reshape: [0, 1 << 40, 3]).shape(of: [0]) == [0, 1 << 40, 3])
  }

  @Test func whatDoesNotFitIsNamed() {
    #expect(throws: ConversionFault.permutation([0, 2])) {
      try Conversion(permutation: [0, 2]).shape(of: [2, 3])
    }
    #expect(throws: ConversionFault.flip(2)) {
      try Conversion(flippedAxes: [2]).shape(of: [2, 3])
    }
    #expect(throws: ConversionFault.needsTarget) {
      try Conversion(final: .target).shape(of: [2, 3])
    }
  }
}
