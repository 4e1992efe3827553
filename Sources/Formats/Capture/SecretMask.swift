// Secrets never enter a snapshot: whatever collected the files, their values are masked before
// anything is kept. Lines stay where they are, so that evidence still points at them.
// Source of the spellings: oslo.config options (`password`, `…_secret`, `transport_url`),
// keepalived.conf(5) `auth_pass`, libvirt domain XML `passwd='…'`, ovs-vswitchd.conf.db(5)
// `options:psk`, arguments of processes. The collector's script masks by the same rules on the node
// (Collector/ScriptLibrary); a file masked there stays as it is here.

/// Masks the values of secrets in configuration files, command lines and the switch's database.
package enum SecretMask {
  /// How secrets are written in a file.
  package enum Dialect: String, Sendable, CaseIterable {
    case configuration, processes, switchDatabase
  }

  /// Whether files at this path may hold secrets.
  package static func applies(to path: String) -> Bool { dialect(of: path) != nil }

  /// Relative to a node's folder; nil where no secret is expected.
  static func dialect(of path: String) -> Dialect? {
    if path.hasPrefix("files/") { return .configuration }
    if path.hasPrefix("root/ps") || path.hasPrefix("root/lsns") { return .processes }
    if path.hasPrefix("ovs/ovs") { return .switchDatabase }
    return nil
  }

  /// `bytes` of the file at `path` with every secret's value replaced by `***`.
  package static func masked(_ bytes: [UInt8], in path: String) -> [UInt8] {
    dialect(of: path).map { masked(bytes, $0) } ?? bytes
  }

  /// The same array where there is no secret.
  package static func masked(_ bytes: [UInt8], _ dialect: Dialect) -> [UInt8] {
    var lines = SecretLines(dialect)
    let marks = SecretMarks.of(dialect)
    var result: [UInt8] = []
    var copied = 0
    var start = 0
    while start < bytes.count {
      let end = marks.nextLine(in: bytes, from: start, skips: !lines.isInside)
      if !lines.isInside, !end.hasMark { break }
      let line = Array(bytes[end.line])
      let masked = lines.masked(line)
      if masked != line {
        result += bytes[copied..<end.line.lowerBound] + masked
        copied = end.line.upperBound
      }
      start = end.line.upperBound + 1
    }
    return copied == 0 && result.isEmpty ? bytes : result + bytes[copied...]
  }
}

/// Masks line after line; a secret may go on over lines (keys in PEM, oslo's continued values).
struct SecretLines {
  private let dialect: SecretMask.Dialect
  private var isInKey = false
  private var isContinued = false
  private static let mask = Array("***".utf8)

  init(_ dialect: SecretMask.Dialect) { self.dialect = dialect }

  /// A secret may go on in the next line, whatever stands in it.
  var isInside: Bool { isInKey || isContinued }

  mutating func masked(_ line: [UInt8]) -> [UInt8] {
    if dialect == .configuration, let whole = maskedWhole(line) { return whole }
    var result = SecretValues.masked(line, dialect)
    result = SecretWords.maskedURLs(result)
    if dialect == .processes { result = SecretWords.maskedArguments(result) }
    return result
  }

  /// Nil where the line is no part of a longer secret.
  private mutating func maskedWhole(_ line: [UInt8]) -> [UInt8]? {
    let low = SecretScan.lowered(line)
    if isInKey {
      if low.firstRange(of: Array("-----end".utf8)) != nil { isInKey = false }
      return Self.mask
    }
    if let begin = low.firstRange(of: Array("-----begin".utf8)),
      low[begin.upperBound...].firstRange(of: Array("private key".utf8)) != nil
    {
      isInKey = true
      return Self.mask
    }
    let content = line.firstIndex { $0 != 0x20 && $0 != 0x09 }
    if isContinued, let content, content > 0, line[content] != UInt8(ascii: "#") {
      return Array("    ***".utf8)
    }
    isContinued = SecretScan.startsWithSecretKey(low, dialect)
    return nil
  }
}
