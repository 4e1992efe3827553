// The reader of plain lines and the general one must give the same tables, remarks and counts for the
// same bytes, whatever these are.
import Facts
import Foundation
import NetworkTypes
import Testing

@testable import Formats

private func both(_ text: CaptureText, _ family: AddressFamily) -> [Parsed<IPTablesTable>] {
  [true, false].map { IPTablesFormat.parse(text, family: family, readsPlainLines: $0) }
}

private func expectSame(_ text: CaptureText, _ family: AddressFamily = .ipv4) {
  let parsed = both(text, family)
  #expect(parsed[0].records == parsed[1].records)
  #expect(parsed[0].diagnostics == parsed[1].diagnostics)
  #expect(parsed[0].coverage == parsed[1].coverage)
  #expect(parsed[0].isIncomplete == parsed[1].isIncomplete)
}

/// What iptables-save and ip6tables-save wrote on the healthy cloud's nodes, and in the captures that
/// OVSIGHT_CAPTURES names.
private func savedTables() -> [(text: CaptureText, family: AddressFamily)] {
  let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud").path
  let others = ProcessInfo.processInfo.environment["OVSIGHT_CAPTURES"] ?? ""
  return ([fixtures] + others.split(separator: ":").map(String.init)).flatMap { root in
    (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).compactMap {
      path -> (CaptureText, AddressFamily)? in
      let name = path.split(separator: "/").last ?? ""
      guard name.hasPrefix("iptables") || name.hasPrefix("ip6tables"),
        let data = FileManager.default.contents(atPath: "\(root)/\(path)")
      else { return nil }
      let text = CaptureText(file: CaptureFileID(3), bytes: Array(data))
      return (text, name.hasPrefix("ip6") ? .ipv6 : .ipv4)
    }
  }
}

/// `line` in a table with a chain `mine`.
private func table(_ line: String) -> CaptureText {
  CaptureText("*filter\n:INPUT ACCEPT [7:700]\n:mine - [0:0]\n\(line)\nCOMMIT\n")
}

struct PlainRuleReaderTests {
  @Test func capturedTablesReadTheSame() {
    let saved = savedTables()
    #expect(!saved.isEmpty)
    for (text, family) in saved { expectSame(text, family) }
  }

  /// The tests above would say nothing if the plain reader took no line.
  @Test func plainLinesAreTaken() {
    for (text, family) in savedTables() {
      var reader = PlainRuleReader(text, family: family)
      var columns = RuleColumnsBuilder(bytes: text.bytes.count)
      text.bytes.withUnsafeBufferPointer { bytes in
        for line in Lines(text) {
          switch bytes[line.content.lowerBound] {
          case UInt8(ascii: "*"): reader.beginTable()
          case UInt8(ascii: ":"):
            guard let (_, name) = reader.chain(line, bytes) else {
              Issue.record("\(text.string(line.content))")
              continue
            }
            reader.addChain(name, bytes)
          case UInt8(ascii: "-"), UInt8(ascii: "["):
            #expect(reader.read(line, bytes, into: &columns), "\(text.string(line.content))")
          default: break
          }
        }
      }
    }
  }

  @Test(arguments: [
    "", " ", "-s 10.0.0.1/32", "! -s 10.0.0.0/8", "-s 10.0.0.1", "-s 10.0.0.0/255.0.255.0",
    "-s 010.0.0.1/32", "-s 10.0.0.1/33", "-s 10.0.0.300/32", "-s 10.0.0.1/32x", "-s fe80::1/64",
    "-d ::/0", "-d fe80::1/129", "-d ::ffff:10.0.0.1/128", "-s", "-s -d", "-s 10.0.0.1/32 10.0.0.2",
    "-s 10.0.0.1/32 ! -d 10.0.0.2/32", "-s 10.0.0.1/32 -d 10.0.0.2/32 -i a -o b+", "-i +", "-i -a",
    "-i \"eth 0\"", "-i eth\"0", "-i é", "! -o eth0", "! ! -o eth0", "!", "! ", "!-s 10.0.0.1/32",
    "-p tcp", "-p TCP -m tcp --dport 80", "-p 6", "-p nosuch", "-f", "! -f", "- -s 10.0.0.1/32",
    "-m tcp ! --dport 80:90 --sport 5", "-m tcp --dport 80 -s 10.0.0.1/32 --sport 5",
    "-m tcp --dport nosuch", "-m tcp --dport", "-m", "-m nosuch", "-m nosuch --a b -s 10.0.0.1/32",
    "-m limit --limit 5/min", "-m limit --limit 5/min -s 10.0.0.1/32",
    "-m owner ! --uid-owner 0 ! -s 10.0.0.1/32", "-m owner --uid-owner 0 --jump DROP",
    "-m state --state NEW,ESTABLISHED", "-m state --state NOSUCH",
    "-m conntrack --ctstate NEW ! --ctstatus ASSURED", "-m conntrack --ctnosuch 5",
    "-m conntrack --ctstate NEW -s 10.0.0.1/32 --ctproto 6",
    "-m conntrack --ctstate NEW -m conntrack --ctstate NEW", "-m mark --mark 0x1/0xffff",
    "-m set --match-set x src -m set --match-set y dst --return-nomatch",
    "-m set --match-set x src -s 10.0.0.1/32 --return-nomatch", "-m set --match-set x nosuch",
    "-m physdev --physdev-in tap1 --physdev-is-bridged", "-m mac --mac-source FA:16:3E:00:00:01",
    "-m addrtype --dst-type LOCAL --limit-iface-in", "-m rpfilter --invert",
    "-m policy --dir in --pol none", "-m policy --dir in", "-m comment --comment plain",
    "-m comment --comment \"two words\"", "-m comment --comment \"a -j \\\"DROP\\\" -s x\" -s ::/0",
    "-m comment --comment \"open", "-m comment --comment \"open\\", "-m comment --comment -s",
    "-m comment --comment \"a\"b", "-m comment --comment \"\"", "-m comment",
    "-m comment --comment one -m comment --comment two", "-m comment --comment é",
    "-g mine", "-g nosuch -s 10.0.0.1/32", "-g", "--dport 80", "-x", "--source 10.0.0.1/32",
    "\"-s\" 10.0.0.1/32", "\"a -s b\"", "-s  10.0.0.1/32", "-s\t10.0.0.1/32",
    "-s 10.0.0.1/32\r -i a",
  ])
  func matchesReadTheSame(_ match: String) {
    for target in ["", " -j ACCEPT", " -j mine", " ", " -j mine -s 10.0.0.1/32"] {
      for counters in ["", "[3:180] "] {
        let rule = "\(counters)-A INPUT \(match)\(target)"
        expectSame(table(rule))
        // What was read once is found again.
        expectSame(table("\(rule)\n\(rule)\n-A mine \(match)"))
        expectSame(table("\(rule)\r"), .ipv6)
      }
    }
  }

  @Test(arguments: [
    "", "-j", "-j ", "-j  mine", "-j mine ", "-j mine x", "-j \"mine\"", "-j mi\"ne", "-j -mine",
    "-j !", "-j é", "-j ACCEPT", "-j ACCEPT x", "-j INPUT", "-j nosuch", "-j DROP\r", "-j REJECT",
    "-j REJECT --reject-with tcp-reset", "-j REJECT\t--reject-with tcp-reset",
    "-j REJECT --reject-with nosuch", "-j DNAT --to-destination 10.0.0.1:80",
    "-j SNAT --to-source 10.0.0.1 --random-fully", "-j MARK --set-xmark 0x1/0xffff",
    "-j LOG --log-prefix \"a -j b \"", "-j LOG --log-prefix \"open", "-j CT --zone 5",
    "-j NFQUEUE --queue-num 1", "-j TPROXY --on-port 5", "-j MAR\u{212A} --set-xmark 0x1",
    "-jmine", "--jump mine", "! -j mine", "-j mine -j DROP",
  ])
  func targetsReadTheSame(_ target: String) {
    expectSame(table("-A INPUT \(target)"))
    expectSame(table("-A INPUT -s 10.0.0.1/32 \(target)\n-A mine \(target)\n-A INPUT \(target)"))
  }

  @Test(arguments: [
    ":mine - [0:0]", ":mine ACCEPT [1:2]", ":other DROP [1:2]", ":other QUEUE [1:2]", ":other -",
    ":other - [1:2] x", ":other  - [1:2]", ": - [1:2]", ":other - [1:2", ":other - [1]", ":other",
    ":other - [18446744073709551616:0]", ":other - [18446744073709551615:0]", ":\"other\" - [0:0]",
    ":-other - [0:0]", ":\u{212A} - [0:0]\n:K - [0:0]", ":K - [0:0]\n:\u{212A} - [0:0]",
    ":ACCEPT - [0:0]\n-A mine -j ACCEPT", ":other\t- [0:0]", "[1:2] -A mine", "[1:2]", "[1:2] ",
    "[1:2]  -A mine", "[1:2 -A mine", "[x] -A mine", "-A", "-A ", "-A nosuch -j ACCEPT", "-A mine",
    "-A \"mine\" -j ACCEPT", "-I mine -j ACCEPT",
    "-A mine -j other\n:other - [0:0]\n-A mine -j other",
    "# a comment", "nosuch", "COMMIT\n*nat\n:mine - [0:0]\n-A mine -j INPUT", "*nat", "",
    "-A mine -j ACCEPT\n-A INPUT -j DROP\n-A mine -j DROP\n-A INPUT -m nosuch\n-A mine -s ::1/128",
  ])
  func linesReadTheSame(_ line: String) {
    expectSame(table(line))
    expectSame(table("\(line)\n-A mine -j K\n-A mine -j \"other\"\n-A mine -j -other\n\(line)"))
    expectSame(CaptureText("*filter\n:mine - [0:0]\n\(line)"))
    expectSame(CaptureText("\(line)\n"))
  }

  /// Bytes changed, taken away and doubled at random places of what was saved.
  @Test func damagedTablesReadTheSame() throws {
    let whole = try #require(savedTables().max { $0.text.bytes.count < $1.text.bytes.count })
    var mutator = Mutator(seed: 7)
    var random = SeededRandom(state: 5)
    let letters = Array(" -!\"\\[:]\n\r\tA0/.".utf8)
    for _ in 0..<300 {
      var bytes = mutator.mutated(whole.text.bytes)
      for _ in 0..<40 where !bytes.isEmpty {
        let place = Int.random(in: bytes.indices, using: &random)
        bytes[place] = letters[Int.random(in: letters.indices, using: &random)]
      }
      expectSame(CaptureText(file: CaptureFileID(0), bytes: bytes), whole.family)
    }
  }

  /// Lists behave like arrays of rules.
  @Test func aListIsAnArrayOfRules() throws {
    let lines = (1...4).map { "-A mine -s 10.0.0.\($0)/32 -j DROP" }.joined(separator: "\n")
    let parsed = IPTablesFormat.parse(table(lines), family: .ipv4)
    var list = try #require(parsed.records.first?.chain("mine")?.rules)
    var array = Array(list)
    #expect(array.map(\.text).joined(separator: "\n") == lines)
    list.remove(at: 1)
    array.remove(at: 1)
    #expect(Array(list) == array)
    list[0].comment = "changed"
    array[0].comment = "changed"
    list.insert(array[2], at: 1)
    array.insert(array[2], at: 1)
    #expect(Array(list) == array)
    #expect(list == RuleList(array))
    #expect(list.hashValue == RuleList(array).hashValue)
    #expect(RuleList() == [])
  }
}
