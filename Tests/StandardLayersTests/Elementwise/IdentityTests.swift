import Tensors
import Testing

@Test func `Identity by hand`() throws {
  let found = try Application("Identity", on: [.row(1, -2)], upstream: .row(5, 7))
  #expect(found.output == [1, -2])
  #expect(found.gradient() == [5, 7])
}
