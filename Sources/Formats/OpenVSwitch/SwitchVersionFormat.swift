// `ovs-vsctl --version` (and any Open vSwitch tool's): `ovs-vsctl (Open vSwitch) 3.1.0`.
import Facts

/// One record, the release of Open vSwitch's tools; the daemon's own is in the database.
public enum SwitchVersionFormat {
  public static func parse(_ text: CaptureText) -> Parsed<String> {
    parseLineRecords(text, format: "ovs-version") { line, _ in
      let content = text.string(line.content)
      if content.isEmpty || content.hasPrefix("DB Schema ")
        || content.hasPrefix("OpenFlow versions")
      {
        return .structure
      }
      guard let mark = content.firstRange(of: "(Open vSwitch) ") else {
        return .bad("'(Open vSwitch)' and a release")
      }
      return .record(String(content[mark.upperBound...]))
    }
  }
}
