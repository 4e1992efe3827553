// What a replay is not: each thing of the snapshot that this machine cannot hold, and why.
import NetworkTypes

/// One difference between the snapshot and what stands here.
public struct ReplayNote: Hashable, Sendable, CustomStringConvertible {
  public let node: NodeName?
  public let namespace: NamespaceName?
  public let text: String
  public init(node: NodeName? = nil, namespace: NamespaceName? = nil, _ text: String) {
    self.node = node
    self.namespace = namespace
    self.text = text
  }
  public var description: String {
    let place = [node?.rawValue, namespace == .root ? nil : namespace?.rawValue].compactMap { $0 }
    return place.isEmpty ? text : "\(place.joined(separator: "/")): \(text)"
  }
}
