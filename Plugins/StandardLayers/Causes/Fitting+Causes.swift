import LayerKit
import RealModule
import Tensors

extension Evidence {
  /// The prediction whose one positive number fits the suspect best, by the method of Gauss and
  /// Newton in its logarithm; none where there are fewer than four elements to fit it to.
  ///
  /// Errors count in units of the right result's own bound.
  func fitting(
    from starts: [Double], _ predict: (Double) -> Prediction?
  ) -> [Prediction] {
    guard suspect.shape == computed.shape, suspect.elements.allSatisfy(\.isFinite),
      let right = replay()
    else { return [] }
    let limits = limits(of: right)
    let places = limits.elements.indices.filter { limits[$0] > 0 && limits[$0].isFinite }
    guard places.count >= 4 else { return [] }
    /// The errors that remain, in units of the limits.
    func residuals(_ prediction: Prediction) -> [Double] {
      places.map { (suspect[$0] - prediction.values[$0]) / limits[$0] }
    }
    func square(_ errors: [Double]) -> Double { errors.reduce(0) { $0 + $1 * $1 } }
    let candidates = starts.compactMap { start in
      predict(start).map { (start, square(residuals($0))) }
    }
    guard var number = candidates.filter({ $0.1.isFinite }).min(by: { $0.1 < $1.1 })?.0 else {
      return []
    }
    let h = 1e-4
    for attempt in 0..<16 {
      guard let here = predict(number), let beside = predict(number * Double.exp(h)) else {
        return []
      }
      let errors = residuals(here)
      let slopes = zip(errors, residuals(beside)).map { ($0 - $1) / h }
      let curvature = square(slopes)
      // Elements that do not feel the number cannot prove it.
      guard curvature.isFinite, slopes.count(where: { $0 != 0 }) >= 4 else { return [] }
      let product = zip(errors, slopes).reduce(0) { $0 + $1.0 * $1.1 }
      // An error that has nothing to do with the number is not pursued.
      guard attempt > 0 || product * product >= 0.05 * curvature * square(errors) else {
        return []
      }
      let step = product / curvature
      number *= Double.exp(min(max(step, -1), 1))
      if step.magnitude < 1e-13 { break }
    }
    guard let prediction = predict(number) else { return [] }
    return [prediction.noting(prediction.detail ?? number.shortened, fitted: 1)]
  }
}
