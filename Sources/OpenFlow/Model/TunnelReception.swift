// Which tunnel port takes a packet that arrives for the node (`tnl_port_receive`).
import NetworkTypes

/// What two tunnel ports must not share.
struct TunnelIdentity: Hashable {
  let type: String
  let destinationPort: UInt16
  let key: TunnelConfiguration.Key
  let local: TunnelConfiguration.Endpoint
  let remote: TunnelConfiguration.Endpoint
}

extension TunnelConfiguration {
  var identity: TunnelIdentity {
    let key = inKey == .absent ? .fixed(0) : inKey
    return TunnelIdentity(
      type: type, destinationPort: destinationPort, key: key, local: local, remote: remote)
  }

  /// Lower wins; nil where the port does not take the packet.
  fileprivate func rank(of metadata: TunnelMetadata) -> Int? {
    let keyRank: Int
    switch inKey {
    case .flow: keyRank = 1
    case .fixed(metadata.id): keyRank = 0
    case .absent where metadata.id == 0: keyRank = 0
    case .fixed, .absent: return nil
    }
    let remoteRank: Int
    switch remote {
    case .flow: remoteRank = 1
    case .address(let address) where address == metadata.source: remoteRank = 0
    default: return nil
    }
    let localRank: Int
    switch local {
    case .address(let address) where address == metadata.destination: localRank = 0
    case .any: localRank = 1
    case .flow: localRank = 2
    default: return nil
    }
    return keyRank * 6 + remoteRank * 3 + localRank
  }
}

extension SwitchModel {
  /// The port that a tunnelled packet comes in on: the one with the most exact configuration.
  ///
  /// `metadata.source` is the sender's address, `destination` this node's own. Nil where no port
  /// takes it, and the packet is dropped.
  public func tunnelPort(
    receiving metadata: TunnelMetadata, type: String, destinationPort: UInt16
  ) -> SwitchPort? {
    var best: (rank: Int, port: SwitchPort)?
    for name in bridgeNames {
      for number in bridges[name]?.portNumbers ?? [] {
        guard let port = bridges[name]?.ports[number], case .tunnel(let tunnel) = port.kind,
          tunnel.type == type, tunnel.destinationPort == destinationPort,
          let rank = tunnel.rank(of: metadata)
        else { continue }
        if rank < best?.rank ?? .max { best = (rank, port) }
      }
    }
    return best?.port
  }
}
