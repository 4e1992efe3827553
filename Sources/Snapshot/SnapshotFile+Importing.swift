// Capture folders → a snapshot, node by node: parts are read, parsed and made into rows on all processors
// and written in order by one thread, so that memory holds the few that are being worked on.
import Facts
import Formats
import Foundation
import NetworkTypes

extension SnapshotFile {
  /// A part on its way.
  private struct MadePart: Sendable {
    let facts: CloudFacts
    let unreadable: [Gap]
    let rows: PartRows
    /// The files that tell which running system a node is.
    let identity: NodeIdentity?
  }

  /// Makes a snapshot of the listed folders; the file at `path` is replaced in one step or, where
  /// anything fails, stays as it is. Mode 0600. The same folders give the same bytes.
  ///
  /// - Parameters:
  ///   - inspect: Sees the facts of each part in order, Neutron's answers first; what it throws ends
  ///     the import.
  ///   - progress: Hears how many parts of how many are written.
  ///
  /// Throws `CaptureError` where a node stands in the folders twice, and `SnapshotError`.
  public static func importing(
    _ listing: CaptureListing, to path: String, toolVersion: String,
    inspect: (CloudFacts) throws -> Void = { _ in },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> ImportSummary {
    var summary = ImportSummary()
    var identities = NodeIdentities(listing)
    try write(to: path) { writer in
      let parts = listing.parts
      let work = OrderedWork(count: parts.count, threads: processors, ahead: 2 * processors) {
        make(parts[$0], of: listing)
      }
      defer { work.stop() }
      for index in parts.indices {
        progress(index, parts.count)
        guard let part = work.take(index) else { continue }
        try identities.add(part.identity)
        try inspect(part.facts)
        summary.add(part.facts, unreadable: part.unreadable)
        try writer.write(part.rows)
      }
      progress(parts.count, parts.count)
      try writer.finish(&summary, sources: listing.sources, toolVersion: toolVersion)
    }
    return summary
  }

  private static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

  private static func make(_ part: CaptureListing.Part, of listing: CaptureListing) -> MadePart {
    let capture = listing.read(part)
    // With few nodes, or one that is larger than all others, its files are shared out.
    let isConcurrent = listing.parts.count <= 2 * processors
    let facts = CloudFacts(parsingPart: capture, isConcurrent: isConcurrent)
    return MadePart(
      facts: facts, unreadable: capture.unreadable,
      rows: PartRows(ProjectionSource(facts: facts, capture: capture)),
      identity: NodeIdentity(capture))
  }
}
