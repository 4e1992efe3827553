// Secrets as they are really written, and what may leave a node of each line. Both masks are asked:
// the awk program that runs on nodes (in every awk there is here) and the reader's.
import Foundation
import Testing

@testable import Collector
@testable import Formats

@Suite struct SecretMaskTests {
  typealias Row = (dialect: SecretMask.Dialect, text: String, masked: String)

  static let rows: [Row] = [
    // oslo.config
    (.configuration, "metadata_proxy_shared_secret = S3cr3t", "metadata_proxy_shared_secret = ***"),
    (.configuration, "password=S3cr3t with blanks", "password=***"),
    (.configuration, "#admin_password = S3cr3t", "#admin_password = ***"),
    (.configuration, "ha_vrrp_auth_password: S3cr3t\r", "ha_vrrp_auth_password: ***\r"),
    (.configuration, "password =\n  S3cr3t\nhost = a", "password =\n    ***\nhost = a"),
    (
      .configuration, "transport_url = rabbit://u:S3cr3t@h1:5672,v:S3cr3t@h2:5672//",
      "transport_url = rabbit://u:***@h2:5672//"
    ),
    (
      .configuration, "connection = mysql+pymysql://neutron:S3c/r3t@127.0.0.1/neutron",
      "connection = mysql+pymysql://neutron:***@127.0.0.1/neutron"
    ),
    (.configuration, "url = https://S3cr3t@host/path", "url = https://***@host/path"),
    (.configuration, "memcache_secret_key = S3cr3t", "memcache_secret_key = ***"),
    // keepalived
    (.configuration, "        auth_pass S3cr3t", "        auth_pass ***"),
    // JSON and YAML
    (.configuration, #"{"password": "S3cr3t", "user": "u"}"#, #"{"password": "***", "user": "u"}"#),
    (.configuration, #"{"token": 12345, "user": "u"}"#, #"{"token": ***, "user": "u"}"#),
    (.configuration, "  admin_password: 'S3cr3t'", "  admin_password: '***'"),
    // libvirt
    (
      .configuration, "<graphics type='vnc' port='5900' passwd='S3cr3t'/>",
      "<graphics type='vnc' port='5900' passwd='***'/>"
    ),
    (
      .configuration, "<secret type='ceph' uuid='0d6b'/>", "<secret type='ceph' uuid='0d6b'/>"
    ),
    (
      .configuration, "<nova:name>my-password:x</nova:name>",
      "<nova:name>my-password:***</nova:name>"
    ),
    // keys
    (
      .configuration,
      "a\n-----BEGIN RSA PRIVATE KEY-----\nS3cr3t\n-----END RSA PRIVATE KEY-----\nb",
      "a\n***\n***\n***\nb"
    ),
    // processes
    (
      .processes, "  12 1 root 5 neutron --os-password S3cr3t -v",
      "  12 1 root 5 neutron --os-password *** -v"
    ),
    (
      .processes, " 13 1 root 5 x --password=S3cr3t --port=1",
      " 13 1 root 5 x --password=*** --port=1"
    ),
    (
      .processes, "13 1 root 5 neutron --os-token S3cr3t --os-password S3cr3t -v",
      "13 1 root 5 neutron --os-token *** --os-password *** -v"
    ),
    (.processes, "14 1 root 5 sshpass -p S3cr3t ssh h", "14 1 root 5 sshpass -p *** ssh h"),
    (
      .processes, "15 1 root 5 curl -u admin:S3cr3t http://h",
      "15 1 root 5 curl -u admin:*** http://h"
    ),
    (.processes, "16 1 root 5 mysql -uroot -pS3cr3t db", "16 1 root 5 mysql -uroot -p*** db"),
    (
      .processes, "17 1 root 5 qemu -object secret,id=s0,data=S3cr3t,format=raw -m 1",
      "17 1 root 5 qemu -object secret,id=s0,data=***,format=raw -m 1"
    ),
    (.processes, "18 1 root 5 haproxy -f /x.conf", "18 1 root 5 haproxy -f /x.conf"),
    (
      .processes, "19 1 root 5 ovs-vswitchd unix:/run/db.sock",
      "19 1 root 5 ovs-vswitchd unix:/run/db.sock"
    ),
    // the switch's database
    (
      .switchDatabase, #"["map",[["psk","S3cr3t"],["remote_ip","10.0.0.1"]]]"#,
      #"["map",[["psk","***"],["remote_ip","10.0.0.1"]]]"#
    ),
    (
      .switchDatabase, "options: {psk=S3cr3t, remote_ip=\"10.0.0.1\"}",
      "options: {psk=***, remote_ip=\"10.0.0.1\"}"
    ),
    (
      .switchDatabase, #"{"headings":["_uuid","private_key","ssl_ciphers"]}"#,
      #"{"headings":["_uuid","private_key","ssl_ciphers"]}"#
    ),
    // no secrets
    (.configuration, "auth_type = password", "auth_type = password"),
    (.configuration, "[keystone_authtoken]", "[keystone_authtoken]"),
    (
      .configuration, "fa:16:3e:1:2:3,host-token-1.local,10.0.0.5",
      "fa:16:3e:1:2:3,host-token-1.local,10.0.0.5"
    ),
    (.configuration, "", ""),
  ]

  @Test func theReaderMasksEveryRow() {
    for row in Self.rows {
      let bytes = SecretMask.masked(Array(row.text.utf8), row.dialect)
      #expect(String(decoding: bytes, as: UTF8.self) == row.masked)
      #expect(SecretMask.masked(bytes, row.dialect) == bytes, "once more changes nothing")
    }
  }

  @Test(arguments: [["awk"], ["gawk"], ["mawk"], ["busybox", "awk"]])
  func theNodeMasksEveryRow(_ awk: [String]) throws {
    guard Shell.has(awk[0]) else { return }
    for row in Self.rows where !row.text.isEmpty {
      let words = awk + ["-v", "dialect=\(row.dialect.rawValue)", ScriptLibrary.mask]
      let output = try Shell.output(["LC_ALL=C"] + words, input: Array((row.text + "\n").utf8))
      #expect(output.map { String(decoding: $0, as: UTF8.self) } == row.masked + "\n", "\(awk)")
    }
  }

  /// A tenant's names may be in a line of megabytes; reading it must not take the square of that.
  @Test func aLineOfManyKeysIsReadOnce() {
    let line = Array(String(repeating: "password ", count: 100_000).utf8)
    #expect(SecretMask.masked(line, .switchDatabase) == line)
  }

  /// Random lines of the words that matter: what the node has masked is nothing to the reader.
  @Test func bothMasksAgree() throws {
    var random = SystemRandomNumberGenerator()
    let pieces = [
      "password", "Secret", "auth_pass", "psk", "token", "=", ":", " ", "\"", "'", ",", "{", "}",
      "[", "]", "://", "@", "abc", "x1", "/", "-", "--", "_", "#", "\t", "<", ">", "data=", "-p",
      "mysql", "-u",
    ]
    for dialect in SecretMask.Dialect.allCases {
      let lines = (0..<400).map { _ in
        (0..<Int.random(in: 1...14, using: &random)).map { _ in
          pieces.randomElement(using: &random) ?? ""
        }.joined()
      }
      let text = Array((lines.joined(separator: "\n") + "\n").utf8)
      let words = ["LC_ALL=C", "awk", "-v", "dialect=\(dialect.rawValue)", ScriptLibrary.mask]
      let node = try #require(try Shell.output(words, input: text))
      let reader = SecretMask.masked(text, dialect)
      let pairs = zip(
        node.split(separator: 10, omittingEmptySubsequences: false),
        reader.split(separator: 10, omittingEmptySubsequences: false))
      for (index, (ours, theirs)) in pairs.enumerated() where ours != theirs {
        Issue.record(
          "\(dialect) '\(lines[index])': node '\(String(decoding: ours, as: UTF8.self))', reader '\(String(decoding: theirs, as: UTF8.self))'"
        )
        return
      }
    }
  }
}
