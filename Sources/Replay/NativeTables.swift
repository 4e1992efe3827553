// nftables of a node that no iptables tool owns, as JSON that `nft -j -f -` reads back.
import Facts
import NetworkTypes

enum NativeTables {
  /// Nil where there are none.
  static func text(_ objects: [NFTObject]) -> String? {
    let wanted = objects.filter { table(of: $0).map { !isOfTools($0) } ?? false }
    guard !wanted.isEmpty else { return nil }
    let items = wanted.map { json($0.value) }.joined(separator: ",")
    return "{\"nftables\":[\(items)]}"
  }

  private static func table(of object: NFTObject) -> NFTTableKey? {
    switch object.kind {
    case .metainfo: return nil
    case .table(let key): return key
    case .chain(let chain): return chain.table
    case .rule(let rule): return rule.table
    case .set(let set): return set.table
    case .other:
      guard let body = object.value.single?.value, let family = body["family"]?.text,
        let name = body["table"]?.text
      else { return nil }
      return NFTTableKey(family: family, name: NetfilterTableName(name))
    }
  }

  /// iptables-nft, ebtables-nft and arptables-nft keep theirs under the old tools' names.
  private static func isOfTools(_ key: NFTTableKey) -> Bool {
    ["ip", "ip6", "bridge", "arp"].contains(key.family)
      && ["filter", "nat", "mangle", "raw", "security", "broute"].contains(key.name.rawValue)
  }

  private static func json(_ value: NFTValue) -> String {
    switch value {
    case .text(let text): JSONText.string(text).rendered
    case .number(let text): text
    case .flag(let flag): flag ? "true" : "false"
    case .null: "null"
    case .list(let list): "[" + list.map { json($0) }.joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.filter { $0.key != "handle" }
        .map { JSONText.string($0.key).rendered + ":" + json($0.value) }
        .joined(separator: ",") + "}"
    }
  }
}
