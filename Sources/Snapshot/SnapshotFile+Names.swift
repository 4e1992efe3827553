// The names that a snapshot's things go by, for the shell that completes them. Asked of the tables:
// nobody waits for the parsers between two keys.
import GRDB

extension SnapshotFile {
  /// Servers, ports and floating addresses, and `NODE/NAMESPACE`; sorted.
  public func originNames() throws(SnapshotError) -> [String] {
    try names(
      """
      SELECT server_name FROM libvirt_domain
      UNION SELECT name FROM neutron_port WHERE name <> ''
      UNION SELECT id FROM neutron_port WHERE name = ''
      UNION SELECT node || '/' || name FROM namespace
      """)
  }

  /// Servers, ports and floating addresses; sorted.
  public func targetNames() throws(SnapshotError) -> [String] {
    try names(
      """
      SELECT server_name FROM libvirt_domain
      UNION SELECT name FROM neutron_port WHERE name <> ''
      UNION SELECT address FROM neutron_floating_ip
      """)
  }

  public func nodeNames() throws(SnapshotError) -> [String] {
    try names("SELECT name FROM node")
  }

  private func names(_ query: String) throws(SnapshotError) -> [String] {
    try read { database in
      try String?.fetchAll(database, sql: query).compactMap { $0 }.filter(Self.isPlain).sorted()
    }
  }

  /// Shells read what they complete as their own words: a name that means more to one is left out.
  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("-")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "_.-:@+/".utf8.contains(byte)
        }
      }
  }
}
