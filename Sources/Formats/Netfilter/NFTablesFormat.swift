// `nft -j list ruleset`: one object with one array, each element an object of the rule set.
import Facts
import NetworkTypes

public enum NFTablesFormat {
  public static func parse(_ text: CaptureText) -> Parsed<NFTObject> {
    var log = ParseLog(text)
    var objects: [NFTObject] = []
    var parser = JSONParser(text.bytes)
    var accounted = 0
    if parser.isAtEnd() {
      log.structure(0..<text.bytes.count)
      return log.parsed(objects)
    }
    do throws(JSONError) {
      try begin(&parser)
      var isFirst = true
      while !parser.skip(UInt8(ascii: "]")) {
        if !isFirst, !parser.skip(UInt8(ascii: ",")) { throw parser.error("',' or ']'") }
        isFirst = false
        let node = try parser.value()
        log.structure(accounted..<node.range.lowerBound)
        accounted = node.range.upperBound
        read(node, &log, &objects)
      }
      guard parser.skip(UInt8(ascii: "}")) else { throw parser.error("'}'") }
      guard parser.isAtEnd() else { throw parser.error("the end of the file") }
      log.structure(accounted..<text.bytes.count)
    } catch {
      log.isIncomplete = true
      log.reject(
        "nftables/bad-json", line: error.line, accounted..<text.bytes.count,
        "the JSON breaks off at byte \(error.offset): wanted \(error.wanted)")
    }
    return log.parsed(objects)
  }

  private static func begin(_ parser: inout JSONParser) throws(JSONError) {
    guard parser.skip(UInt8(ascii: "{")) else { throw parser.error("'{'") }
    guard try parser.value().string == "nftables" else { throw parser.error("\"nftables\"") }
    guard parser.skip(UInt8(ascii: ":")), parser.skip(UInt8(ascii: "[")) else {
      throw parser.error("':' and '['")
    }
  }

  private static func read(
    _ node: JSONNode, _ log: inout ParseLog, _ objects: inout [NFTObject]
  ) {
    guard let members = node.members, members.count == 1, let member = members.first,
      let kind = kind(member)
    else {
      return log.reject(
        "nftables/bad-object", line: node.line, node.range,
        "not an object of a rule set: \(excerpt(log.text, node.range))")
    }
    objects.append(
      NFTObject(
        kind: kind, value: NFTValue(member.value),
        evidence: log.evidence(line: node.line, node.range)))
    log.fact(node.range)
  }

  /// Nil where a known kind lacks what it must have.
  private static func kind(_ member: JSONNode.Member) -> NFTObject.Kind? {
    let value = member.value
    switch member.key {
    case "metainfo": return .metainfo
    case "table": return key(value, "name").map { .table($0) }
    case "chain": return chain(value).map { .chain($0) }
    case "rule": return rule(value).map { .rule($0) }
    case "set", "map": return set(value).map { .set($0) }
    default: return .other(member.key)
    }
  }

  private static func key(_ node: JSONNode, _ name: String) -> NFTTableKey? {
    guard let family = node["family"]?.string, let table = node[name]?.string else { return nil }
    return NFTTableKey(family: family, name: NetfilterTableName(table))
  }

  private static func chain(_ node: JSONNode) -> NFTChain? {
    guard let table = key(node, "table"), let name = node["name"]?.string else { return nil }
    return NFTChain(
      table: table, name: NetfilterChainName(name), type: node["type"]?.string,
      hook: node["hook"]?.string, priority: node["prio"]?.number(),
      policy: node["policy"]?.string)
  }

  private static func rule(_ node: JSONNode) -> NFTRule? {
    guard let table = key(node, "table"), let chain = node["chain"]?.string else { return nil }
    return NFTRule(
      table: table, chain: NetfilterChainName(chain), handle: node["handle"]?.number(),
      comment: node["comment"]?.string,
      statements: (node["expr"]?.elements ?? []).map { NFTStatement($0) })
  }

  private static func set(_ node: JSONNode) -> NFTSet? {
    guard let table = key(node, "table"), let name = node["name"]?.string,
      let type = node["type"]
    else { return nil }
    return NFTSet(
      table: table, name: name, keyType: NFTValue(type), mapType: node["map"].map { NFTValue($0) },
      flags: (node["flags"]?.elements ?? []).compactMap(\.string),
      elements: (node["elem"]?.elements ?? []).map { NFTValue($0) })
  }
}

extension NFTValue {
  init(_ node: JSONNode) {
    self =
      switch node.value {
      case .string(let text): .text(text)
      case .number(let text): .number(text)
      case .bool(let flag): .flag(flag)
      case .null: .null
      case .array(let nodes): .list(nodes.map { NFTValue($0) })
      case .object(let members):
        .object(members.map { NFTMember(key: $0.key, value: NFTValue($0.value)) })
      }
  }
}

extension NFTStatement {
  init(_ node: JSONNode) {
    let value = NFTValue(node)
    // A list of keywords prints some statements without an object: "counter".
    guard let member = value.single else {
      self = .unrecognised(value.text ?? "", value)
      return
    }
    self = Self.verdict(member) ?? Self.action(member) ?? .unrecognised(member.key, member.value)
  }

  private static func verdict(_ member: NFTMember) -> NFTStatement? {
    let target = member.value["target"]?.text.map { NetfilterChainName($0) }
    switch member.key {
    case "accept": return .accept
    case "drop": return .drop
    case "return": return .returnToCaller
    case "continue": return .proceed
    case "jump": return target.map { .jump($0) }
    case "goto": return target.map { .goto($0) }
    default: return nil
    }
  }

  private static func action(_ member: NFTMember) -> NFTStatement? {
    let value = member.value
    switch member.key {
    case "match":
      guard let left = value["left"], let right = value["right"] else { return nil }
      return .match(operation: value["op"]?.text ?? "==", left: left, right: right)
    case "counter":
      let packets = value["packets"]?.number(UInt64.self)
      return .counter(
        packets.map { PacketCounters(packets: $0, bytes: value["bytes"]?.number() ?? 0) })
    case "log": return .log
    case "notrack": return .notrack
    case "reject": return .reject(type: value["type"]?.text, code: value["expr"]?.text)
    case "queue": return .queue
    case "vmap":
      guard let key = value["key"], let data = value["data"] else { return nil }
      return .verdictMap(key: key, data: data)
    case "mangle":
      guard let key = value["key"], let new = value["value"] else { return nil }
      return .mangle(key: key, value: new)
    case "snat", "dnat", "masquerade", "redirect": return .nat(member.key, value)
    case "xt":
      return .extensionModule(
        type: value["type"]?.text ?? "", name: value["name"]?.text ?? "")
    default: return nil
    }
  }
}
