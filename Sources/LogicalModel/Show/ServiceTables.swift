// `show nodes`, `show dhcp` and `show agents`.
import Facts
import NetworkTypes

extension CloudModel {
  func nodeTables(_ selection: Selection) -> [TextTable] {
    let shown = nodes.filter { selection.has(.node($0.name)) }
    var table = TextTable(
      "Nodes",
      columns: [
        TableColumn("Node"), TableColumn("Also called"), TableColumn("Roles"),
        TableColumn("Tunnel address"),
        TableColumn("Bridge mappings"), TableColumn("L3 mode"), TableColumn("Firewall"),
        TableColumn("Datapath"), TableColumn("Servers", isRightAligned: true),
        TableColumn("Namespaces", isRightAligned: true),
        TableColumn("Gaps", isRightAligned: true), TableColumn("Captured at"),
      ])
    for node in shown {
      table.add([
        TableCell(node.name), TableCell(node.hosts.filter { $0 != node.name.rawValue }),
        TableCell(node.roles.map(\.rawValue)), TableCell(node.tunnelAddress),
        TableCell(describe(node.bridgeMappings)), TableCell(node.l3Mode),
        TableCell(node.firewallDriver), TableCell(node.datapathType),
        .number(node.servers), .number(node.namespaces), .number(node.gaps),
        TableCell(node.capturedAt),
      ])
    }
    guard !selection.isEverything else { return [table] }
    return [table, interfaceTable(shown), serverTable(selection), agentTable(selection)]
  }

  private func describe(_ mappings: [String: BridgeName]) -> [String] {
    mappings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }

  private func interfaceTable(_ shown: [Node]) -> TextTable {
    var table = TextTable(
      "Networks of the cloud's own", key: "interfaces",
      columns: [
        TableColumn("Node"), TableColumn("Use"), TableColumn("Device"), TableColumn("Bridge"),
        TableColumn("Physical network"), TableColumn("Addresses"),
        TableColumn("MTU", isRightAligned: true),
      ])
    for node in shown {
      for interface in node.interfaces {
        table.add([
          TableCell(node.name), .text(interface.use.rawValue), TableCell(interface.device),
          TableCell(interface.bridge), TableCell(interface.physicalNetwork),
          TableCell(interface.addresses), TableCell(interface.mtuBytes),
        ])
      }
    }
    return table
  }

  private func serverTable(_ selection: Selection) -> TextTable {
    var table = TextTable(
      "Servers",
      columns: [
        TableColumn("Name"), TableColumn("Instance"), TableColumn("Node"),
        TableColumn("Project"), TableColumn("Addresses"), TableColumn("Running"),
        TableColumn("ID"),
      ])
    for server in servers where server.node.map({ selection.has(.node($0)) }) == true {
      let addresses = server.ports.compactMap { port($0) }.flatMap(\.addresses)
      table.add([
        .text(server.label), TableCell(server.instanceName), TableCell(server.node),
        TableCell(server.projectName ?? server.project?.rawValue), TableCell(addresses),
        TableCell(flag: server.isRunning), .id(server.id.rawValue),
      ])
    }
    return table
  }

  func dhcpTables(_ selection: Selection) -> [TextTable] {
    var table = TextTable(
      "DHCP servers",
      columns: [
        TableColumn("Network"), TableColumn("Node"), TableColumn("dnsmasq"),
        TableColumn("Device"), TableColumn("Addresses"), TableColumn("Serves"),
        TableColumn("Namespace"),
      ])
    for server in dhcpServers
    where selection.has([.network(server.network), .node(server.node)]) {
      table.add([
        .text(network(server.network)?.label ?? server.network.rawValue), TableCell(server.node),
        .text(life(server.isAlive, server.processID)), TableCell(server.interface),
        TableCell(server.addresses), TableCell(server.ranges), TableCell(server.namespace),
      ])
    }
    return [table, proxyTable(selection)]
  }

  private func proxyTable(_ selection: Selection) -> TextTable {
    var table = TextTable(
      "Metadata proxies",
      columns: [
        TableColumn("For"), TableColumn("Node"), TableColumn("haproxy"),
        TableColumn("Port"), TableColumn("Namespace"),
      ])
    for proxy in metadataProxies {
      var items: [ModelItem] = [.node(proxy.node)]
      let subject: String
      switch proxy.scope {
      case .router(let id):
        subject = "router \(router(id)?.label ?? id.rawValue)"
        items += (router(id)?.interfaces ?? []).compactMap { $0.network.map(ModelItem.network) }
      case .network(let id):
        subject = "network \(network(id)?.label ?? id.rawValue)"
        items.append(.network(id))
      }
      guard selection.has(items) else { continue }
      table.add([
        .text(subject), TableCell(proxy.node), .text(life(proxy.isAlive, proxy.processID)),
        TableCell(proxy.ports), TableCell(proxy.namespace),
      ])
    }
    return table
  }

  private func life(_ isAlive: Bool?, _ process: Int?) -> String {
    switch isAlive {
    case true: process.map { "runs (pid \($0))" } ?? "runs"
    case false: "does not run"
    default: "unknown: processes not captured"
    }
  }

  func agentTable(_ selection: Selection) -> TextTable {
    var table = TextTable(
      "Agents",
      columns: [
        TableColumn("Host"), TableColumn("Agent"), TableColumn("Alive (API)", key: "alive"),
        TableColumn("Process runs", key: "running"), TableColumn("Admin up"),
        TableColumn("Mode"), TableColumn("Bridge mappings"), TableColumn("Tunnel address"),
      ])
    for agent in agents {
      guard selection.isEverything || agent.node.map({ selection.has(.node($0)) }) == true
      else { continue }
      table.add([
        .text(agent.host), .text(agent.type), TableCell(flag: agent.isAlive),
        TableCell(flag: agent.isRunning), TableCell(flag: agent.isAdminUp),
        TableCell(agent.mode), TableCell(describe(agent.bridgeMappings)),
        TableCell(agent.tunnelAddress),
      ])
    }
    return table
  }
}
