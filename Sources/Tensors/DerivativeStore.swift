import Synchronization

/// The place of some derivatives and their directions in a `DerivativeStore`.
struct DerivativeList: Sendable {
  /// No derivative.
  static let none = DerivativeList(start: 0, count: 0)

  let start: UInt32
  /// Twice the number of derivatives, and one more if a direction may occur among them repeatedly.
  private let code: UInt32

  init(start: Int, count: Int, repeats: Bool = false) {
    self.start = UInt32(truncatingIfNeeded: start)
    code = UInt32(truncatingIfNeeded: count << 1 | (repeats ? 1 : 0))
  }

  var count: Int { Int(code >> 1) }
  /// Whether a direction may occur more than once; the derivative is the sum.
  var repeats: Bool { code & 1 == 1 }
  var range: Range<Int> { Int(start)..<Int(start) + count }
}

/// The derivatives of many numbers, list after list.
///
/// A list is written once and never changes. So the sum of two lists that lie side by side is both
/// together, and one at the end of everything is added to by writing behind it: the long sums of a
/// definition copy nothing. Several threads may work in one store.
struct DerivativeStore: ~Copyable {
  private let capacity: Int
  private let values: UnsafeMutablePointer<Double>
  private let directions: UnsafeMutablePointer<UInt32>
  private let used = Atomic<Int>(0)
  private let overflow = Atomic<Bool>(false)
  /// For each direction its place in the list that is being merged; −1 between merges.
  private let places: UnsafeMutablePointer<Int32>
  private let merging = Mutex(())

  /// Makes room for so many derivatives in so many directions; memory is taken as it is written.
  init(capacity: Int, directionCount: Int) {
    precondition(capacity <= Int(Int32.max) / 2 && directionCount <= Int(Int32.max))
    self.capacity = capacity
    values = .allocate(capacity: capacity)
    directions = .allocate(capacity: capacity)
    places = .allocate(capacity: directionCount)
    places.initialize(repeating: -1, count: directionCount)
  }

  deinit {
    values.deallocate()
    directions.deallocate()
    places.deallocate()
  }

  /// Whether there was too little room, so that derivatives are missing.
  var hasOverflowed: Bool { overflow.load(ordering: .relaxed) }

  /// The start of room for so many derivatives; nil if there is not as much.
  private func reserve(_ count: Int) -> Int? {
    let start = used.wrappingAdd(count, ordering: .relaxed).oldValue
    guard start + count <= capacity else {
      // Given back, so that the counter stays small however long the evaluation goes on.
      used.wrappingSubtract(count, ordering: .relaxed)
      overflow.store(true, ordering: .relaxed)
      return nil
    }
    return start
  }

  /// Reserves what follows directly after a list; false if something else is there.
  private func extend(_ list: DerivativeList, by count: Int) -> Bool {
    let end = list.range.upperBound
    guard end + count <= capacity else { return false }
    return used.compareExchange(expected: end, desired: end + count, ordering: .relaxed).exchanged
  }

  private func write(_ value: Double, _ direction: UInt32, at place: Int) {
    values[place] = value
    directions[place] = direction
  }

  /// The list of one derivative.
  func list(_ value: Double, direction: Int) -> DerivativeList {
    guard let start = reserve(1) else { return .none }
    write(value, UInt32(direction), at: start)
    return DerivativeList(start: start, count: 1)
  }

  /// Adds a list to a row with an element for each direction.
  func add(_ list: DerivativeList, to row: UnsafeMutableBufferPointer<Double>) {
    for place in list.range { row[Int(directions[place])] += values[place] }
  }

  /// Sets those elements of a row that a list without repetitions names.
  func copy(_ list: DerivativeList, to row: UnsafeMutableBufferPointer<Double>) {
    for place in list.range { row[Int(directions[place])] = values[place] }
  }

  // MARK: Arithmetic

  /// A function of every derivative.
  func mapped(_ list: DerivativeList, _ transform: (Double) -> Double) -> DerivativeList {
    let list = list.repeats ? merged(list) : list
    guard list.count > 0, let start = reserve(list.count) else { return .none }
    for (place, old) in zip(start..., list.range) {
      write(transform(values[old]), directions[old], at: place)
    }
    return DerivativeList(start: start, count: list.count)
  }

  /// p·a + q·b, where p·0 and q·0 are given for directions in which a or b has nothing.
  func combined(
    _ a: DerivativeList, _ p: Double, _ p0: Double, _ b: DerivativeList, _ q: Double, _ q0: Double
  ) -> DerivativeList {
    if p0 + q0 == 0 {
      if b.count == 0, p == 1 { return a }
      if a.count == 0, q == 1 { return b }
      if p == 1, a.count > 0 {
        if q == 1, a.range.upperBound == b.range.lowerBound {
          return DerivativeList(start: Int(a.start), count: a.count + b.count, repeats: true)
        }
        if !b.repeats, extend(a, by: b.count) {
          for (place, old) in zip(a.range.upperBound..., b.range) {
            write(q * values[old], directions[old], at: place)
          }
          return DerivativeList(start: Int(a.start), count: a.count + b.count, repeats: true)
        }
      }
    }
    if a.count == 1, b.count == 1 { return pair(a, p, p0, b, q, q0) }
    let (a, b) = (a.repeats ? merged(a) : a, b.repeats ? merged(b) : b)
    if b.count == 0 { return mapped(a) { p * $0 + q0 } }
    if a.count == 0 { return mapped(b) { p0 + q * $0 } }
    return hasSameDirections(a, b) ? zipped(a, p, b, q) : merged(a, p, p0, b, q, q0)
  }

  /// The combination of two lists of one derivative each.
  private func pair(
    _ a: DerivativeList, _ p: Double, _ p0: Double, _ b: DerivativeList, _ q: Double, _ q0: Double
  ) -> DerivativeList {
    let (first, second) = (Int(a.start), Int(b.start))
    let isSame = directions[first] == directions[second]
    guard let start = reserve(isSame ? 1 : 2) else { return .none }
    if isSame {
      write(p * values[first] + q * values[second], directions[first], at: start)
    } else {
      write(p * values[first] + q0, directions[first], at: start)
      write(p0 + q * values[second], directions[second], at: start + 1)
    }
    return DerivativeList(start: start, count: isSame ? 1 : 2)
  }

  private func hasSameDirections(_ a: DerivativeList, _ b: DerivativeList) -> Bool {
    guard a.count == b.count else { return false }
    if a.start == b.start { return true }
    var differences: UInt32 = 0
    for (i, j) in zip(a.range, b.range) { differences |= directions[i] ^ directions[j] }
    return differences == 0
  }

  /// The combination of two lists with the same directions in the same order.
  private func zipped(
    _ a: DerivativeList, _ p: Double, _ b: DerivativeList, _ q: Double
  ) -> DerivativeList {
    guard let start = reserve(a.count) else { return .none }
    let (first, second) = (Int(a.start), Int(b.start))
    for index in 0..<a.count {
      values[start + index] = p * values[first + index] + q * values[second + index]
    }
    (directions + start).update(from: directions + first, count: a.count)
    return DerivativeList(start: start, count: a.count)
  }

  // MARK: Merging

  /// The list with each direction once.
  private func merged(_ list: DerivativeList) -> DerivativeList {
    guard let start = reserve(list.count) else { return .none }
    return merging.withLock { _ in
      var end = start
      for place in list.range {
        let known = Int(places[Int(directions[place])])
        if known < 0 {
          places[Int(directions[place])] = Int32(end)
          write(values[place], directions[place], at: end)
          end += 1
        } else {
          values[known] += values[place]
        }
      }
      return finish(start..<end, reserved: list.count)
    }
  }

  /// The combination of two lists that have each direction once.
  private func merged(
    _ a: DerivativeList, _ p: Double, _ p0: Double, _ b: DerivativeList, _ q: Double, _ q0: Double
  ) -> DerivativeList {
    guard let start = reserve(a.count + b.count) else { return .none }
    return merging.withLock { _ in
      var end = start
      for place in a.range {
        places[Int(directions[place])] = Int32(end)
        // q·0 is added to all, for those that b does not have.
        write(p * values[place] + q0, directions[place], at: end)
        end += 1
      }
      for (index, place) in b.range.enumerated() {
        let known = Int(places[Int(directions[place])])
        if known < 0 {
          places[Int(directions[place])] = Int32(end)
          write(p0 + q * values[place], directions[place], at: end)
          end += 1
        } else {
          let own = Int(a.start) + known - start
          values[known] = p * values[own] + q * values[b.range.lowerBound + index]
        }
      }
      return finish(start..<end, reserved: a.count + b.count)
    }
  }

  /// Forgets the places of a merged list and gives back what it does not need.
  private func finish(_ range: Range<Int>, reserved: Int) -> DerivativeList {
    for place in range { places[Int(directions[place])] = -1 }
    _ = used.compareExchange(
      expected: range.lowerBound + reserved, desired: range.upperBound, ordering: .relaxed)
    return DerivativeList(start: range.lowerBound, count: range.count)
  }
}
