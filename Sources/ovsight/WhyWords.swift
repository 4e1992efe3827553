// A user's words for `why`: the guest and what it does not reach; and assumptions for `why` and `trace`.
import Diagnosis
import Facts
import LogicalModel
import NetworkTypes
import Trace

struct WhyWords {
  private let resolver: ProbeResolver
  /// Stands for the internet where a question names no host of it.
  static let internet = IPAddress.v4(IPv4Address(rawValue: 0x0808_0808))

  init(_ model: CloudModel) { resolver = ProbeResolver(model) }

  func guest(_ word: String) throws -> PortID {
    guard case .port(let id) = try resolver.origin(word) else {
      throw CommandError("\(word): wanted a server, a port or its address")
    }
    return id
  }

  func floatingIP(_ word: String) throws -> IPAddress {
    if let address = IPAddress(word) { return address }
    throw CommandError("--eip \(word): wanted an IP address")
  }

  func target(_ word: String, isIPv6: Bool) throws -> WalkTarget {
    switch word {
    case "internet": return .internet(Self.internet)
    case "metadata": return .metadata
    case "dhcp": return .dhcp
    case "dns": return .dns
    case "gateway": return .gateway
    default: break
    }
    if let address = IPAddress(word) {
      return address.isPrivate || address.family == .ipv6 ? .address(address) : .internet(address)
    }
    // A host's name cannot be asked for offline: its address is the internet's.
    if word.contains("."), !resolver.isKnown(word) { return .internet(Self.internet) }
    return .address(try resolver.destination(word, for: isIPv6 ? .icmp6 : .icmp))
  }
}

enum Assumptions {
  /// The facts with all assumptions made, in their order.
  static func applied(_ words: [String], to facts: CloudFacts) throws -> CloudFacts {
    var facts = facts
    for word in words {
      do throws(AssumptionError) {
        facts = facts.applying(try AssumptionReader(facts).changes(word))
      } catch {
        throw CommandError("\(error)")
      }
    }
    return facts
  }
}
