// `ovs-appctl fdb/show <bridge>`.
import Facts
import NetworkTypes

/// ` port  VLAN  MAC  Age` above a row an entry; `static` in place of an age.
public enum LearnedMACFormat {
  public static func parse(_ text: CaptureText) -> Parsed<LearnedMAC> {
    parseLineRecords(text, format: "fdb-show") { line, log in
      var cursor = ByteCursor(text.bytes, line.content)
      let words = cursor.allWords()
      if words.isEmpty || cursor.text(words[0]) == "port" { return .structure }
      let reader = FlowReader(text.bytes, line.content, names: SwitchNames())
      guard words.count == 4, let port = reader.port(words[0]),
        let vlan = reader.number(words[1], UInt16.self).flatMap({ VLANID($0) }),
        let mac = reader.macAddress(words[2])
      else { return .bad("port, VLAN, MAC and age") }
      let age: UInt32? = reader.number(words[3])
      guard age != nil || reader.equals("static", words[3]) else {
        return .bad("an age in seconds")
      }
      return .record(
        LearnedMAC(
          port: port == .local ? nil : port.rawValue, vlan: vlan, mac: MACAddress(rawValue: mac),
          ageSeconds: age.map { Int($0) }, evidence: log.evidence(line: line.number, line.content)))
    }
  }
}

extension ByteCursor {
  /// Every run of bytes that are not blank, to the end.
  mutating func allWords() -> [Range<Int>] {
    var words: [Range<Int>] = []
    while true {
      let word = word()
      if word.isEmpty { return words }
      words.append(word)
    }
  }
}
