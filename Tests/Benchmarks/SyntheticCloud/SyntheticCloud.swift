// The command: draws a cloud, plants faults, writes the capture folders.
import Glibc

@main
struct SyntheticCloud {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch let error as UsageError {
      fail(error.text)
    } catch let error as FolderError {
      fail(error.text)
    } catch {
      fail("\(error)")
    }
  }

  private static func run(_ arguments: [String]) throws {
    let options = try Options(arguments: arguments)
    let cloud = CloudPlan.make(options)
    let index = CloudIndex(cloud)
    let planting = Planting.make(cloud, index)
    let output = Folder(path: options.output)
    try NeutronFiles(cloud).write(to: output.folder("neutron"))
    var flows = 0
    for node in cloud.nodes.refs {
      let plan = NodePlan(cloud, index, node, planting.faults[node] ?? NodeFaults())
      flows += try NodeFolder.write(plan, to: output)
    }
    if options.planted > 0 {
      try Folder(path: parent(of: options.output)).write(
        "\(name(of: options.output)).planted.json", planting.file)
    }
    let guests = cloud.ports.lazy.filter { $0.owner == .guest }.count
    print(
      "nodes \(cloud.nodes.count)", "tenants \(cloud.tenants.count)",
      "networks \(cloud.networks.count)", "routers \(cloud.routers.count)", "guests \(guests)",
      "floating IPs \(cloud.floatingIPs.count)", "flows \(flows)",
      "planted \(planting.list.count)", separator: ", ")
  }

  private static func trimmed(_ path: String) -> Substring {
    var rest = path[...]
    while rest.count > 1, rest.last == "/" { rest.removeLast() }
    return rest
  }
  private static func name(of path: String) -> String {
    String(trimmed(path).split(separator: "/").last ?? "cloud")
  }
  private static func parent(of path: String) -> String {
    let path = trimmed(path)
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func fail(_ text: String) -> Never {
    let line = Array("synthetic-cloud: \(text)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(2)
  }
}
