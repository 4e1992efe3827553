// Port mirroring (`mirror_packet`).
import Facts
import NetworkTypes

extension Translator {
  func isMirrorOutput(_ bundle: Int) -> Bool {
    site.bundles[bundle].isMirrorOutput
  }

  func mirrorIngress() {
    guard !bridge.mirrors.isEmpty, let bundle = bridge.bundle(of: key.inPort) else { return }
    mirror(bundle) { $0.sources.contains(bundle) }
  }
  func mirrorEgress(_ bundle: Int) {
    guard !bridge.mirrors.isEmpty else { return }
    mirror(bundle) { $0.destinations.contains(bundle) }
  }

  private func mirror(_ bundle: Int, where isSelected: (Mirror) -> Bool) {
    let wire = BridgeTags(key)
    guard bridge.bundles[bundle].refusal(of: wire.outer.vid) == nil else { return }
    let tags = bridge.bundles[bundle].incoming(wire)
    for (index, mirror) in bridge.mirrors.enumerated()
    where isSelected(mirror) && !mirrored.contains(index) {
      if let vlans = mirror.vlans, !vlans.contains(VLANID(truncating: tags.outer.vid)) { continue }
      // Mirrors with one destination count as one, so that it gets a packet once.
      for (other, twin) in bridge.mirrors.enumerated() where twin.output == mirror.output {
        mirrored.insert(other)
      }
      copy(tags, to: mirror.output)
    }
  }

  private func copy(_ tags: BridgeTags, to output: Mirror.Destination) {
    let wasMirroring = isMirroring
    isMirroring = true
    defer { isMirroring = wasMirroring }
    switch output {
    case .bundle(let index): outputNormally(to: index, tags)
    case .vlan(let vlan):
      guard tags.outer.vid != vlan.rawValue, !key.ethDestination.isReservedForBridges
      else { return }
      var tags = tags
      tags.outer.vid = vlan.rawValue
      for (index, bundle) in bridge.bundles.enumerated()
      where bundle.includes(tags) && !isMirrorOutput(index) {
        outputNormally(to: index, tags)
      }
    }
  }
}
