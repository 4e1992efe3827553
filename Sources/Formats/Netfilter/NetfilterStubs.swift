// Signatures; bodies follow.
import Facts
import NetworkTypes

/// `iptables-save -c`, `ip6tables-save -c`, their legacy twins.
public enum IPTablesFormat {
  public static func parse(_ text: CaptureText, family: AddressFamily) -> Parsed<IPTablesTable> {
    ParseLog(text).parsed([])
  }
}
public enum IPSetFormat {
  public static func parse(_ text: CaptureText) -> Parsed<IPSet> { ParseLog(text).parsed([]) }
}
public enum EBTablesFormat {
  public static func parse(_ text: CaptureText) -> Parsed<EBTable> { ParseLog(text).parsed([]) }
}
public enum NFTablesFormat {
  public static func parse(_ text: CaptureText) -> Parsed<NFTObject> { ParseLog(text).parsed([]) }
}
/// Both `conntrack -L -o extended` and `dpctl/dump-conntrack`, told apart line by line.
public enum ConntrackFormat {
  public static func parse(_ text: CaptureText) -> Parsed<ConntrackEntry> {
    ParseLog(text).parsed([])
  }
}
