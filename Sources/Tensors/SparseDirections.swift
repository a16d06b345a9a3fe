/// The directions in which sparse dual numbers carry derivatives, and the memory of these.
///
/// Sparse dual numbers must not be used longer than the directions that they were made with.
package final class SparseDirections: Sendable {
  /// How many directions there are.
  package let count: Int
  // Allocated here, freed in `deinit`; the store itself lets threads work side by side.
  nonisolated(unsafe) private let store: UnsafeMutablePointer<DerivativeStore>

  /// Makes directions, with room for `capacity` derivatives of all numbers together.
  package init(_ count: Int, capacity: Int) {
    self.count = count
    store = .allocate(capacity: 1)
    store.initialize(to: DerivativeStore(capacity: capacity, directionCount: count))
  }

  deinit {
    store.deinitialize(count: 1)
    store.deallocate()
  }

  /// Whether there was too little room: then all derivatives are meaningless.
  package var areExhausted: Bool { store.pointee.hasOverflowed }

  /// A number whose derivative is 1 in one direction and 0 in all others.
  package func variable(_ value: Double, direction: Int) -> SparseDual {
    precondition(direction >= 0 && direction < count, "there is no direction \(direction)")
    return SparseDual(
      value, elsewhere: 0, list: store.pointee.list(1, direction: direction), store: store)
  }

  /// Writes the derivatives of a number in all directions, in order.
  package func write(
    _ number: SparseDual, to row: UnsafeMutableBufferPointer<Double>
  ) {
    precondition(row.count == count, "a row has an element for each direction")
    precondition(number.store == nil || number.store == store, "a number of other directions")
    row.update(repeating: number.elsewhere)
    // Sums that are not added up have no derivative elsewhere.
    if number.list.repeats {
      store.pointee.add(number.list, to: row)
    } else {
      store.pointee.copy(number.list, to: row)
    }
  }
}
