import Conformance
import Testing

/// Where two rows differ most, looked at one by one.
private func place(_ first: [Double], _ second: [Double]) -> Int {
  let differences = zip(first, second).map { ($0 - $1).magnitude }
  if let nan = differences.firstIndex(where: \.isNaN) { return nan }
  return differences.firstIndex(of: differences.max() ?? 0) ?? 0
}

private func maxima(_ first: [Double], _ second: [Double]) -> RowMaxima {
  first.withUnsafeBufferPointer { a in
    second.withUnsafeBufferPointer { RowMaxima(a, $0) }
  }
}

/// Numbers of rows with whole vectors, without, and with both.
@Test(arguments: [0, 1, 7, 8, 9, 16, 29])
func `the largest difference of two rows is found wherever it stands`(count: Int) {
  let second = (0..<count).map { Double($0 * 7 % 5) - 3 }
  #expect(maxima(second, second).largest == second.map(\.magnitude).max() ?? 0)
  #expect(maxima(second, second).place == 0)
  for spot in 0..<count {
    for error in [0.25, -0.5, .nan, .infinity] {
      var first = second
      first[spot] += error
      #expect(maxima(first, second).place == spot)
      // A smaller one before it and an equal one behind it.
      if error.isFinite, spot > 0 { first[spot - 1] += 0.125 }
      if spot + 1 < count { first[spot + 1] = second[spot + 1] + error }
      #expect(maxima(first, second).place == place(first, second))
      // From the other side.
      #expect(maxima(second, first).place == place(first, second))
    }
  }
}

@Test func `a NaN hides nothing that stands beside it`() {
  var second = [Double](repeating: 1, count: 16)
  second[3] = .nan
  second[12] = -9
  let found = maxima([Double](repeating: 1, count: 16), second)
  #expect(found.place == 3)
  #expect(found.largest == 9)
}
