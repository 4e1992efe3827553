// `ss -H -lntup` and `ss -H -lntuxp` → `ListeningSocket`.
import Facts
import NetworkTypes

/// Reads listening and unconnected sockets: netid, state, queues, local, peer, processes.
public enum SocketFormat {
  public static func parse(_ text: CaptureText) -> Parsed<ListeningSocket> {
    var legacyLines: [Int] = []
    var parsed: Parsed<ListeningSocket> = parseLineRecords(text, format: "socket") { line, log in
      read(line, &log, &legacyLines)
    }
    resolveLegacyWildcards(of: &parsed.records, legacyLines)
    return parsed
  }

  private static func read(
    _ line: Line, _ log: inout ParseLog, _ legacyLines: inout [Int]
  ) -> LineReading<ListeningSocket> {
    if log.text.isBlank(line) { return .structure }
    var cursor = ByteCursor(log.text.bytes, line.content)
    let transport = cursor.wordText()
    // The heading, where `-H` was not known.
    if transport == "Netid" { return .structure }
    let state = cursor.wordText()
    for _ in 0..<2 {
      guard UInt64(cursor.wordText()) != nil else { return .bad("netid, state and two queues") }
    }
    let evidence = log.evidence(line: line.number, line.content)
    return socket(transport, state, cursor, evidence, &legacyLines)
  }

  private static func socket(
    _ transport: String, _ state: String, _ cursor: ByteCursor, _ evidence: Evidence,
    _ legacy: inout [Int]
  ) -> LineReading<ListeningSocket> {
    var socket = ListeningSocket(
      transport: transport, state: state, address: nil, port: nil, evidence: evidence)
    var cursor = cursor
    socket.processes = takeSocketProcesses(fromEndOf: &cursor)
    if !transport.isInternet {
      let names =
        transport.hasPrefix("u_") ? unixNames(&cursor) : (cursor.wordText(), cursor.wordText())
      (socket.path, socket.peer) = names
      return .record(socket)
    }
    let local = cursor.wordText()
    socket.peer = cursor.wordText()
    guard let place = SocketPlace(local), !socket.peer.isEmpty else {
      return .bad("a local address and port, and a peer")
    }
    (socket.address, socket.port, socket.interface) = (place.address, place.port, place.interface)
    if place.isLegacyWildcard { legacy.append(Int(evidence.line)) }
    return .record(socket)
  }

  /// Name, inode, peer, peer's inode; names hold spaces as they please, the rest does not.
  private static func unixNames(_ cursor: inout ByteCursor) -> (path: String?, peer: String) {
    cursor.skipSpaces()
    let start = cursor.position
    var words: [Range<Int>] = []
    while true {
      let word = cursor.word()
      if word.isEmpty { break }
      words.append(word)
    }
    // `-e` adds `<-> ino:… dev:…` behind.
    if let arrow = words.lastIndex(where: { cursor.text($0) == "<->" }) {
      words.removeSubrange(arrow...)
    }
    guard words.count >= 4 else {
      return (words.first.map { cursor.text($0) }, words.last.map { cursor.text($0) } ?? "")
    }
    let path = cursor.text(start..<words[words.count - 4].upperBound)
    return (path == "*" ? nil : path, cursor.text(words[words.count - 2]))
  }

  /// Before iproute2 4.19 `ss` printed `*:80` for IPv4 only and `:::80` for IPv6, which takes IPv4
  /// too unless IPv4 has a socket of its own there. Newer releases print `*:80` for both families.
  private static func resolveLegacyWildcards(
    of sockets: inout [ListeningSocket], _ lines: [Int]
  ) {
    guard !lines.isEmpty else { return }
    struct Place: Hashable {
      let transport: String
      let port: UInt16?
      let interface: InterfaceName?
    }
    let sixes = Set(lines)
    func isSix(_ socket: ListeningSocket) -> Bool { sixes.contains(Int(socket.evidence.line)) }
    func place(_ socket: ListeningSocket) -> Place {
      Place(transport: socket.transport, port: socket.port, interface: socket.interface)
    }
    let fours = Set(
      sockets.filter { $0.address == nil && $0.transport.isInternet && !isSix($0) }.map(place))
    for index in sockets.indices where sockets[index].transport.isInternet {
      guard sockets[index].address == nil else { continue }
      if !isSix(sockets[index]) {
        sockets[index].address = .v4(.any)
      } else if fours.contains(place(sockets[index])) {
        sockets[index].address = .v6(.any)
      }
    }
  }
}

extension String {
  /// Transports over IP; the others are local (`u_str`), netlink, packet, vsock, ….
  fileprivate var isInternet: Bool {
    ["tcp", "udp", "raw", "icmp", "icmp6", "sctp", "dccp", "mptcp", "udpl"].contains(self)
  }
}

/// A local address as `ss` prints it.
private struct SocketPlace {
  var address: IPAddress?
  var port: UInt16?
  var interface: InterfaceName?
  /// `::` without brackets, which only old releases print.
  var isLegacyWildcard = false

  /// `0.0.0.0:80`, `*%lo:84`, `[fe80::1]%eth0:546`, `[fe80::1%eth0]:546`, `fe80::1%eth0:546`, `:::80`.
  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let portText = text[text.index(after: colon)...]
    if portText != "*" {
      guard let port = UInt16(portText) else { return nil }
      self.port = port
    }
    var host = text[..<colon].filter { $0 != "[" && $0 != "]" }
    isLegacyWildcard = text[..<colon] == "::"
    if let percent = host.firstIndex(of: "%") {
      interface = InterfaceName(String(host[host.index(after: percent)...]))
      host = String(host[..<percent])
    }
    if host == "*" || isLegacyWildcard { return }
    guard let address = IPAddress(host) else { return nil }
    self.address = address
  }
}
