// The prediction beside what the wire showed: hop by hop, and header by header.
import DataPlane
import NetworkTypes
import Trace

/// One device crossing, as predicted, as seen, or both.
public struct HopReport: Sendable {
  public enum Status: String, Sendable, CaseIterable {
    case seen, missing, unpredicted
    /// A refusal's way back where a refusal was predicted: predictions end where it is made.
    case refusal
    /// Predicted where no capture is.
    case unwatched
    /// Predicted for a cache that still holds a neighbour whom nobody answers for; not seen, as with
    /// an empty cache it must be.
    case assumed
    /// Where an injected frame entered the switch: its device is passed by.
    case entry
  }
  public let place: CapturePlace
  public let isOut: Bool
  public let role: ProbeRole
  public let status: Status
  /// What goes over the device: a tunnel's outer packet, its inner one beside it.
  public let predicted: (outer: Packet, inner: Packet?)?
  public let sighting: Sighting?
  public let layers: FrameLayers?
  /// Where a seen header is not the predicted one: `ttl 63, predicted 62`.
  public let differences: [String]
  /// Since the probe was first seen anywhere; nil where it was not seen here.
  public internal(set) var microseconds: Double?

  public var isAsPredicted: Bool {
    switch status {
    case .seen: differences.isEmpty
    case .refusal, .unwatched, .assumed, .entry: true
    case .missing, .unpredicted: false
    }
  }
}

/// Matches sightings of one probe with the predicted hops.
struct HopComparison {
  private var unused: [(sighting: Sighting, layers: FrameLayers, role: ProbeRole)]
  private(set) var hops: [HopReport] = []

  /// The address that the probe starts with: behind a source NAT its port may be any.
  private let source: IPAddress?
  private let watched: Set<CapturePlace>
  private let absence: HopReport.Status
  /// The device of the switch's port where the frame was put in.
  private let entry: DeviceKey?

  init(
    _ sightings: [(sighting: Sighting, layers: FrameLayers, role: ProbeRole)], source: IPAddress?,
    watched: Set<CapturePlace>, outcome: Outcome, entry: DeviceKey? = nil
  ) {
    self.entry = entry
    unused = sightings
    self.source = source
    self.watched = watched
    absence = outcome == .unresolved ? .assumed : .missing
  }

  /// Takes the predicted path of one direction; a device may be crossed several times.
  mutating func match(
    _ path: [PathHop], _ steps: [Step], _ roles: Set<ProbeRole>, _ role: ProbeRole
  ) {
    for hop in path {
      let predicted = (steps[hop.step].packet, steps[hop.step].inner)
      let place = CapturePlace.device(hop.device)
      let candidates = unused.indices.filter {
        unused[$0].sighting.place == place && unused[$0].sighting.isOut == hop.isOut
          && roles.contains(unused[$0].role)
      }
      // Of several copies the one whose header fits; else the first.
      let fitting = candidates.first {
        differences(predicted, unused[$0], role).isEmpty
      }
      guard let index = fitting ?? candidates.first else {
        let isEntry = hops.isEmpty && hop.device == entry
        hops.append(
          HopReport(
            place: place, isOut: hop.isOut, role: role,
            status: isEntry ? .entry : watched.contains(place) ? absence : .unwatched,
            predicted: predicted, sighting: nil, layers: nil, differences: []))
        continue
      }
      let found = unused.remove(at: index)
      hops.append(
        HopReport(
          place: place, isOut: hop.isOut, role: found.role, status: .seen, predicted: predicted,
          sighting: found.sighting, layers: found.layers,
          differences: differences(predicted, found, role)))
    }
  }

  private func differences(
    _ predicted: (outer: Packet, inner: Packet?),
    _ entry: (sighting: Sighting, layers: FrameLayers, role: ProbeRole), _ role: ProbeRole
  ) -> [String] {
    HeaderDifference.texts(
      predicted, entry.layers, source, isReply: role == .reply,
      hasMACs: entry.sighting.frame.hasMACs)
  }

  /// What no prediction has claimed, on nodes' devices.
  ///
  /// - Parameter isRefused: the prediction says that the packet ends on its way, so that whoever
  ///   drops it may say so.
  mutating func addUnpredicted(isRefused: Bool) {
    for entry in unused {
      guard case .device = entry.sighting.place else { continue }
      hops.append(
        HopReport(
          place: entry.sighting.place, isOut: entry.sighting.isOut, role: entry.role,
          status: isRefused && entry.role == .refusal ? .refusal : .unpredicted, predicted: nil,
          sighting: entry.sighting, layers: entry.layers,
          differences: []))
    }
  }
}

/// How a seen header differs from the predicted one.
enum HeaderDifference {
  /// - Parameter source: the probe's own address.
  static func texts(
    _ predicted: (outer: Packet, inner: Packet?), _ seen: FrameLayers, _ source: IPAddress?,
    isReply: Bool, hasMACs: Bool = true
  ) -> [String] {
    guard let outer = seen.outermost?.packet else { return ["the frame cannot be read"] }
    guard let inner = predicted.inner else {
      if seen.layers.count > 1 { return ["seen inside a tunnel, predicted outside one"] }
      return texts(predicted.outer, outer, source, isReply: isReply, hasMACs: hasMACs)
    }
    guard seen.layers.count > 1, let innermost = seen.innermost?.packet else {
      return ["seen outside a tunnel, predicted inside one"]
    }
    return compare("tunnel from", predicted.outer.source, outer.source)
      + compare("tunnel to", predicted.outer.destination, outer.destination)
      + texts(inner, innermost, source, isReply: isReply, hasMACs: true)
  }

  private static func texts(
    _ predicted: Packet, _ seen: Packet, _ source: IPAddress?, isReply: Bool,
    hasMACs: Bool = true
  ) -> [String] {
    var texts = compare("from", predicted.source, seen.source)
    texts += compare("to", predicted.destination, seen.destination)
    texts += compare("ttl", predicted.ttl, seen.ttl)
    if hasMACs { texts += ethernet(predicted, seen) }
    guard predicted.hasPorts, seen.hasPorts else { return texts }
    // A source NAT keeps the port if it can, and need not (`--random-fully`).
    let isTranslated = (isReply ? predicted.destination : predicted.source) != source
    if !isTranslated || !isReply {
      texts += compare("to port", predicted.destinationPort, seen.destinationPort)
    }
    if !isTranslated || isReply {
      texts += compare("from port", predicted.sourcePort, seen.sourcePort)
    }
    return texts
  }

  private static func ethernet(_ predicted: Packet, _ seen: Packet) -> [String] {
    compare("MAC from", predicted.ethSrc, seen.ethSrc)
      + compare("MAC to", predicted.ethDst, seen.ethDst)
      + compare("VLAN", predicted.vlans.outer?.id, seen.vlans.outer?.id)
  }

  private static func compare<Value: Equatable>(
    _ name: String, _ predicted: Value?, _ seen: Value?
  ) -> [String] {
    guard predicted != seen else { return [] }
    let words = [seen, predicted].map { value in value.map { "\($0)" } ?? "none" }
    return ["\(name) \(words[0]), predicted \(words[1])"]
  }
}
