// iptables rules beside `iptables-nft-restore --test`, which reads the same file and changes nothing.
import Facts
import Formats
import Foundation
import NetworkTypes

enum RuleParsing {
  static func run(_ scratch: String) throws -> [Result] {
    let count = 100_000
    let bytes = Array(rules(count).utf8)
    let path = "\(scratch)/rules.txt"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let ours = try Times.of(7) {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      let text = CaptureText(file: CaptureFileID(0), bytes: bytes)
      let parsed = IPTablesFormat.parse(text, family: .ipv4)
      precondition(parsed.diagnostics.isEmpty, "a rule was not understood")
    }
    let peer = Times(
      (0..<3).compactMap { _ in
        Child.run("iptables-nft-restore", ["--test", path])?.processorSeconds
      })
    return [
      Result(
        what: "parse iptables-save, one thread, beside `iptables-nft-restore --test`",
        amount: "\(count) rules, \(bytes.count >> 20) MiB",
        ours: "\(described(ours)), \(rounded(Double(count) / ours.median / 1e6, 2)) M rules/s",
        peer: "\(described(peer)) of process time", ratio: peer.median / ours.median,
        wanted: "≥ 10×")
    ]
  }

  /// Chains of guests' ports as a hybrid firewall writes them.
  private static func rules(_ count: Int) -> String {
    var chains = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    var body = ""
    for index in 0..<count / 10 {
      let chain = "bench-i\(index)"
      chains += ":\(chain) - [0:0]\n"
      let address = "10.\(index >> 16 & 255).\(index >> 8 & 255).\(index & 255)"
      body += """
        -A \(chain) -m state --state RELATED,ESTABLISHED -j RETURN
        -A \(chain) -d \(address)/32 -p udp -m udp --sport 67 --dport 68 -j RETURN
        -A \(chain) -p tcp -m tcp --dport 22 -j RETURN
        -A \(chain) -p tcp -m tcp -m multiport --dports 80:90,443 -j RETURN
        -A \(chain) -s 192.168.0.0/16 -p udp -m udp --dport 53 -j RETURN
        -A \(chain) -p icmp -m icmp --icmp-type 8 -j RETURN
        -A \(chain) -s \(address)/32 -m mac --mac-source FA:16:3E:00:00:01 -j RETURN
        -A \(chain) -m comment --comment "a comment of words" -j MARK --set-xmark 0x1/0xffff
        -A \(chain) -m state --state INVALID -j DROP
        -A \(chain) -j DROP

        """
    }
    return chains + body + "COMMIT\n"
  }
}
