internal import Tensors

/// The weight gradient of groups with few channels on both sides, depthwise convolutions above all.
///
/// Each sum is spread over 64 bytes of lanes, which hold neighbouring positions, and runs through
/// all planes of the group; the lanes are added as a binary tree at the end.
struct PlaneCorrelation<S: KernelScalar> {
  private let geometry: ConvolutionGeometry
  private let planes: SourcePlanes
  private let bands: PlaneBands
  /// How planes are read that need not be copied.
  private let direct: DirectPlanes?
  private let instructions = InstructionSet.current
  /// Multiplications below which a task is not worth handing out.
  private static var smallestTask: Int { 1 << 19 }
  /// Groups whose lanes are summed side by side where nothing is copied.
  private static var directBatch: Int { 64 }

  /// Whether a weight gradient is worth computing plane by plane.
  static func fits(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.groups >= 8 && geometry.groupInputs <= 2 && geometry.groupOutputs <= 2
  }

  init(_ geometry: ConvolutionGeometry) {
    self.geometry = geometry
    direct = DirectPlanes(forward: geometry)
    planes = SourcePlanes(forward: geometry)
    bands = PlaneBands(
      planes, channels: geometry.groupInputs, rows: geometry.height.output,
      columns: geometry.width.output, of: S.self)
  }

  /// dW[o,i,p] = Σ_{n,y} g[n,o,y] · X[n, i, yS + pD − P].
  func run(_ x: UnsafePointer<S>, _ dy: UnsafePointer<S>, result: UnsafeMutablePointer<S>) {
    KernelPath.note(direct == nil ? .planesCorrelated : .readPlanesCorrelated)
    KernelPath.note(.correlatedPlanesCut, when: bands.count > 1)
    let (terms, outputs) = (geometry.reduction, geometry.groupOutputs)
    let work = geometry.images * geometry.height.output * geometry.width.output * terms * outputs
    let perTask = max(
      1, min(geometry.groups / 8, max(bands.batch, Self.smallestTask / max(1, work))))
    let lanes = outputs * terms * LaneTile<S>.width
    let batch = min(direct == nil ? bands.batch : Self.directBatch, perTask)
    nonisolated(unsafe) let (x, dy, result) = (x, dy, result)
    Parallel.forEach((geometry.groups + perTask - 1) / perTask) { task in
      Scratch.with(bands.scratch + batch * lanes, of: S.self) { scratch in
        let sums = scratch + bands.scratch
        let end = min(geometry.groups, (task + 1) * perTask)
        for first in stride(from: task * perTask, to: end, by: batch) {
          let groups = first..<min(end, first + batch)
          sums.update(repeating: 0, count: groups.count * lanes)
          for band in 0..<bands.count { add(groups, bands[band], x, dy, scratch, to: sums) }
          S.addLanes(groups.count * outputs * terms, sums, to: result + first * outputs * terms)
        }
      }
    }
  }

  /// Adds the products of one band of all planes of some groups.
  private func add(
    _ groups: Range<Int>, _ part: (rows: Range<Int>, columns: Range<Int>), _ x: UnsafePointer<S>,
    _ dy: UnsafePointer<S>, _ scratch: UnsafeMutablePointer<S>, to sums: UnsafeMutablePointer<S>
  ) {
    let (inputs, outputs) = (geometry.groupInputs, geometry.groupOutputs)
    if let direct {
      for image in 0..<geometry.images {
        let first = (image * geometry.groups + groups.lowerBound) * outputs
        S.directSums(
          DirectSums(
            instructions: instructions, planes: direct, rows: part.rows, columns: part.columns,
            range: first..<first + groups.count * outputs, source: x, gradient: dy, lanes: sums))
      }
      return
    }
    let (terms, width) = (geometry.reduction, part.columns.count)
    let start = part.rows.lowerBound * geometry.width.output + part.columns.lowerBound
    bands.offsets(planes, channels: inputs, columns: width).withUnsafeBufferPointer { offsets in
      guard let first = offsets.baseAddress else { return }
      for image in 0..<geometry.images {
        planes.copy(
          x, channels: groups.lowerBound * inputs..<groups.upperBound * inputs,
          segment: RowSegment(image: image, rows: part.rows), window: part.columns, to: scratch,
          planeSize: bands.planeSize, instructions)
        for output in 0..<groups.count * outputs {
          let plane = geometry.outputPlane(
            image: image, channel: groups.lowerBound * outputs + output)
          S.laneSums(
            LaneTile(
              instructions: instructions, terms: terms, rows: part.rows.count, columns: width,
              gradient: dy + plane + start, gradientPitch: geometry.width.output,
              source: scratch + output / outputs * bands.groupSize, pitch: planes.pitch(width),
              offsets: first, lanes: sums + output * terms * LaneTile<S>.width))
        }
      }
    }
  }
}
