// `[user@]host[:port]`, as it stands on the command line and in plain lists. Feeds CloudCollection.

import Glibc

extension NodeTarget {
  /// The node is called by its host part; everything else is ssh's to look up.
  ///
  /// `[2001:db8::1]:2222` and `ssh://user@host:port` are read too.
  public init(host text: String, isRaised: Bool, source: String? = nil) throws(CollectionError) {
    let source = source ?? text
    var rest = text[...]
    if rest.hasPrefix("ssh://") { rest = rest.dropFirst(6) }
    var user = ""
    if let at = rest.lastIndex(of: "@") {
      user = String(rest[...at])
      rest = rest[rest.index(after: at)...]
    }
    let (host, port) = Self.hostAndPort(rest)
    guard !host.isEmpty, !user.hasPrefix("-"), !host.hasPrefix("-"), user != "@" else {
      throw CollectionError("\(source): no host: wanted [user@]host[:port]")
    }
    if let port, UInt16(port) == nil {
      throw CollectionError("\(source): no port: \(port): wanted a number up to 65535")
    }
    self.init(
      name: host, way: .ssh(destination: user + host, options: port.map { ["-p", $0] } ?? []),
      isRaised: isRaised, source: source)
  }

  private static func hostAndPort(_ text: Substring) -> (String, String?) {
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      let host = String(text[text.index(after: text.startIndex)..<close])
      let rest = text[text.index(after: close)...]
      return (host, rest.hasPrefix(":") ? String(rest.dropFirst()) : nil)
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    // More than one colon is an IPv6 address.
    return parts.count == 2 ? (String(parts[0]), String(parts[1])) : (String(text), nil)
  }

  /// This machine, called by its host name.
  public static func local(isRaised: Bool) -> NodeTarget {
    var buffer = [CChar](repeating: 0, count: 256)
    gethostname(&buffer, 255)
    let name = String(
      decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return NodeTarget(
      name: name.isEmpty ? "localhost" : name, way: .local, isRaised: isRaised, source: "--local")
  }
}
