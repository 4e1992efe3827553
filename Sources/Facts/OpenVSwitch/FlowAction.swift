// What a flow does with a packet: every action and instruction of Open vSwitch 3.1.
import NetworkTypes

/// An action or instruction. Spellings with one meaning are one case: `pop_vlan` and
/// `strip_vlan`, `set_tunnel` and `set_tunnel64`.
public enum FlowAction: Hashable, Sendable {
  // Output.
  /// To a port by number or reserved name; `maximumBytes` cuts the frame.
  case output(OpenFlowPort, maximumBytes: UInt32? = nil)
  /// To the port whose 16-bit number stands in a field.
  case outputField(Subfield, maximumBytes: UInt32? = nil)
  indirect case controller(ControllerAction)
  case enqueue(OpenFlowPort, queue: UInt32)
  case group(UInt32)
  indirect case bundle(BundleAction)

  // Control flow.
  /// Nil port: the packet's own; nil table: the flow's own.
  case resubmit(port: OpenFlowPort?, table: UInt8?, swapsTuple: Bool = false)
  case gotoTable(UInt8)
  indirect case clone([FlowAction])
  case exit
  case drop
  /// Clause `clause` (from 1) of `count`.
  case conjunction(id: UInt32, clause: UInt8, count: UInt8)

  // Fields.
  /// Bits of a field; `value` and `mask` in the field's own place.
  case setField(OpenFlowField, value: UInt128, mask: UInt128)
  /// `value` is right-aligned, put into the subfield's place.
  case load(UInt128, into: Subfield)
  case move(from: Subfield, to: Subfield)
  case push(Subfield)
  case pop(Subfield)
  case setEthSrc(MACAddress)
  case setEthDst(MACAddress)
  /// `mod_vlan_vid`: adds a tag where the packet has none; so does the next one.
  case setVLANID(VLANID)
  case setVLANPriority(UInt8)
  case setIPv4Src(IPv4Address)
  case setIPv4Dst(IPv4Address)
  /// The upper six bits; the lower two are zero.
  case setTOS(UInt8)
  case setECN(UInt8)
  case setTTL(UInt8)
  case setTransportSrc(UInt16)
  case setTransportDst(UInt16)
  /// Sends a notice to these controllers where the TTL runs out; empty as written without list.
  case decrementTTL(controllers: [UInt16] = [])
  case checkPacketLarger(bytes: UInt16, into: Subfield)
  case deleteField(OpenFlowField)

  // Tags and headers.
  case pushVLAN(etherType: UInt16)
  case popVLAN
  case pushMPLS(etherType: UInt16)
  case popMPLS(etherType: UInt16)
  case setMPLSLabel(UInt32)
  case setMPLSTrafficClass(UInt8)
  case setMPLSTTL(UInt8)
  case decrementMPLSTTL
  case decrementNSHTTL
  indirect case encapsulate(Encapsulation)
  /// `packetType` as the field of that name has it.
  case decapsulate(packetType: UInt32? = nil)

  // Metadata.
  case setTunnelID(UInt64)
  case setQueue(UInt32)
  case popQueue

  // State.
  indirect case ct(CTAction)
  case ctClear
  indirect case learn(LearnAction)
  case finTimeout(idleSeconds: UInt16, hardSeconds: UInt16)

  // Instructions.
  case meter(UInt32)
  case clearActions
  indirect case writeActions([FlowAction])
  case writeMetadata(value: UInt64, mask: UInt64)

  // Others.
  indirect case multipath(MultipathAction)
  indirect case sample(SampleAction)
  indirect case note([UInt8])
  /// As written; what follows in the list may depend on it.
  indirect case unrecognised(String)
}

/// `controller` with its arguments.
public struct ControllerAction: Hashable, Sendable {
  public var maximumBytes: UInt16 = 0xffff
  public var controllerID: UInt16 = 0
  /// `no_match`, `action`, `invalid_ttl`, …
  public var reason = "action"
  public var userData: [UInt8] = []
  /// Processing stops until the controller resumes it.
  public var isPausing = false
  public var meter: UInt32?
  public init() {}
}

/// `bundle` and, where `destination` is set, `bundle_load`.
public struct BundleAction: Hashable, Sendable {
  public var fields: String
  public var basis: UInt16
  public var algorithm: String
  public var members: [OpenFlowPort]
  public var destination: Subfield?
  public init(
    fields: String, basis: UInt16, algorithm: String, members: [OpenFlowPort],
    destination: Subfield? = nil
  ) {
    self.fields = fields
    self.basis = basis
    self.algorithm = algorithm
    self.members = members
    self.destination = destination
  }
}

public struct MultipathAction: Hashable, Sendable {
  public var fields: String
  public var basis: UInt16
  public var algorithm: String
  /// How many links there are to choose from.
  public var links: UInt32
  public var argument: UInt32
  public var destination: Subfield
  public init(
    fields: String, basis: UInt16, algorithm: String, links: UInt32, argument: UInt32,
    destination: Subfield
  ) {
    self.fields = fields
    self.basis = basis
    self.algorithm = algorithm
    self.links = links
    self.argument = argument
    self.destination = destination
  }
}

public struct SampleAction: Hashable, Sendable {
  /// Of 65535.
  public var probability: UInt16 = 0
  public var collectorSet: UInt32 = 0
  public var observationDomain: UInt32 = 0
  public var observationPoint: UInt32 = 0
  public var samplingPort: OpenFlowPort?
  /// `ingress` or `egress`.
  public var direction: String?
  public init() {}
}

public enum Encapsulation: Hashable, Sendable {
  case ethernet, mpls, mplsMulticast
  /// The text between the brackets.
  case nsh(arguments: String)
}
