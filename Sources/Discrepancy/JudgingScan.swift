import CDiscrepancy
import Tensors

/// The instruction set that elements are judged with; all of them find the same.
package struct JudgingInstructions: Hashable, Sendable {
  let number: Int32

  /// None: each element is looked at by itself, which defines what is found.
  package static let oneByOne = JudgingInstructions(number: -1)

  /// Those that this processor can run, from the narrowest to the widest.
  package static let available = (0...cd_isa_best()).map { JudgingInstructions(number: $0) }

  /// The widest one that this processor can run.
  package static let widest = JudgingInstructions(number: cd_isa_best())
}

/// Judges a run of elements in vectors: what `ElementJudge` finds one by one.
///
/// Only the first elements, what is not finite and new maxima are looked at one by one. Each error
/// is held against the maxima in front of its group, which only grow: one that does not exceed them
/// there exceeds none later.
struct JudgingScan: Sendable {
  private let judge: ElementJudge
  private let window: Tolerance.Window
  /// The offset of the first element of the reference in the whole tensor.
  private let start: Int
  private let instructions: JudgingInstructions
  private let rule: cd_rule

  init(
    _ judge: ElementJudge, _ window: Tolerance.Window, start: Int,
    instructions: JudgingInstructions
  ) {
    self.judge = judge
    self.window = window
    self.start = start
    self.instructions = instructions
    let (limit, measure) = (judge.rule, judge.measure)
    rule = cd_rule(
      figures: window.figures.isEmpty
        ? cd_figures_none : limit.isSum ? cd_figures_magnitudes : cd_figures_bounds,
      figure_factor: limit.figureFactor, usual_factor: limit.usualFactor,
      value_factor: limit.valueFactor, floor: limit.floor, is_proven: limit.isProven ? 1 : 0,
      spacing: 2 * measure.unit, smallest: measure.smallestNormal)
  }

  /// What is found in a range of the reference's elements, the first of which is `reference[0]`
  /// where it begins at `origin`.
  @_specialize(where S == Double)
  @_specialize(where S == Float)
  func found<S: FloatingScalar>(
    _ ours: [S], _ reference: [Double], from origin: Int = 0, _ range: Range<Int>
  ) -> Comparison {
    var found = Comparison()
    var next = range.lowerBound
    while next < range.upperBound {
      if found.worst != nil, instructions != .oneByOne {
        let (done, marked) = scan(ours, reference, origin, next..<range.upperBound, &found)
        next += done
        if marked != 0 {
          lookAgain(next - Int(cd_judged.rawValue), marked, ours, reference, origin, &found)
          continue
        }
      }
      let group = next..<min(next + Int(cd_judged.rawValue), range.upperBound)
      for place in group {
        let value = ours[start + place].value
        judge.take(
          start + place, value, reference[place - origin], window.figure(at: place),
          window.limits(at: place, value), into: &found)
      }
      next = group.upperBound
    }
    return found
  }

  /// Takes the marked elements of a group that has been counted.
  @inline(__always)
  private func lookAgain<S: FloatingScalar>(
    _ first: Int, _ marked: UInt64, _ ours: [S], _ reference: [Double], _ origin: Int,
    _ found: inout Comparison
  ) {
    var rest = marked
    while rest != 0 {
      let place = first + rest.trailingZeroBitCount
      rest &= rest - 1
      let (value, other) = (ours[start + place].value, reference[place - origin])
      judge.measure.takeMaxima(
        start + place, value, other, (value - other).magnitude, window.limits(at: place, value),
        magnitude: judge.rule.isSum ? window.figure(at: place) : 0, into: &found)
    }
  }

  /// Counts as many elements as vectors can judge: how many these are, and which of the last
  /// group may be new maxima.
  @inline(__always)
  private func scan<S: FloatingScalar>(
    _ ours: [S], _ reference: [Double], _ origin: Int, _ range: Range<Int>,
    _ found: inout Comparison
  ) -> (done: Int, marked: UInt64) {
    var tally = cd_tally(informative: 0, beyond: 0, unusual: 0, unproven: 0, limit: 0)
    var marked: UInt64 = 0
    var (rule, maxima) = (rule, found.maxima)
    let magnitude = found.magnitudeRatio * judge.measure.unit
    let done = ours.withUnsafeBytes { ours in
      reference.withUnsafeBufferPointer { reference in
        window.figures.withUnsafeBufferPointer { figures in
          window.shifts.withUnsafeBufferPointer { shifts in
            let first = (start + range.lowerBound) * MemoryLayout<S>.stride
            var elements = cd_elements(
              ours: ours.baseAddress.map { $0 + first },
              reference: reference.baseAddress.map { $0 + range.lowerBound - origin },
              figures: window.figures.isEmpty
                ? nil : figures.baseAddress.map { $0 + window.first + range.lowerBound },
              shifts: window.shifts.isEmpty
                ? nil : shifts.baseAddress.map { $0 + start + range.lowerBound })
            let judge = S.format == .float32 ? cd_judge_f32 : cd_judge_f64
            return judge(
              instructions.number, &elements, range.count, &rule, &maxima, magnitude, &tally,
              &marked)
          }
        }
      }
    }
    found.count += done
    found.informative += tally.informative
    found.beyondBound += tally.beyond
    found.beyondBand += tally.unusual - tally.beyond
    found.unproven += tally.unproven
    found.maxBound = max(found.maxBound, tally.limit)
    return (done, marked)
  }
}

extension Comparison {
  /// The largest errors so far.
  var maxima: cd_maxima {
    let unlimited = worst.map { $0.bound == 0 ? $0.error : 0 } ?? 0
    return cd_maxima(
      absolute: maxAbsolute, relative: maxRelative, ulps: maxUlps, ratio: boundRatio,
      unlimited: unlimited, stops_beyond: firstBeyond == nil ? 1 : 0)
  }
}
