import Discrepancy
import HDF5File
public import Interchange
import LayerKit
import Network
public import Reports
import Tensors

/// Verifies the layers of a fixture, telling a sink what is found in the order of the network.
///
/// Small layers are verified side by side, those of several cases too; a large one is in memory
/// alone. Where the layers form a network, it is first run as a whole, so that what the chained run
/// says can stand beside the verdict of each layer.
public struct FixtureVerification {
  private let fixture: Fixture
  private let options: VerificationOptions

  /// Prepares to verify a fixture.
  public init(_ fixture: Fixture, options: VerificationOptions) {
    self.fixture = fixture
    self.options = options
  }

  /// Verifies each case and reports each layer, in the order of the network.
  ///
  /// Throws only what stops the work as a whole: a sink that cannot be written, a full disk.
  public func run(_ report: (Event) throws -> Void) throws {
    var cases = fixture.cases.compactMap {
      CaseVerification($0, of: fixture, options: options)
    }
    let places = cases.indices.flatMap { index in
      cases[index].chosen.map { Place(caseIndex: index, position: $0) }
    }
    let groups = LayerGroups(
      bytes: places.map { cases[$0.caseIndex].fixtureCase.layers[$0.position].workingBytes },
      threads: options.isSideBySide ? Parallel.threads : 1)
    var arrays = ArrayTelling(options.arrays)
    for range in groups.ranges {
      let group = places[range]
      // A network is run before its layers are looked at, so that the first rows come early.
      if let first = group.first, first.position == cases[first.caseIndex].chosen[0] {
        try cases[first.caseIndex].begin(report)
      }
      if let first = group.first { try report(.progress(name(of: first, cases))) }
      let next = places[range.upperBound...].prefix(range.count)
      ReadAhead.fetch(
        next.flatMap { cases[$0.caseIndex].fixtureCase.layers[$0.position].tensors })
      let found = find(group, cases)
      for (place, found) in zip(group, found) {
        let (index, position) = (place.caseIndex, place.position)
        let chosen = cases[index].chosen
        if position == chosen[0], place != group.first { try cases[index].begin(report) }
        try cases[index].tell(found, of: position, &arrays, report)
        if position == chosen[chosen.count - 1] { try cases[index].end(report) }
      }
    }
    try arrays.finish(report)
  }

  /// A layer that is verified.
  private struct Place: Hashable {
    let caseIndex: Int
    let position: Int
  }

  private func find(_ group: ArraySlice<Place>, _ cases: [CaseVerification]) -> [LayerFindings] {
    Parallel.map(group.count) { index in
      let place = group[group.startIndex + index]
      return cases[place.caseIndex].findings(of: place.position)
    }
  }

  private func name(of place: Place, _ cases: [CaseVerification]) -> String {
    cases[place.caseIndex].fixtureCase.layers[place.position].name
  }
}
