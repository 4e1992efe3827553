// The engine: frames go to the device, switch, stack or guest that is next. Inside a kernel that
// happens at once, as a veth pair or a bridge hands a frame over in one call; a wire between nodes
// and a switch process take their time and are queued. So the order of steps is the order in time
// in which copies of a flooded frame are seen.
import Conntrack
import DataPlane
import Facts
import Netfilter
import NetworkTypes
import OpenFlow

/// A frame about to be taken by something.
enum Arrival {
  /// From the wire, or out of the switch for its internal devices.
  case device(DeviceKey)
  case switchPort(NodeName, SwitchPortKey)
  case guest(Int)
  case outside(Int)
  case segment(Int, from: DeviceKey?)
  /// Not an arrival but a departure that was put off.
  case transmit(DeviceKey)
}

/// Someone took a packet that was addressed to him.
struct Delivery: Sendable {
  enum Recipient: Hashable, Sendable {
    case guest(Int)
    case namespace(NamespaceKey, device: InterfaceName)
    case outside(Int)
  }
  enum Kind: Sendable {
    case accepted(String)
    /// A reset or a port unreachable.
    case refused(Reason)
  }
  let recipient: Recipient
  let kind: Kind
  let packet: Packet
  let step: Int
}

/// One packet's way through the cloud, and whatever it sets off.
struct Simulation {
  /// A flood over thousands of ports stays below; what reaches it goes in circles.
  static let arrivalLimit = 50_000
  /// Resolutions inside resolutions: a tunnel's next hop inside a router's inside a guest's is 3.
  static let resolutionDepthLimit = 6

  /// A frame through a router, a floating IP namespace and two hybrid plugs takes about 20 calls.
  static let callDepthLimit = 64

  let cloud: DataPlaneModel
  var state: TraceState
  var steps: [Step] = []
  var path: [PathHop] = []
  var deliveries: [Delivery] = []
  var overheard: [String] = []
  var drops: [(step: Int, reason: Reason)] = []
  var unknowns: [Reason] = []
  var assumptions: [String] = []
  /// MACs that answered ARP or ND for an address, in order, by who asked.
  var answers: [NeighbourQuery: [MACAddress]] = [:]
  /// An address that the outside holds because a probe comes from it.
  var outsideSource: IPAddress?
  /// Above 0 while a neighbour is being resolved: nothing is recorded then.
  var resolutionDepth = 0
  /// Whether caches are warm: what somebody answers for was asked long ago, so that its resolution
  /// teaches no switch anything now. What nobody answers for is asked again and again.
  var isSession = false
  /// Set where a single frame is followed to wherever it may get.
  var pursuit: Pursuit?
  /// A guest's neighbour that nobody answers for and that its cache is assumed to hold.
  var assumedNeighbour: Reason?
  private var queue: [(Arrival, Frame, Int?)] = []
  /// What happens only after everything else has come to rest.
  private var late: [(Arrival, Frame, Int?)] = []
  private var handled = 0
  private var callDepth = 0

  init(cloud: DataPlaneModel, state: TraceState) {
    self.cloud = cloud
    self.state = state
  }

  var isRecording: Bool { resolutionDepth == 0 }

  /// Hands a frame to something else that works in its own time.
  mutating func schedule(_ arrival: Arrival, _ frame: Frame, _ parent: Int?) {
    queue.append((arrival, frame, parent))
  }

  /// Hands a frame over inside the same kernel: at once, unless it has gone through so many hands
  /// that it must be going in circles, which the queue's limit then ends.
  mutating func hand(_ arrival: Arrival, _ frame: Frame, _ parent: Int?) {
    guard callDepth < Self.callDepthLimit else { return schedule(arrival, frame, parent) }
    callDepth += 1
    handle(arrival, frame, parent)
    callDepth -= 1
  }

  /// Puts something off until all else has come to rest.
  mutating func scheduleLate(_ arrival: Arrival, _ frame: Frame, _ parent: Int?) {
    late.append((arrival, frame, parent))
  }

  /// Works until nothing moves any more.
  mutating func run() {
    var next = 0
    while next < queue.count || !late.isEmpty {
      if next == queue.count {
        queue += late
        late = []
      }
      let (arrival, frame, parent) = queue[next]
      next += 1
      handled += 1
      if handled > Self.arrivalLimit {
        unknown("the packet goes in circles: \(Self.arrivalLimit) hops were not enough", parent)
        break
      }
      handle(arrival, frame, parent)
    }
    queue = []
  }

  /// Runs something else to its end while this frame waits.
  mutating func nested(_ body: (inout Simulation) -> Void) {
    let waiting = (queue, late)
    (queue, late) = ([], [])
    resolutionDepth += 1
    body(&self)
    run()
    resolutionDepth -= 1
    (queue, late) = waiting
  }

  private mutating func handle(_ arrival: Arrival, _ frame: Frame, _ parent: Int?) {
    switch arrival {
    case .device(let key): receive(key, frame, parent)
    case .switchPort(let node, let port): switchInput(node, port, frame, parent)
    case .guest(let index): guestInput(index, frame, parent)
    case .outside(let index): outsideInput(index, frame, parent)
    case .segment(let index, let from): segmentInput(index, from: from, frame, parent)
    case .transmit(let key): transmit(key, frame, parent)
    }
  }

  // MARK: recording

  @discardableResult
  mutating func record(
    _ place: Place, _ event: StepEvent, _ frame: Frame, _ parent: Int?,
    evidence: [Evidence] = []
  ) -> Int? {
    guard isRecording else { return parent }
    steps.append(
      Step(
        parent: parent, place: place, event: event, packet: frame.packet,
        inner: frame.inner?.frame.packet, evidence: evidence))
    return steps.count - 1
  }

  mutating func cross(_ device: DeviceKey, isOut: Bool, _ frame: Frame, _ parent: Int?) -> Int? {
    let step = record(.device(device), isOut ? .sent : .received, frame, parent)
    if !isOut { note(.device(device), frame) }
    if isRecording, let step {
      path.append(PathHop(device: device, isOut: isOut, step: step))
    }
    return step
  }

  mutating func drop(
    _ place: Place, _ code: DropCode, _ text: String, _ frame: Frame, _ parent: Int?,
    evidence: [Evidence] = []
  ) {
    let reason = Reason(code: code.rawValue, text: text, evidence: evidence)
    let step = record(place, .dropped(reason), frame, parent, evidence: evidence)
    if isRecording, let step { drops.append((step, reason)) }
  }

  /// Something decides here that is not known; kept even while resolving, where the caller
  /// withdraws it if the resolution succeeds otherwise.
  mutating func unknown(_ text: String, _ parent: Int?, evidence: [Evidence] = []) {
    let reason = Reason(code: "unknown", text: text, evidence: evidence)
    unknowns.append(reason)
    if isRecording, let parent, steps.indices.contains(parent) {
      steps.append(
        Step(
          parent: parent, place: steps[parent].place, event: .unknown(reason),
          packet: steps[parent].packet, inner: nil, evidence: evidence))
    }
  }

  mutating func assume(_ text: String) {
    if !assumptions.contains(text) { assumptions.append(text) }
  }

  mutating func withConntrack<Result>(
    _ domain: ConntrackDomain, _ body: (inout ConntrackTable) -> Result
  ) -> Result {
    var table = state.conntrack[domain] ?? ConntrackTable()
    defer { state.conntrack[domain] = table }
    return body(&table)
  }
}
