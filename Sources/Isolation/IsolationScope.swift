// Whose packets are looked at. Of a large cloud not everyone's can be: those go first of whom something
// else already says that they differ, then guests that between them stand for every node, network,
// security group and kind of port.
import DataPlane
import Facts
import NetworkTypes
import Reachability

/// How much of a cloud an isolation audit looks at.
public struct IsolationScope: Sendable {
  /// Guests whose packets are followed; nil for all.
  public var maximumGuests: Int?
  /// Ports, networks and nodes that are looked at before others.
  public var suspectPorts: Set<PortID> = []
  public var suspectNetworks: Set<NetworkID> = []
  public var suspectNodes: Set<NodeName> = []

  public init(maximumGuests: Int? = nil) { self.maximumGuests = maximumGuests }

  public static let everything = IsolationScope()
}

/// The guests that a scope chooses.
struct GuestChoice {
  /// Indices of guests, ascending.
  let senders: [Int]
  let isEverybody: Bool
  /// Of the senders, those that are suspected.
  let suspects: Set<Int>
  private let chosen: Set<Int>

  /// Takers that are asked about for one sender, where not all are.
  static let takersOfSender = 8
  /// Senders that are asked about for one suspected taker.
  static let sendersOfSuspect = 4
  /// Of a node or network that is suspected, so many guests go first.
  private static let suspectsOfPlace = 8

  init(_ intent: NeutronIntent, _ scope: IsolationScope) {
    let guests = intent.cloud.guests.indices
    guard let most = scope.maximumGuests, most < guests.count else {
      senders = Array(guests)
      chosen = Set(guests)
      isEverybody = true
      suspects = []
      return
    }
    var picker = Picker(most: most)
    let traits = guests.map { Traits($0, intent) }
    for guest in guests where scope.suspectPorts.contains(intent.cloud.guests[guest].port) {
      picker.pick(guest)
    }
    var used: [String: Int] = [:]
    for guest in guests {
      var places: [String] = []
      if let node = traits[guest].node, scope.suspectNodes.contains(node) {
        places.append("\(node)")
      }
      if let network = traits[guest].network, scope.suspectNetworks.contains(network) {
        places.append("\(network)")
      }
      guard places.contains(where: { used[$0, default: 0] < Self.suspectsOfPlace }) else {
        continue
      }
      for place in places { used[place, default: 0] += 1 }
      picker.pick(guest)
    }
    suspects = picker.picked
    // Whoever brings something that nobody chosen has; what is common is met soon enough.
    var seen: Set<String> = []
    for guest in picker.picked { seen.formUnion(traits[guest].all) }
    for guest in guests where !seen.isSuperset(of: traits[guest].all) && !picker.isFull {
      picker.pick(guest)
      seen.formUnion(traits[guest].all)
    }
    picker.fill(from: guests)
    chosen = picker.picked
    senders = picker.picked.sorted()
    isEverybody = false
  }

  func contains(_ guest: Int) -> Bool { chosen.contains(guest) }

  /// Of the guests that a sender may speak to, those that are asked about: suspects, then ones spread
  /// over all.
  func takers(of sender: Int, among candidates: [Int]) -> [Int] {
    if isEverybody || candidates.count <= Self.takersOfSender { return candidates }
    var picked = Array(candidates.filter(suspects.contains).prefix(Self.takersOfSender / 2))
    picked += Self.spread(
      candidates, Self.takersOfSender - picked.count, offset: sender)
    return Set(picked).sorted()
  }

  static func spread(_ candidates: [Int], _ count: Int, offset: Int) -> [Int] {
    guard count > 0, !candidates.isEmpty else { return [] }
    return (0..<min(count, candidates.count)).map { step in
      candidates[(offset + step * candidates.count / count) % candidates.count]
    }
  }

  private struct Picker {
    let most: Int
    var picked: Set<Int> = []
    var isFull: Bool { picked.count >= most }

    mutating func pick(_ guest: Int) {
      if !isFull { picked.insert(guest) }
    }

    mutating func fill(from guests: Range<Int>) {
      let rest = guests.filter { !picked.contains($0) }
      for guest in GuestChoice.spread(rest, most - picked.count, offset: 0) { pick(guest) }
    }
  }

  /// What makes a guest's packets go another way than others'.
  private struct Traits {
    let node: NodeName?
    let network: NetworkID?
    let all: Set<String>

    init(_ guest: Int, _ intent: NeutronIntent) {
      let model = intent.cloud.guests[guest]
      var kind = ""
      switch model.plug {
      case .device(let key):
        node = key.node
        kind = intent.cloud.device(key)?.link.master == nil ? "device" : "bridged"
      case .switchPort(let name, _): (node, kind) = (name, "switch")
      case .nowhere: (node, kind) = (nil, "nowhere")
      }
      network = model.network
      var all: Set<String> = []
      if let node { all.insert("node \(node)") }
      if let network { all.insert("network \(network)") }
      if let port = intent.port(of: guest) {
        if !intent.floatingIPs(of: port.id).isEmpty { kind += " floating" }
        if port.isPortSecurityEnabled == false { kind += " open" }
        if !port.allowedAddressPairs.isEmpty { kind += " pairs" }
        if port.fixedIPs.contains(where: { $0.address.family == .ipv6 }) { kind += " v6" }
        for group in port.securityGroups { all.insert("group \(group)") }
      }
      if model.vlan != nil { kind += " subport" }
      all.insert("kind \(kind)")
      // A kind on each node: filters are the node's own.
      if let node { all.insert("\(node) \(kind)") }
      self.all = all
    }
  }
}
