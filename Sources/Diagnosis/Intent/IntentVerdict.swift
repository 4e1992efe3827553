// What intent says about a packet: let pass, denied with a stable code, or not told.
import Facts
import LogicalModel
import NetworkTypes

/// Why intent does not let a packet arrive.
public struct IntentDenial: Hashable, Sendable {
  /// Stable: `no-ingress-rule`, `no-route`, …; see `IntentDenial.codes`.
  public var code: String
  public var text: String
  public var evidence: [Evidence]
  /// What a tenant would change, if he wanted it.
  public var change: String?

  /// Code and meaning of each.
  public static let codes: [(code: String, meaning: String)] = [
    ("no-egress-rule", "no rule of the sender's security groups allows the packet to leave"),
    ("no-ingress-rule", "no rule of the receiver's security groups allows the packet in"),
    ("address-not-own", "the sender's port may not use the source address"),
    ("port-disabled", "a port, network or router is administratively down"),
    ("no-such-address", "no port has the destination address"),
    ("no-gateway", "the sender's subnet has no gateway, or no router has the gateway's address"),
    ("no-route", "no router of the sender leads to the destination"),
    ("no-external-gateway", "the router has no external gateway"),
    ("snat-disabled", "the router does not translate sources and the sender has no floating IP"),
    ("no-floating-ip", "the floating IP is not associated with a port"),
    ("no-port-forwarding", "the floating IP does not forward the port"),
    ("no-dhcp", "DHCP is off for the sender's subnet"),
    ("router-only-answers-icmp", "the router itself has no service on the port"),
  ]
}

/// What intent says about a packet.
enum IntentVerdict: Sendable {
  /// With the ports whose groups have let it pass, and the packet as it is there.
  case allowed([FilteredHop])
  case denied(IntentDenial)
  /// Not modelled: neither verdict may rest on it.
  case undecided(String)
}

/// A port whose security groups look at the packet.
struct FilteredHop: Sendable {
  let port: PortID
  let direction: SecurityDirection
  let flow: FlowIntent
  let rule: NeutronSecurityGroupRule?
}
