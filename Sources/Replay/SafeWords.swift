// Words of a capture that end in command files of `ip` and `ovs-vsctl`. They are chosen by nodes
// and tenants, so only what cannot be read as anything but a word is let through.
import NetworkTypes

enum SafeWords {
  /// Letters, digits and marks that no reader of command files gives a meaning to.
  static func isPlain(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.first != UInt8(ascii: "-")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "_.-:@+=%,/".utf8.contains(byte)
        }
      }
  }
  /// A name that the kernel takes for a device.
  static func isDevice(_ name: InterfaceName) -> Bool {
    let text = name.rawValue
    return isPlain(text) && text.utf8.count <= 15 && !text.contains("/") && !isFolder(text)
  }
  /// A name that `ip netns` takes: it becomes a file's.
  static func isNamespace(_ name: NamespaceName) -> Bool {
    let text = name.rawValue
    return isPlain(text) && text.utf8.count <= 200 && !text.contains("/") && !isFolder(text)
  }
  private static func isFolder(_ text: String) -> Bool { text == "." || text == ".." }

  /// Quoted as OVSDB's command line reads strings.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      default:
        if scalar.value < 0x20 {
          let hex = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
