/// The result of code that may fail only for layers of shared libraries, of which there are none here.
func unfailing<Result>(_ body: () throws -> Result) -> Result {
  do {
    return try body()
  } catch {
    preconditionFailure("\(error)")
  }
}
