// What a DHCP server answers: dnsmasq hands addresses only to hosts of its file.
import DataPlane
import Facts
import NetworkTypes

/// The outcome of a DHCP discovery.
enum Offer {
  case arrived(from: NamespaceKey, Simulation)
  /// With the way of an offer that was lost, where one was made.
  case none(Reason, Simulation?)
  case unknown(Reason)
}

extension Simulation {
  /// Lets every server that took the discovery answer, and looks whether an offer arrives.
  func offer(to index: Int) -> Offer {
    let guest = cloud.guests[index]
    var why =
      unknowns.first ?? firstReason
      ?? Reason(code: DropCode.notAnswered.rawValue, text: "no DHCP server took the discovery")
    var lost: Simulation?
    for delivery in deliveries {
      guard case .namespace(let key, let device) = delivery.recipient,
        case .accepted = delivery.kind
      else { continue }
      switch leasedAddress(guest.mac, in: key) {
      case .failure(let reason): why = reason
      case .success(let address):
        let back = sendOffer(address, to: guest, from: key, device: device)
        if back.deliveries.contains(where: { $0.recipient == .guest(index) }) {
          return .arrived(from: key, back)
        }
        if let unknown = back.unknowns.first { return .unknown(unknown) }
        why = back.firstReason ?? why
        lost = back
      }
    }
    return unknowns.isEmpty ? .none(why, lost) : .unknown(why)
  }

  private enum Lease {
    case success(IPAddress)
    case failure(Reason)
  }

  /// The address that the namespace's dnsmasq would offer the MAC.
  private func leasedAddress(_ mac: MACAddress, in key: NamespaceKey) -> Lease {
    guard let node = cloud.nodes[key.node], let namespace = cloud.namespace(key) else {
      return .failure(Reason(code: "not-answered", text: "\(key) is not in the capture"))
    }
    let pids = namespace.facts.sockets.records
      .filter { $0.transport == "udp" && $0.port == 67 }.flatMap(\.processes).map(\.pid)
    let servers = node.facts.processes.records.filter { pids.contains($0.pid) }
      .compactMap { DnsmasqCommandLine(process: $0.arguments) }
    for (network, files) in node.facts.files.dnsmasq.sorted(by: { $0.key < $1.key }) {
      let isServed =
        servers.contains { $0.hostsFile?.contains(network.rawValue) ?? false }
        || servers.isEmpty && key.namespace.rawValue.contains(network.rawValue)
      guard isServed else { continue }
      for host in files.hosts.records where host.macs.contains(mac) && !host.isIgnored {
        if let address = host.addresses.first(where: { $0.family == .ipv4 }) {
          return .success(address)
        }
      }
    }
    return .failure(
      Reason(
        code: DropCode.notAnswered.rawValue,
        text: "the DHCP server in \(key) has no host entry for \(mac)"))
  }

  private func sendOffer(
    _ address: IPAddress, to guest: Guest, from key: NamespaceKey, device: InterfaceName
  ) -> Simulation {
    var back = Simulation(cloud: cloud, state: state)
    guard let namespace = cloud.namespace(key), let output = namespace.devices[device] else {
      return back
    }
    // dnsmasq writes the neighbour entry itself and sends to the address that it offers.
    var packet = Packet(ethSrc: output.mac, ethDst: guest.mac, etherType: EtherType.ipv4)
    packet.source = namespace.selectSource(device, towards: address)
    packet.destination = address
    packet.ipProtocol = IPProtocol.udp
    packet.sourcePort = 67
    packet.destinationPort = 68
    packet.lengthBytes = 340
    back.learnNeighbour(address, guest.mac, by: .device(output.key))
    let step = back.record(.namespace(key), .originated("dnsmasq"), Frame(packet), nil)
    back.localOutput(namespace, Frame(packet), step)
    back.run()
    return back
  }
}
