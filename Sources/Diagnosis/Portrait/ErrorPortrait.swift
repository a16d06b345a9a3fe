import LayerKit
import Tensors

/// What an error looks like that no cause explains: how large, where, and what comes nearest.
public struct ErrorPortrait: Sendable {
  /// The number of elements beyond their bounds, and of all.
  public let count: (wrong: Int, all: Int)
  /// The largest error among them; nil where the shapes differ.
  public let largest: (index: [Int], error: Double)?
  /// Where they sit, in words: `only the last 2 rows`; empty where they are everywhere.
  public let regions: [String]
  /// How they sit: `few and single`, `smooth`, `irregular`.
  public let texture: String
  /// c* = ⟨S,M⟩ / ⟨M,M⟩, the factor that brings both sides closest together.
  public let factor: Double?
  /// The predictions that leave the least of the error, at most three.
  public let nearest: [Candidate]

  init(_ proof: Proof, nearest: [Candidate]) {
    let evidence = proof.evidence
    self.nearest = nearest
    factor = evidence.factor
    let (suspect, computed) = (evidence.suspect, evidence.computed)
    guard suspect.shape == computed.shape, computed.count > 0 else {
      count = (suspect.count, suspect.count)
      largest = nil
      regions = []
      texture = "of another shape"
      return
    }
    let limits = proof.limits
    let isWrong = suspect.elements.indices.map { place in
      !((suspect[place] - computed[place]).magnitude <= limits[place])
    }
    let wrong = isWrong.indices.filter { isWrong[$0] }
    count = (wrong.count, computed.count)
    let worst = wrong.max { Self.error(evidence, $0) < Self.error(evidence, $1) }
    largest = worst.map { (computed.shape.index(at: $0), Self.error(evidence, $0)) }
    regions = ErrorRegions(wrong, in: evidence).words
    texture = Self.texture(evidence, wrong)
  }

  private static func error(_ evidence: Evidence, _ place: Int) -> Double {
    let error = (evidence.suspect[place] - evidence.computed[place]).magnitude
    return error.isNaN ? .infinity : error
  }

  /// Neighbours along the last axis whose errors resemble each other make an error smooth.
  private static func texture(_ evidence: Evidence, _ wrong: [Int]) -> String {
    let count = evidence.computed.count
    guard wrong.count > 1 else { return "a single element" }
    if wrong.count * 50 < count { return "few and scattered" }
    var (products, squares) = (0.0, 0.0)
    let width = evidence.computed.shape.extents.last ?? 1
    for place in 1..<count where place % width != 0 {
      let error = evidence.suspect[place] - evidence.computed[place]
      let before = evidence.suspect[place - 1] - evidence.computed[place - 1]
      products += error * before
      squares += (error * error + before * before) / 2
    }
    guard squares > 0 else { return "irregular" }
    return products > 0.5 * squares ? "smooth, of one sign over neighbours" : "irregular"
  }
}
