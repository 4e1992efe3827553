// iptables, ebtables, ipset and native nftables → what their restoring tools read.
import Facts
import NetworkTypes

/// One tool's input, and what had to be left out of it.
struct FirewallText {
  var program: [String]
  var text: String
  var notes: [String] = []
}

extension FirewallText {
  /// Tables of one family and back end.
  static func iptables(_ tables: [IPTablesTable], _ family: AddressFamily, isLegacy: Bool)
    -> FirewallText?
  {
    guard !tables.isEmpty else { return nil }
    let back = isLegacy ? "legacy" : "nft"
    let tool = family == .ipv4 ? "iptables" : "ip6tables"
    var result = FirewallText(program: ["\(tool)-\(back)-restore"], text: "")
    for table in tables { result.add(table) }
    return result
  }

  private mutating func add(_ table: IPTablesTable) {
    guard SafeWords.isPlain(table.name.rawValue) else { return }
    if !table.isComplete { notes.append("table \(table.name) was cut short in the capture") }
    text += "*\(table.name)\n"
    for chain in table.chains { text += ":\(chain.name) \(policy(chain)) [0:0]\n" }
    for rule in table.chains.flatMap(\.rules) {
      if Self.namesProgram(rule.text) {
        notes.append("a rule that names a program is left out: \(rule.text)")
      } else {
        text += rule.text + "\n"
      }
    }
    text += "COMMIT\n"
  }

  private func policy(_ chain: IPTablesChain) -> String {
    switch chain.policy {
    case .accept: "ACCEPT"
    case .drop: "DROP"
    case .unrecognised, nil: "-"
    }
  }

  /// `--modprobe=PROGRAM` would be run as root.
  static func namesProgram(_ rule: String) -> Bool {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    for character in rule {
      switch character {
      case "\"": isQuoted.toggle()
      case " " where !isQuoted, "\t" where !isQuoted:
        words.append(word)
        word = ""
      default: word.append(character)
      }
    }
    words.append(word)
    return words.enumerated().contains { position, word in
      let isComment = position > 0 && words[position - 1] == "--comment"
      return !isComment && (word.hasPrefix("--mo") || word.hasPrefix("-M"))
    }
  }

  static func ebtables(_ tables: [EBTable]) -> FirewallText? {
    guard tables.contains(where: { $0.chains.contains { !$0.rules.isEmpty } }) else { return nil }
    var result = FirewallText(program: ["ebtables-restore"], text: "")
    for table in tables where SafeWords.isPlain(table.name.rawValue) {
      result.text += "*\(table.name)\n"
      for chain in table.chains { result.text += ":\(chain.name) \(policy(chain.policy))\n" }
      for rule in table.chains.flatMap(\.rules) { result.text += rule.text + "\n" }
    }
    return result
  }

  private static func policy(_ target: EBTarget) -> String {
    switch target {
    case .drop: "DROP"
    case .returnToCaller: "RETURN"
    default: "ACCEPT"
    }
  }

  static func ipsets(_ sets: [IPSet]) -> FirewallText? {
    guard !sets.isEmpty else { return nil }
    var result = FirewallText(program: ["ipset", "restore"], text: "")
    // A list of sets names others.
    for set in sets.sorted(by: {
      ($0.type.storage == "list" ? 1 : 0) < ($1.type.storage == "list" ? 1 : 0)
    }) {
      if !set.isComplete { result.notes.append("members of ipset \(set.name) are missing") }
      result.text += set.text + "\n"
      for member in set.members { result.add(member, to: set) }
    }
    return result
  }

  private mutating func add(_ member: IPSetMember, to set: IPSet) {
    let elements = member.elements.compactMap(Self.element)
    guard elements.count == member.elements.count else {
      notes.append("a member of ipset \(set.name) is not understood and is left out")
      return
    }
    text += "add \(set.name) \(elements.joined(separator: ","))"
    if member.isException { text += " nomatch" }
    if let seconds = member.options["timeout"], SafeWords.isPlain(seconds) {
      text += " timeout \(seconds)"
    }
    text += "\n"
  }

  private static func element(_ element: IPSetElement) -> String? {
    switch element {
    case .network(let prefix): prefix.isHost ? "\(prefix.address)" : "\(prefix)"
    case .addresses(let range): "\(range.lowerBound)-\(range.upperBound)"
    case .port(let number, let ports):
      (number.map { "\($0):" } ?? "")
        + (ports.first == ports.last ? "\(ports.first)" : "\(ports.first)-\(ports.last)")
    case .mac(let mac): "\(mac)"
    case .interface(let name, let isPhysical): (isPhysical ? "physdev:" : "") + name.rawValue
    case .mark(let mark): "\(mark)"
    case .set(let name): name.rawValue
    case .unrecognised: nil
    }
  }
}
