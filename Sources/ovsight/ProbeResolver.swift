// A user's words → where a probe starts and what address it goes to.
import Facts
import LogicalModel
import NetworkTypes
import Trace

/// Turns words into a probe's ends; ambiguous ones are errors that list what fits.
struct ProbeResolver {
  private let model: CloudModel
  init(_ facts: CloudFacts) { model = CloudModel(facts) }
  init(_ model: CloudModel) { self.model = model }

  /// What people call the receivers of a trace, by port id.
  var names: [String: String] {
    let labels = model.ports.map { ($0.id.rawValue, model.label(of: $0)) }
    return Dictionary(labels, uniquingKeysWith: { first, _ in first })
  }

  func origin(_ word: String) throws -> ProbeOrigin {
    if word.hasPrefix("external:") {
      guard let address = IPAddress(word.dropFirst(9)) else {
        throw CommandError("--from \(word): wanted an IP address behind `external:`")
      }
      return .external(address)
    }
    let item = try one(word, "--from", [.server, .port, .namespace])
    switch item {
    case .namespace(let key): return .namespace(key)
    case .port(let id): return .port(id)
    case .server(let id): return .port(try onlyPort(of: id, word, "--from").id)
    default: throw CommandError("--from \(word): wanted a server, a port or a namespace")
    }
  }

  /// `internet` stands for a public resolver's address, `metadata` for 169.254.169.254.
  func destination(_ word: String, for kind: ProbeProtocol) throws -> IPAddress {
    if let address = IPAddress(word) { return address }
    switch word {
    case "internet": return .v4(IPv4Address(rawValue: 0x0808_0808))
    case "metadata": return .v4(IPv4Address(rawValue: 0xa9fe_a9fe))
    default: break
    }
    let item = try one(word, "--to", [.server, .port, .floatingIP])
    let wanted: AddressFamily = kind == .icmp6 ? .ipv6 : .ipv4
    switch item {
    case .floatingIP(let address, _): return address
    case .port(let id):
      return try address(of: model.ports.first { $0.id == id }, wanted, word)
    case .server(let id): return try address(of: onlyPort(of: id, word, "--to"), wanted, word)
    default: throw CommandError("--to \(word): wanted an address, a server or a port")
    }
  }

  /// Whether anything in the snapshot goes by the word.
  func isKnown(_ word: String) -> Bool { !model.resolve(word).items.isEmpty }

  private func one(_ word: String, _ option: String, _ kinds: Set<ModelItem.Kind>) throws
    -> ModelItem
  {
    switch model.resolve(word, among: kinds) {
    case .one(let found): return found.item
    case .several(let items):
      throw CommandError(
        "\(option) \(word) is ambiguous: wanted one of\n"
          + items.map { "  \($0.label) (\($0.reason))" }.joined(separator: "\n"))
    case .none(let suggestions):
      let hint = suggestions.isEmpty ? "" : "; near: " + suggestions.joined(separator: ", ")
      throw CommandError(
        "\(option) \(word): nothing in the snapshot has this name, id or address\(hint)")
    }
  }

  private func onlyPort(of server: ServerID, _ word: String, _ option: String) throws -> Port {
    let ports = model.ports.filter { $0.server == server }
    guard let port = ports.first else {
      throw CommandError("\(option) \(word): the server has no port that is known")
    }
    guard ports.count == 1 else {
      throw CommandError(
        "\(option) \(word) has several ports: wanted one of\n"
          + ports.map { "  \($0.id) (\(model.label(of: $0)))" }.joined(separator: "\n"))
    }
    return port
  }

  private func address(of port: Port?, _ family: AddressFamily, _ word: String) throws
    -> IPAddress
  {
    guard let address = port?.addresses.first(where: { $0.family == family }) else {
      throw CommandError("--to \(word): it has no address of that family that is known")
    }
    return address
  }
}
