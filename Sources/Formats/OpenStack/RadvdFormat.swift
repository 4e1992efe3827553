// radvd.conf of routers with IPv6 subnets, by radvd.conf(5).
import Facts
import NetworkTypes

public enum RadvdFormat {
  public static func parse(_ text: CaptureText) -> Parsed<RadvdInterface> {
    let language = BlockLanguage(
      format: "radvd", endsAtLine: false, comments: [UInt8(ascii: "#")])
    var reader = BlockReader(text, language)
    reader.read()
    let interfaces = reader.statements.compactMap { statement -> RadvdInterface? in
      guard statement.words.first == "interface", statement.words.count == 2 else {
        reader.remark("unknown-statement", statement, "wanted 'interface' and its name")
        return nil
      }
      return interface(statement, &reader)
    }
    return reader.log.parsed(interfaces)
  }

  private static func interface(
    _ statement: BlockStatement, _ reader: inout BlockReader
  ) -> RadvdInterface {
    let evidence = reader.log.evidence(line: statement.line, statement.range)
    var interface = RadvdInterface(name: InterfaceName(statement.words[1]), evidence: evidence)
    for child in statement.children { take(child, &interface, &reader) }
    return interface
  }

  private static func take(
    _ child: BlockStatement, _ interface: inout RadvdInterface, _ reader: inout BlockReader
  ) {
    let argument = child.words.dropFirst().first
    let prefix = argument.flatMap { IPPrefix($0) }
    switch (child.words.first ?? "", child.hasBlock) {
    case ("prefix", true) where prefix != nil:
      if let prefix {
        interface.prefixes.append(RadvdPrefix(prefix: prefix, options: options(child)))
      }
    case ("route", true) where prefix != nil:
      if let prefix { interface.routes.append(prefix) }
    case ("RDNSS", true):
      interface.dnsServers += child.words.dropFirst().compactMap { IPAddress($0) }
    case (let keyword, false) where child.words.count == 2:
      interface.options[keyword] = argument
    case (let keyword, _):
      interface.unrecognised.append(child.words.joined(separator: " "))
      reader.remark("unknown-statement", child, "'\(keyword)' is kept and not understood")
    }
  }

  private static func options(_ statement: BlockStatement) -> [String: String] {
    let pairs = statement.children.filter { $0.words.count == 2 }.map { ($0.words[0], $0.words[1]) }
    return Dictionary(pairs) { _, last in last }
  }
}
