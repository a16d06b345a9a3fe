// GraphOrder.swift
// Topological order by repeatedly taking a layer of which nothing that feeds it is left
// (A. B. Kahn, "Topological sorting of large networks", CACM 5, 1962).

/// The order in which the layers of a graph are computed.
struct GraphOrder {
  /// The layers in topological order; those of circles, and behind them, are left out.
  let order: [Int]
  /// The circles: in each, every layer is fed by the one before it, the first by the last.
  let cycles: [[Int]]

  /// Orders layers; of those that could come next, the one with the smallest rank comes.
  ///
  /// `producers[i]` are the layers that feed layer i, `rank[i]` is different for every layer.
  init(producers: [[Int]], rank: [Int]) {
    var consumers = [[Int]](repeating: [], count: producers.count)
    var missing = producers.map(\.count)
    for (layer, feeding) in producers.enumerated() {
      for producer in feeding { consumers[producer].append(layer) }
    }
    var ready = SmallestFirst(rank: rank)
    for layer in producers.indices where missing[layer] == 0 { ready.insert(layer) }
    var order: [Int] = []
    while let layer = ready.removeFirst() {
      order.append(layer)
      for consumer in consumers[layer] {
        missing[consumer] -= 1
        if missing[consumer] == 0 { ready.insert(consumer) }
      }
    }
    self.order = order
    self.cycles = Self.cycles(producers, isLeft: missing.map { $0 > 0 })
  }

  /// Every layer that is left has a producer that is left: going back must come full circle.
  private static func cycles(_ producers: [[Int]], isLeft: [Bool]) -> [[Int]] {
    var walkOf = [Int](repeating: -1, count: producers.count)
    var cycles: [[Int]] = []
    for start in producers.indices where isLeft[start] && walkOf[start] < 0 {
      var walk: [Int] = []
      var current: Int? = start
      while let layer = current, walkOf[layer] < 0 {
        walkOf[layer] = start
        walk.append(layer)
        current = producers[layer].first { isLeft[$0] }
      }
      guard let end = current, walkOf[end] == start, let first = walk.firstIndex(of: end) else {
        continue
      }
      cycles.append(walk[first...].reversed())
    }
    return cycles
  }
}

/// A binary heap of layers, the smallest rank on top.
private struct SmallestFirst {
  let rank: [Int]
  private var heap: [Int] = []

  init(rank: [Int]) { self.rank = rank }

  mutating func insert(_ layer: Int) {
    heap.append(layer)
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> Int? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
      guard let child = children.min(by: { precedes($0, $1) }), precedes(child, parent) else {
        return first
      }
      heap.swapAt(child, parent)
      parent = child
    }
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool { rank[heap[a]] < rank[heap[b]] }
}
