// The captured healthy cloud as facts and as models: with Neutron's API, and from its nodes alone.
import Facts
import Foundation
import NetworkTypes

@testable import Formats
@testable import LogicalModel

enum ModelFixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/healthy-cloud").path

  static let loaded = Result { CloudFacts(parsing: try CaptureFolder.read([folder])) }
  private static let models = Result { () throws -> (CloudModel, CloudModel) in
    var facts = try loaded.get()
    let whole = CloudModel(facts)
    facts.neutron = NeutronFacts()
    return (whole, CloudModel(facts))
  }

  static func facts() throws -> CloudFacts { try loaded.get() }
  static func whole() throws -> CloudModel { try models.get().0 }
  static func nodesAlone() throws -> CloudModel { try models.get().1 }

  /// The model of changed facts.
  static func model(_ change: (inout CloudFacts) throws -> Void) throws -> CloudModel {
    var facts = try loaded.get()
    try change(&facts)
    return CloudModel(facts)
  }
}

extension CloudFacts {
  /// Changes one node's facts.
  mutating func change(_ node: NodeName, _ change: (inout NodeFacts) -> Void) {
    for index in nodes.indices where nodes[index].name == node { change(&nodes[index]) }
  }
}
