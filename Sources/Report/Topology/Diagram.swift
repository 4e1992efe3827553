// A picture of nodes before it has places: lanes of boxes, wires below them, the outside below
// those, and a path through all. Made by OverviewDiagram and PathDiagram; laid out by DiagramLayout.
import NetworkTypes

/// What a box stands for.
enum ElementID: Hashable, Sendable {
  case guest(NodeName?, String)
  case linuxBridge(NodeName, NamespaceName, InterfaceName)
  case namespace(NamespaceKey)
  case bridge(BridgeKey)
  case device(DeviceKey)
  case wire(String)
  case outside(String)
  /// Several things that are not drawn one by one.
  case others(String)

  /// Nil for what belongs to no node.
  var node: NodeName? {
    switch self {
    case .guest(let node, _): node
    case .linuxBridge(let node, _, _): node
    case .namespace(let key): key.node
    case .bridge(let key): key.node
    case .device(let key): key.node
    case .wire, .outside, .others: nil
    }
  }
}

/// The rows of a lane, from top to bottom.
enum DiagramLevel: Int, Hashable, Sendable, CaseIterable {
  case guests, linuxBridges, namespaces, hub, bridges, devices

  var heading: String {
    switch self {
    case .guests: "Servers"
    case .linuxBridges: "Linux bridges"
    case .namespaces: "Namespaces"
    case .hub: "Open vSwitch"
    case .bridges: ""
    case .devices: "Devices"
    }
  }
}

/// One thing of a picture.
struct DiagramBox: Hashable, Sendable {
  let id: ElementID
  var title: String
  /// A second, smaller line; may be empty.
  var detail = ""
  /// What the mouse and a screen reader are told; the title where empty.
  var explanation = ""
  /// Drawn pale: a summary of others.
  var isMuted = false
  /// Whose page it leads to.
  var object: ReportObject?

  /// What the script finds it by: the same for one thing in every picture, as a guest may be known by
  /// name here and by id there.
  var mark: String {
    let words: String =
      switch id {
      case .guest(let node, _): "guest \(node?.rawValue ?? "") \(title)"
      default: "\(id)"
      }
    return SHA256.digest(Array(words.utf8)).prefix(5)
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// A node, or a group of nodes that are alike.
struct DiagramLane: Hashable, Sendable {
  var title: String
  var detail = ""
  /// Whose page its title leads to.
  var object: ReportObject?
  var boxes: [DiagramLevel: [DiagramBox]] = [:]

  func boxes(_ level: DiagramLevel) -> [DiagramBox] { boxes[level] ?? [] }
  mutating func add(_ box: DiagramBox, _ level: DiagramLevel) {
    if !boxes(level).contains(where: { $0.id == box.id }) {
      boxes[level, default: []].append(box)
    }
  }
}

struct DiagramLink: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// A patch, a plug or a cable.
    case solid
    /// What tunnels run over.
    case tunnel
  }
  let from: ElementID
  let to: ElementID
  let kind: Kind
}

/// The path stays in an element for a while.
struct DiagramVisit: Hashable, Sendable {
  let element: ElementID
  /// Nil for what it passes without a stop: wires.
  let number: Int?
  /// The address at which the stop is told: `#there-3`.
  let anchor: String
}

struct Diagram: Hashable, Sendable {
  enum End: Hashable, Sendable { case arrived, stopped, unknown }
  var lanes: [DiagramLane] = []
  var wires: [DiagramBox] = []
  var outside: [DiagramBox] = []
  var links: [DiagramLink] = []
  var visits: [DiagramVisit] = []
  var end: End = .unknown

  var hasPath: Bool { !visits.isEmpty }
  /// What carries tunnels first, so that what leads outside lies next to it.
  mutating func sortWires() {
    wires.sort {
      ($0.title == "underlay" ? 0 : 1, $0.title) < ($1.title == "underlay" ? 0 : 1, $1.title)
    }
  }
  /// Everything that is drawn.
  var boxes: [DiagramBox] {
    lanes.flatMap { lane in DiagramLevel.allCases.flatMap(lane.boxes) } + wires + outside
  }
  func visitCount(_ id: ElementID) -> Int { visits.count { $0.element == id } }
}
