// What the number in a cell counts: a part of a capture is made into rows without knowing of the others,
// so some of its numbers are its own until they are written.

/// How a cell's number becomes the snapshot's.
enum CellRole: Hashable, Sendable {
  /// It is what it says.
  case plain
  /// `capture_file.id`; a part's files count from 0.
  case file
  /// The row's number in its own table; a part's rows count from 1.
  case key
  /// The number of a row of another table, counted as `key`.
  case parent(String)
  /// A text that many rows share, by its number in the part.
  case sharedText
  /// A match, a list of actions, a cookie of flows, by its number in the part.
  case flowShape, flowActions, flowCookie
}
