// Captures on many devices of many namespaces at once, read into one list in the order of time.
import Foundation
import Namespaces
import NetworkTypes

/// Where a capture stands, in the words of the model.
public enum CapturePlace: Hashable, Sendable, Comparable, CustomStringConvertible {
  case device(DeviceKey)
  /// A guest's own device.
  case guest(PortID)
  /// A host of the outside world.
  case outside(String)

  public var description: String {
    switch self {
    case .device(let key): "\(key)"
    case .guest(let port): "guest \(port)"
    case .outside(let name): name
    }
  }
  public static func < (a: Self, b: Self) -> Bool { a.description < b.description }
}

/// A device to capture on.
public struct CapturePoint: Hashable, Sendable {
  public let place: CapturePlace
  public let namespace: NetworkNamespaceFile
  public let device: String
  public init(place: CapturePlace, namespace: NetworkNamespaceFile, device: String) {
    self.place = place
    self.namespace = namespace
    self.device = device
  }
}

/// A namespace of a node that is not on this machine.
public struct RemoteNamespace: Hashable, Sendable {
  public let key: NamespaceKey
  public let access: NodeAccess
  public init(key: NamespaceKey, access: NodeAccess) {
    self.key = key
    self.access = access
  }
}

/// A frame that a capture saw.
public struct Sighting: Hashable, Sendable {
  public let place: CapturePlace
  public let isOut: Bool
  public let frame: CapturedFrame
}

/// Open captures, each device once for what comes in and once for what goes out.
final class CaptureSet {
  private var captures: [(place: CapturePlace, isOut: Bool, capture: LiveCapture)] = []
  private var streams: [(key: NamespaceKey, links: [InterfaceName], capture: StreamCapture)] = []
  /// Devices that could not be captured on, with why.
  private(set) var failures: [String] = []

  /// Opening and closing a capture waits for the kernel, which has many of them wait at once.
  private static let pointsPerThread = 6

  init(_ points: [CapturePoint], filter: String) {
    let chunks = Dictionary(grouping: points, by: \.namespace).values.flatMap { group in
      let sorted = group.sorted { $0.device < $1.device }
      return stride(from: 0, to: sorted.count, by: Self.pointsPerThread).map {
        Array(sorted[$0..<min($0 + Self.pointsPerThread, sorted.count)])
      }
    }
    for result in inThreads(chunks, { Self.open($0, filter) }).joined() {
      switch result {
      case .success(let opened): captures.append(opened)
      case .failure(let error): failures.append("\(error.path): \(error.problem)")
      }
    }
    captures.sort { ($0.place, $0.isOut ? 1 : 0) < ($1.place, $1.isOut ? 1 : 0) }
    failures.sort()
  }

  deinit {
    let all = captures.map(\.capture)
    _ = inThreads(
      stride(from: 0, to: all.count, by: Self.pointsPerThread).map {
        Array(all[$0..<min($0 + Self.pointsPerThread, all.count)])
      }
    ) { chunk in
      for capture in chunk { capture.close() }
    }
  }

  private typealias Opened = (place: CapturePlace, isOut: Bool, capture: LiveCapture)

  /// All points are in one namespace.
  private static func open(_ points: [CapturePoint], _ filter: String)
    -> [Result<Opened, PcapError>]
  {
    guard let namespace = points.first?.namespace else { return [] }
    do {
      return try namespace.enter { points.flatMap { open($0, filter) } }
    } catch {
      return points.map {
        .failure(PcapError(path: $0.place.description, problem: "\(error)"))
      }
    }
  }

  private static func open(_ point: CapturePoint, _ filter: String)
    -> [Result<Opened, PcapError>]
  {
    [false, true].map { isOut in
      do throws(PcapError) {
        let capture = try LiveCapture(device: point.device, outgoing: isOut, filter: filter)
        return .success((point.place, isOut, capture))
      } catch {
        return .failure(PcapError(path: point.place.description, problem: error.problem))
      }
    }
  }

  /// How long connections and tcpdump may take to begin.
  private static let startSeconds = 30.0

  /// Captures on nodes elsewhere as well, one a namespace; returns once they listen.
  func add(_ remote: [RemoteNamespace], filter: String, seconds: Int) {
    let nodes = Dictionary(grouping: remote, by: \.key.node).values.map { $0 }
    let known = inThreads(nodes) { places in
      Result { try RemoteNode(places[0].access) }
    }
    let connections = Set(known.compactMap { try? $0.get().connection?.filter }).sorted()
    let others =
      connections.isEmpty
      ? filter : "(\(filter)) and not (\(connections.joined(separator: " or ")))"
    let results = inThreads(Array(zip(nodes, known))) { places, node in
      Self.start(places, node, others, seconds)
    }.joined()
    for result in results {
      switch result {
      case .success(let stream): streams.append(stream)
      case .failure(let error): failures.append(error.description)
      }
    }
    let deadline = SteadyClock.now + Self.startSeconds
    streams.removeAll { entry in
      if entry.capture.isListening(before: deadline) { return false }
      let why = entry.capture.failure ?? "does not begin within \(Int(Self.startSeconds)) s"
      failures.append("\(entry.key): \(why)")
      return true
    }
  }

  private typealias Stream = (key: NamespaceKey, links: [InterfaceName], capture: StreamCapture)

  /// All namespaces are of one node.
  private static func start(
    _ places: [RemoteNamespace], _ node: Result<RemoteNode, any Error>, _ filter: String,
    _ seconds: Int
  ) -> [Result<Stream, NamespaceError>] {
    places.map { place in
      do {
        let node = try node.get()
        let links = try StreamCapture.links(of: place.key, place.access)
        let capture = try StreamCapture(
          place.key, place.access, links: links, filter: filter, seconds: seconds,
          skewNanoseconds: node.skewNanoseconds)
        return .success((place.key, Array(links.values), capture))
      } catch {
        return .failure(NamespaceError("\(place.key): \(error)"))
      }
    }
  }

  /// Where a frame would be seen.
  var watched: Set<CapturePlace> {
    Set(captures.map(\.place)).union(
      streams.filter { $0.capture.failure == nil }.flatMap { entry in
        entry.links.map { .device(DeviceKey(entry.key, $0)) }
      })
  }

  /// Frames that have come since the last time, waiting `seconds` for the first one.
  func read(waiting seconds: Double) -> [Sighting] {
    var polled = captures.map {
      pollfd(fd: $0.capture.descriptor, events: Int16(POLLIN), revents: 0)
    }
    let ready = poll(&polled, nfds_t(polled.count), Int32(seconds * 1_000))
    let remote = streams.flatMap { $0.capture.read() }
    guard ready > 0 else { return remote }
    return remote
      + zip(polled, captures).filter { $0.0.revents != 0 }.flatMap { _, entry in
        entry.capture.read().map {
          Sighting(place: entry.place, isOut: entry.isOut, frame: $0)
        }
      }
  }

  /// Throws away what has come so far.
  func drain() {
    for entry in captures { _ = entry.capture.read() }
    for entry in streams { _ = entry.capture.read() }
  }

  var droppedPackets: Int { captures.reduce(0) { $0 + $1.capture.droppedPackets } }
}

/// Runs `body` on each item in a thread of its own; results in the order of the items.
func inThreads<Item: Sendable, Value: Sendable>(
  _ items: [Item], _ body: @escaping @Sendable (Item) -> Value
) -> [Value] {
  let results = ThreadResults<Value>()
  let group = DispatchGroup()
  for (index, item) in items.enumerated() {
    group.enter()
    Thread {
      results.set(body(item), at: index)
      group.leave()
    }.start()
  }
  group.wait()
  return results.ordered
}

private final class ThreadResults<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Int: Value] = [:]
  func set(_ value: Value, at index: Int) { lock.withLock { values[index] = value } }
  var ordered: [Value] { lock.withLock { values.sorted { $0.key < $1.key }.map(\.value) } }
}
