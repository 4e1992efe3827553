// What people hand over: inventories, clouds.yaml, hosts, rules, waivers, probes.
import Facts
import Foundation
import NetworkTypes

@testable import Audit
@testable import Collector

extension FuzzTarget {
  static let inventoryINI = FuzzTarget(
    "inventory-ini",
    seeds: [
      """
      cmp[01:12:2] ansible_host=10.0.0.1 ansible_port=22
      [net]
      root@net1:2222  # comment
      rack[a:d]-[1:9]
      [all:vars]
      ansible_user = 'stack'
      ansible_ssh_common_args = -o "ProxyJump=a b"
      [cloud:children]
      net
      """
    ].map { Array($0.utf8) }
  ) { bytes in
    _ = try? Inventory.targets(bytes.text, file: "hosts", groups: ["net"], isRaised: false)
    _ = try? Inventory.targets(bytes.text, file: "hosts", groups: [], isRaised: true)
  }

  static let inventoryYAML = FuzzTarget(
    "inventory-yaml",
    seeds: [
      """
      all:
        vars: {ansible_user: stack}
        children:
          net: &n
            hosts: {net1: {ansible_host: 10.0.0.3}, "cmp[1:3]":}
          more: *n
      """
    ].map { Array($0.utf8) }
  ) { bytes in
    _ = try? Inventory.targets(bytes.text, file: "hosts.yml", groups: [], isRaised: false)
  }

  static let cloudSettings = FuzzTarget(
    "clouds-yaml",
    seeds: [
      """
      clouds:
        a:
          region_name: one
          auth: {auth_url: "https://k:5000/v3", username: u, password: p, project_name: x}
          verify: false
      """
    ].map { Array($0.utf8) }
  ) { bytes in
    _ = try? CloudSettings.named("a", environment: [:]) { _ in bytes.text }
  }

  static let host = FuzzTarget(
    "host", seeds: ["ssh://u@[::1]:22", "a@b:1"].map { Array($0.utf8) }
  ) { bytes in _ = try? NodeTarget(host: bytes.text, isRaised: false) }

  static let rule = FuzzTarget(
    "rule",
    seeds: ruleSeeds
  ) { bytes in
    guard let rule = try? RuleFile.parse(bytes.text, name: "a.sql") else { return }
    _ = try? RuleTester.run(rule)
  }

  private static var ruleSeeds: [[UInt8]] {
    let rules = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Rules").path()
    return (FileManager.default.enumerator(atPath: rules)?.allObjects ?? []).compactMap { name in
      (name as? String).flatMap { FileManager.default.contents(atPath: "\(rules)/\($0)") }
        .map { Array($0) }
    }
  }

  static let waivers = FuzzTarget(
    "waivers",
    seeds: [
      Array(
        #"[{"rule":"a*","subject":"b","owner":"c","reason":"d","expires":"2027-01-31"}]"#.utf8)
    ]
  ) { bytes in
    guard let waivers = try? Waivers(bytes, file: "w.json") else { return }
    _ = waivers.applied(to: AuditReport(results: []), on: "2027-01-01")
  }

  static let probes = FuzzTarget(
    "probes",
    seeds: [
      #"{"id":"1","from":{"port":"a"},"to":"8.8.8.8","proto":"tcp","dport":80,"size":1500}"#,
      #"{"id":2,"from":{"node":"n","namespace":"root"},"to":"fe80::1","proto":"icmp6"}"#,
      #"{"from":{"external":"1.2.3.4"},"to":"1.1.1.1","proto":"arp","from_mac":"02::1"}"#,
    ].map { Array($0.utf8) }
  ) { bytes in _ = try? ProbeFile.parse(bytes) }
}
