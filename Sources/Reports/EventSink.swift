/// Something that is told what happens: a terminal, a file.
public protocol EventSink {
  /// Takes in the next event.
  mutating func receive(_ event: Event) throws
}

/// Where a sink writes its text.
public protocol TextOutput {
  /// Writes text as it stands.
  mutating func write(_ text: String) throws
}
