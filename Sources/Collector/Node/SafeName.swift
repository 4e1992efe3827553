// Names from a node that become names of files here, and text from a node that becomes a line.

enum SafeName {
  /// A name that is one path component and nothing else; nil where it cannot be one.
  static func component(_ bytes: [UInt8]) -> String? {
    guard !bytes.isEmpty, bytes.count <= 255, !bytes.contains(where: { $0 < 0x20 || $0 == 0x7f }),
      !bytes.contains(UInt8(ascii: "/")), let name = String(validating: bytes, as: UTF8.self),
      name != ".", name != ".."
    else { return nil }
    return name
  }

  /// An absolute path without `.`, `..` and doubled `/`; nil for anything else.
  static func absolutePath(_ bytes: [UInt8]) -> String? {
    guard bytes.first == UInt8(ascii: "/"), bytes.count < 3000 else { return nil }
    let parts = bytes.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    var names: [String] = []
    for part in parts {
      guard let name = component(Array(part)) else { return nil }
      names.append(name)
    }
    return names.isEmpty || names.count > 40 ? nil : "/" + names.joined(separator: "/")
  }

  /// One line of text: what would end the line or a field, or steer a terminal, as `\xNN`.
  static func line(_ bytes: [UInt8]) -> String {
    var result = ""
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) {
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count < 2 ? "0" : "") + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The first line of what a command said, at most 300 bytes.
  static func firstLine(_ bytes: [UInt8]) -> String {
    let lines = bytes.split(separator: 0x0a)
    return line(Array((lines.first ?? []).prefix(300)))
  }
}
