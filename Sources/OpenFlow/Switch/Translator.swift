// Runs one packet through the pipelines of a switch, as ofproto-dpif-xlate does: this file holds
// the state and the order of things; what single actions do stands in the extensions.
import Conntrack
import Facts
import NetworkTypes

/// The evaluation of one packet. Lives for one call of `translate`.
final class Translator {
  /// Resubmits to the same or an earlier table, patch ports and groups may nest this deep; later
  /// tables do not count because there are only 255 of them. The packet is dropped at the 65th.
  static let maximumDepth = 64
  /// All resubmits of a translation; the packet is dropped at the one after.
  static let maximumResubmits = 64 * 64
  /// A switch that has 64 kB of actions before it comes to that many resubmits sends what it has; as few
  /// outputs as this may be as much, with what rewrites the packet before each.
  static let manyOutputs = 512
  /// Our own bound on nested lookups, which OVS does not have: it would allow 64 × 255 of them
  /// and no real pipeline has more than a few dozen. Beyond it the answer is unknown.
  static let maximumNesting = 600

  /// `ofproto/trace` stops there too; pipelines that recirculate into themselves have no end.
  static let maximumRecirculations = 4096
  /// How often a userspace datapath takes one packet back (`MAX_RECIRC_DEPTH` of dpif-netdev).
  static let maximumUserspaceRecirculationDepth = 6

  let model: SwitchModel
  let options: TranslationOptions
  var state: SwitchState
  var conntrack: ConntrackTable

  /// The bridge that the packet is in.
  var site: BridgeSite
  var bridge: SwitchBridge { _read { yield site.bridge } }
  var key: FlowKey
  /// The packet as it came in, for what no field shows.
  var original: Packet
  /// Not read, nor anything behind it.
  var hiddenTag: VLANTag?
  var wire = WireState()

  var table: UInt8 = 0
  var flow = FoundFlow.miss
  var stack: [StackEntry] = []
  var actionSet: [FlowAction] = []
  var actionSetHasGroup = false
  var isExecutingActionSet = false
  var depth = 0
  var resubmits = 0
  var nesting = 0
  var isExiting = false
  /// The rest waits for the datapath to bring the packet back, which a trace does not follow.
  var isFreezing = false
  var error: TranslationError?
  /// ct fields mean something in this bridge: the packet came back from connection tracking.
  var isTracked = false
  var mirrored: Set<Int> = []
  var isMirroring = false
  var ownTunnelAddress: IPAddress?
  /// Bits that the actions inside `ct(exec(…))` write.
  var writtenMark: UInt32 = 0
  var writtenLabel: UInt128 = 0
  var queue: [PendingRecirculation] = []
  /// How often the packet came back so far.
  var recirculationDepth = 0
  /// What the caller says that connection tracking will find, next one first.
  var assumedStates: [ConntrackState] = []

  /// Learned flows as they were when the packet entered the bridge: what it teaches itself, it
  /// does not meet (OVS looks up in one version of the tables).
  var visibleLearnedFlows: [LearnedFlow]

  var outputs: [SwitchOutput] = []
  /// What the last output carried, with its tags, as long as nothing else can have changed.
  var sentPacket: SharedPacket?
  var sentTags: UInt64 = 0
  var drops: [SwitchDrop] = []
  var unknowns: [SwitchUnknown] = []
  var record = PipelineRecord()

  init(
    _ model: SwitchModel, _ input: SwitchInput, site: BridgeSite, state: SwitchState,
    conntrack: ConntrackTable
  ) {
    self.model = model
    self.site = site
    self.state = state
    self.conntrack = conntrack
    options = input.options
    original = input.packet
    hiddenTag = input.packet.hiddenTag(vlanLimit: model.vlanLimit)
    visibleLearnedFlows = state.flowsLearned(on: site)
    key = FlowKey(input.packet, inPort: input.port, vlanLimit: model.vlanLimit)
    if case .assumed(let states) = options.conntrack { assumedStates = states }
    for field in input.fields {
      if !key.write(field.field, field.value) {
        noteUnknown(.unmodelledMatch(field.field.name))
      }
    }
  }

  /// Does it all: the packet, then every copy that connection tracking gives back.
  func run() -> Translation {
    runRoot { self.enterBridge() }
    var recirculations = 0
    while !queue.isEmpty {
      recirculations += 1
      guard recirculations <= Self.maximumRecirculations else {
        noteUnknown(.other("more than \(Self.maximumRecirculations) recirculations"))
        break
      }
      let pending = queue.removeFirst()
      runRoot { self.resume(pending) }
    }
    return Translation(
      outputs: outputs, drops: drops, unknowns: unknowns, record: record, sites: model.sites,
      isAfterTimeouts: options.isAfterTimeouts)
  }

  /// One translation of OVS's: an error in it takes back everything that it sent.
  private func runRoot(_ body: () -> Void) {
    let sent = outputs.count
    let queued = queue.count
    depth = 0
    resubmits = 0
    isExiting = false
    isFreezing = false
    error = nil
    ownTunnelAddress = key.tunnel?.destination
    body()
    guard let error else { return }
    report(.error(error))
    drop(.error(error))
    outputs.removeSubrange(sent...)
    if !options.isAssumingConntrack { queue.removeSubrange(queued...) }
  }

  // MARK: Reports

  func report(_ step: PipelineRecord.Kind) { record.add(step) }
  func report(_ event: SwitchEvent) { record.add(event) }

  /// Puts what `body` reports below `step`.
  @inline(__always)
  func report(_ step: PipelineRecord.Kind, around body: () -> Void) {
    record.add(step)
    record.level += 1
    body()
    record.level -= 1
  }

  func drop(_ reason: SwitchDrop.Reason, evidence: Evidence? = nil) {
    drops.append(
      SwitchDrop(bridge: bridge.name, reason: reason, evidence: evidence ?? flow.evidence))
  }
  /// Reports an event that ends the way of this copy.
  func drop(_ event: SwitchEvent, evidence: Evidence? = nil) {
    report(event)
    drop(.event(event), evidence: evidence)
  }
  func noteUnknown(_ cause: SwitchUnknown.Cause, evidence: Evidence? = nil) {
    let unknown = SwitchUnknown(
      bridge: bridge.name, cause: cause, evidence: evidence ?? flow.evidence)
    if !unknowns.contains(unknown) { unknowns.append(unknown) }
  }
}

extension TranslationOptions {
  var isAssumingConntrack: Bool { if case .assumed = conntrack { true } else { false } }
}

/// A value on the stack of `push` and `pop`, right-aligned.
struct StackEntry: Hashable {
  var value: UInt128
  var bytes: Int
}

/// What connection tracking did to the packet on its way through the datapath while the
/// pipeline, which runs ahead, still believes in the old headers.
struct WireState: Hashable {
  /// Headers rewritten by NAT without recirculation: what the pipeline believes, and the truth.
  struct Rewrite: Hashable {
    var field: OpenFlowField
    var believed: UInt128
    var actual: UInt128
  }
  var rewrites: [Rewrite] = []
  /// The connection that the datapath remembers for the packet.
  var tracked: TrackedPacket?
}

/// A copy of the packet that goes on when the running translation is done.
struct PendingRecirculation {
  var key: FlowKey
  var original: Packet
  var hiddenTag: VLANTag?
  var site: BridgeSite
  var table: UInt8
  var stack: [StackEntry]
  var actionSet: [FlowAction]
  var mirrored: Set<Int>
  var wire: WireState
  var nat: NATAction?
  var connection: Int?
  var depth: Int
}
