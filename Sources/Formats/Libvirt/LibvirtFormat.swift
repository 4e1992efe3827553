// libvirt's domain XML with Nova's metadata: which VM has which devices on which bridges.
import Facts
import NetworkTypes

public enum LibvirtFormat {
  /// One domain, a `domstatus` (libvirt's running copy) around one, or a list of either.
  public static func domains(_ text: CaptureText) -> Parsed<LibvirtDomain> {
    var log = ParseLog(text)
    let whole = 0..<text.bytes.count
    do throws(XMLError) {
      let root = try XMLDocument.root(of: text.bytes)
      let domain = root.name == "domstatus" ? root.first("domain") : root
      guard let domain, domain.name == "domain" else {
        throw XMLError(line: root.line, message: "wanted <domain>, found <\(root.name)>")
      }
      let evidence = log.evidence(line: domain.line, whole)
      let record = try read(domain, evidence, &log)
      log.fact(whole)
      return log.parsed([record])
    } catch {
      log.isIncomplete = true
      log.reject("libvirt/bad-xml", line: error.line, whole, error.message)
      return log.parsed([])
    }
  }

  private static func read(
    _ element: XMLElement, _ evidence: Evidence, _ log: inout ParseLog
  ) throws(XMLError) -> LibvirtDomain {
    guard let name = element.first("name")?.text.trimmed, !name.isEmpty,
      let id = element.first("uuid")?.text.trimmed, !id.isEmpty
    else { throw XMLError(line: element.line, message: "wanted <name> and <uuid> in <domain>") }
    var domain = LibvirtDomain(name: name, id: ServerID(id), evidence: evidence)
    domain.type = element.attributes["type"]
    domain.runningID = element.attributes["id"].flatMap { Int($0) }
    domain.nova = element.first("metadata")?.children.first { isNova($0) }.map(nova)
    for device in element.first("devices")?.all("interface") ?? [] {
      domain.interfaces.append(interface(device, &log))
    }
    return domain
  }

  /// `http://openstack.org/xmlns/libvirt/nova/1.0` and `1.1`.
  private static func isNova(_ element: XMLElement) -> Bool {
    element.name == "instance"
      && element.namespace?.hasPrefix("http://openstack.org/xmlns/libvirt/nova/") == true
  }

  private static func nova(_ element: XMLElement) -> NovaInstance {
    var instance = NovaInstance()
    instance.name = element.first("name")?.text
    instance.flavor = element.first("flavor")?.attributes["name"]
    instance.creationTime = element.first("creationTime")?.text
    let user = element.descend("owner", "user")
    instance.userID = user?.attributes["uuid"]
    instance.userName = user?.text
    let project = element.descend("owner", "project")
    instance.project = project?.attributes["uuid"].map { ProjectID($0) }
    instance.projectName = project?.text
    instance.ports = (element.first("ports")?.all("port") ?? []).compactMap(port)
    return instance
  }

  private static func port(_ element: XMLElement) -> NovaPort? {
    guard let id = element.attributes["uuid"] else { return nil }
    let addresses = element.all("ip").compactMap { ip -> NovaPortAddress? in
      guard let address = ip.attributes["address"].flatMap({ IPAddress($0) }) else { return nil }
      return NovaPortAddress(type: ip.attributes["type"] ?? "fixed", address: address)
    }
    return NovaPort(id: PortID(id), addresses: addresses)
  }

  /// Elements that say nothing about where packets go.
  private static let inert: Set<String> = [
    "alias", "address", "driver", "boot", "rom", "acpi", "bandwidth", "coalesce", "tune",
    "guest", "backend", "teaming", "script", "ip", "route",
  ]

  private static func interface(
    _ element: XMLElement, _ log: inout ParseLog
  ) -> LibvirtInterface {
    var interface = LibvirtInterface(type: element.attributes["type"] ?? "", line: element.line)
    for child in element.children { take(child, &interface, &log) }
    return interface
  }

  private static func take(
    _ child: XMLElement, _ interface: inout LibvirtInterface, _ log: inout ParseLog
  ) {
    let attributes = child.attributes
    switch child.name {
    case "mac": interface.mac = attributes["address"].flatMap { MACAddress($0) }
    case "source":
      interface.sourceBridge = attributes["bridge"]
      interface.sourceDevice = attributes["dev"] ?? attributes["path"]
    case "target": interface.targetDevice = attributes["dev"].map { InterfaceName($0) }
    case "model": interface.model = attributes["type"]
    case "mtu": interface.mtuBytes = attributes["size"].flatMap { Int($0) }
    case "link": interface.linkState = attributes["state"]
    case "virtualport":
      interface.virtualPortType = attributes["type"]
      interface.interfaceID = child.first("parameters")?.attributes["interfaceid"]
        .map { PortID($0) }
    case "vlan":
      interface.vlanTags = child.all("tag").compactMap {
        $0.attributes["id"].flatMap { Int($0) }.flatMap { VLANID($0) }
      }
    case "filterref": interface.filter = attributes["filter"]
    default: keep(child, &interface, &log)
    }
  }

  private static func keep(
    _ child: XMLElement, _ interface: inout LibvirtInterface, _ log: inout ParseLog
  ) {
    guard !inert.contains(child.name) else { return }
    interface.unrecognised.append(child.name)
    log.remark(
      "libvirt/unknown-element", .warning, line: child.line, 0..<0,
      "<\(child.name)> of an interface is kept and not understood")
  }
}
