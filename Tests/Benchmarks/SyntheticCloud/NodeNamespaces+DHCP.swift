// DHCP namespaces: dnsmasq with its files, and the metadata proxy of networks without a router. Part of
// NodeNamespaces. Source: neutron/agent/linux/dhcp.py (Zed).

extension NodeNamespaces {
  mutating func addDHCP(_ ref: Ref<Network>) {
    let network = plan.cloud.networks[ref]
    guard let plug = plan.plugs.first(where: { $0.port == network.dhcp }) else { return }
    let port = plan.cloud.ports[plug.port]
    var state = NamespaceState(name: "qdhcp-\(network.id)")
    state.isRouter = false
    state.forwards4 = false
    state.forwards6 = false
    state.bindsForeign = true
    var device = device(plug)
    device.addresses4.append(Address4(address: IPv4(169, 254, 169, 254), length: 32))
    device.addresses6.append(
      Address6(address: IPv6(high: 0xfe80_0000_0000_0000, low: 0xa9fe_a9fe)))
    state.devices.append(device)
    if let gateway = network.subnet4.gateway {
      state.routes4.append(defaultRoute(gateway, device.name))
    }
    if let subnet = network.subnet6 {
      state.routes6.append(
        #"""
        {"dst":"default","gateway":"\#(subnet.gateway)","dev":"\#(device.name)",\#
        "protocol":"static","metric":1024,"flags":[],"pref":"medium"}
        """#)
    }
    let rules = RouterNetfilter(part: .dhcp)
    (state.iptables4, state.iptables6) = (rules.text4, rules.text6)
    let pid = start(dnsmasqCommand(network))
    state.pids.append(pid)
    addSockets(device, port, pid, &state)
    copyDHCP(ref, device.name, pid)
    if network.router == nil { serveIsolated(network, device.name, &state) }
    states.append(state)
  }

  private func dnsmasqCommand(_ network: Network) -> Text {
    let folder: Text = "/var/lib/neutron/dhcp/\(network.id)"
    let subnet = network.subnet4
    return """
      dnsmasq --no-hosts --no-resolv --pid-file=\(folder)/pid --dhcp-hostsfile=\(folder)/host \
      --addn-hosts=\(folder)/addn_hosts --dhcp-optsfile=\(folder)/opts \
      --dhcp-leasefile=\(folder)/leases --dhcp-match=set:ipxe,175 \
      --dhcp-userclass=set:ipxe6,iPXE --local-service --bind-dynamic \
      --dhcp-range=set:subnet-\(subnet.id),\(subnet.base),static,\(subnet.mask),86400s \
      --dhcp-option-force=option:mtu,\(network.mtuBytes) --dhcp-lease-max=256 \
      --conf-file=/dev/null --server=8.8.8.8 --domain=openstacklocal
      """
  }

  private func addSockets(_ device: Device, _ port: Port, _ pid: Int, _ state: inout NamespaceState)
  {
    let user: Text = #"users:(("dnsmasq",pid=\#(pid),fd=4))"#
    let addresses = [IPv4(127, 0, 0, 1)] + device.addresses4.map(\.address)
    for address in addresses {
      state.sockets += "udp UNCONN 0      0      \(address):53 0.0.0.0:* \(user)\n"
    }
    state.sockets += "udp UNCONN 0      0      0.0.0.0:67 0.0.0.0:* \(user)\n"
    for address in addresses {
      state.sockets += "tcp LISTEN 0      32     \(address):53 0.0.0.0:* \(user)\n"
    }
  }

  private mutating func copyDHCP(_ ref: Ref<Network>, _ device: Text, _ pid: Int) {
    let network = plan.cloud.networks[ref]
    let folder: Text = "/var/lib/neutron/dhcp/\(network.id)"
    var (hosts, names, leases) = (Text(), Text(), Text())
    for other in network.ports {
      let port = plan.cloud.ports[other]
      guard port.owner != .dhcp else { continue }
      if let address = port.address4 {
        let name: Text = "host-\(address.dashed)"
        hosts += "\(port.mac),\(name).openstacklocal,\(address)\n"
        names += "\(address)\t\(name).openstacklocal \(name)\n"
        if port.owner == .guest {
          leases += "1795481168 \(port.mac) \(address) \(name) 01:\(port.mac)\n"
        }
      }
      if let address = port.address6 {
        let name: Text = "host-\(address.dashed)"
        names += "\(address)\t\(name).openstacklocal \(name)\n"
      }
    }
    copies.append(("\(folder)/host", hosts))
    copies.append(("\(folder)/addn_hosts", names))
    copies.append(("\(folder)/leases", leases))
    copies.append(("\(folder)/opts", options(network)))
    copies.append(("\(folder)/interface", device))
    copies.append(("\(folder)/pid", "\(pid)\n"))
  }

  /// Metadata's way leads to the router, or to the DHCP port where there is none.
  private func options(_ network: Network) -> Text {
    let tag: Text = "tag:subnet-\(network.subnet4.id)"
    let own = network.dhcp.flatMap { plan.cloud.ports[$0].address4 } ?? IPv4(0)
    guard let gateway = network.subnet4.gateway else {
      return """
        \(tag),option:classless-static-route,169.254.169.254/32,\(own)
        \(tag),249,169.254.169.254/32,\(own)
        \(tag),option:router
        """
    }
    return """
      \(tag),option:classless-static-route,169.254.169.254/32,\(gateway),0.0.0.0/0,\(gateway)
      \(tag),249,169.254.169.254/32,\(gateway),0.0.0.0/0,\(gateway)
      \(tag),option:router,\(gateway)
      """
  }

  private mutating func serveIsolated(
    _ network: Network, _ device: Text, _ state: inout NamespaceState
  ) {
    let pid = start("haproxy -f /var/lib/neutron/ns-metadata-proxy/\(network.id).conf")
    state.pids.append(pid)
    let user: Text = #"users:(("haproxy",pid=\#(pid),fd=5))"#
    state.sockets += "tcp LISTEN 0      1024   169.254.169.254:80 0.0.0.0:* \(user)\n"
    state.sockets += "tcp LISTEN 0      1024   [fe80::a9fe:a9fe]%\(device):80 [::]:* \(user)\n"
    let listener: Text = """
          bind 169.254.169.254:80
          bind fe80::a9fe:a9fe:80 interface \(device)
          server metadata /var/lib/neutron/metadata_proxy
          http-request del-header X-Neutron-Router-ID
          http-request set-header X-Neutron-Network-ID \(network.id)
      """
    copyProxy(network.id, listener, pid)
  }
}
