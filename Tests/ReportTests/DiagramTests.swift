// Pictures: paths that can be followed with a finger, and clouds of any size on one page.
import Facts
import Foundation
import NetworkTypes
import ProcessorTime
import Testing
import Trace

@testable import LogicalModel
@testable import Report

@Suite struct DiagramTests {
  /// Every direction of every pair of servers.
  static let stories = Result { try makeStories() }

  private static func makeStories() throws -> [(String, TraceStory, ElementCatalogue)] {
    let facts = try ReportFixture.facts.get()
    let model = LogicalModel.CloudModel(facts)
    let catalogue = ElementCatalogue(facts, model)
    let tracer = try ReportFixture.tracer.get()
    let names = model.servers.map(\.name)
    return try names.flatMap { from in
      try (names + ["8.8.8.8"]).flatMap { to -> [(String, TraceStory, ElementCatalogue)] in
        guard let probe = try ReportFixture.probe(from, to, .icmp) else { return [] }
        let result = tracer.trace(probe)
        return [result.steps, result.replySteps].filter { !$0.isEmpty }.map {
          ("\(from) to \(to)", TraceStory($0, catalogue), catalogue)
        }
      }
    }
  }

  @Test func pathsCanBeFollowed() throws {
    let stories = try Self.stories.get()
    #expect(stories.count > 200)
    var crowded = 0
    for (name, story, catalogue) in stories {
      let diagram = PathDiagram.make(story, catalogue, end: .unknown) { "stop-\($0)" }
      let layout = DiagramLayout(diagram)
      var router = PathRouter(layout)
      let path = router.route()
      #expect(path.badges.compactMap(\.visit.number) == Array(1...story.stops.count), "\(name)")
      for (a, b) in zip(path.points, path.points.dropFirst()) {
        #expect(a.x == b.x || a.y == b.y, "\(name)")
      }
      for point in path.points {
        #expect((0...layout.width).contains(point.x), "\(name)")
        #expect((0...layout.height).contains(point.y), "\(name)")
      }
      for (index, badge) in path.badges.enumerated() {
        let frame = layout.frames[badge.visit.element]
        #expect(frame?.contains(x: badge.at.x) == true, "\(name) \(index)")
        for other in path.badges[..<index] where abs(other.at.x - badge.at.x) < 20 {
          if abs(other.at.y - badge.at.y) < 20 { crowded += 1 }
        }
      }
    }
    #expect(crowded == 0)
  }

  /// A flooded packet enters br-ex and br-tun too; its traced copy does not.
  @Test func floodsAreNoDetours() throws {
    for (name, story, _) in try Self.stories.get() {
      for (stop, next) in zip(story.stops, story.stops.dropFirst()) {
        guard case .bridge(let a) = stop.element, case .bridge(let b) = next.element else {
          continue
        }
        #expect(a != b && a.node == b.node, "\(name)")
        let isTunnelEnd = [a.bridge, b.bridge].contains("br-tun")
        #expect(isTunnelEnd || [a.bridge, b.bridge].contains("br-int"), "\(name): \(a) \(b)")
        #expect(Set([a.bridge, b.bridge]) != ["br-tun", "br-ex"], "\(name)")
      }
    }
  }

  @Test func boxesDoNotOverlap() throws {
    let facts = try ReportFixture.facts.get()
    let catalogue = ElementCatalogue(facts, LogicalModel.CloudModel(facts))
    let layout = DiagramLayout(OverviewDiagram(catalogue).result)
    let frames = layout.frames.values.sorted { ($0.y, $0.x) < ($1.y, $1.x) }
    #expect(frames.count > 50)
    for (index, a) in frames.enumerated() {
      for b in frames[(index + 1)...] {
        #expect(a.maxX <= b.x || b.maxX <= a.x || a.maxY <= b.y || b.maxY <= a.y, "\(a) \(b)")
      }
    }
  }

  @Test func overviewNamesWhatNodesHold() throws {
    let facts = try ReportFixture.facts.get()
    let catalogue = ElementCatalogue(facts, LogicalModel.CloudModel(facts))
    let diagram = OverviewDiagram(catalogue).result
    #expect(diagram.lanes.map(\.title) == ["cmp1", "cmp2", "net1", "net2"])
    #expect(diagram.lanes.allSatisfy { $0.boxes(.hub).map(\.title) == ["br-int"] })
    #expect(diagram.lanes[0].boxes(.bridges).map(\.title) == ["br-ex", "br-phy", "br-tun"])
    #expect(diagram.lanes[0].boxes(.guests).count == 7)
    #expect(diagram.wires.map(\.title) == ["underlay", "physnet1"])
    #expect(diagram.outside.map(\.title) == ["outside public"])
  }

  /// Four hundred nodes, six thousand servers: kinds of nodes, and a page that a browser takes.
  @Test func manyNodesShareLanes() throws {
    let facts = Self.multiplied(try ReportFixture.facts.get(), by: 100)
    let input = try ReportFixture.input(facts)
    let start = threadSeconds()
    let pages = try ReportFixture.pages(input)
    let seconds = threadSeconds() - start
    #expect(facts.nodes.count == 400)
    let overview = OverviewDiagram(ElementCatalogue(facts, input.model))
    #expect(overview.groups.count <= OverviewDiagram.laneLimit)
    #expect(overview.groups.joined().count > 300)
    let first = try #require(overview.result.lanes.first)
    #expect(first.title.hasSuffix(" and \(overview.groups[0].count - 1) alike"))
    let names = Set(pages.map(\.name))
    #expect(names.isSuperset(of: ["nodes.html", "topology.html", "node-cmp1-99.html"]))
    for (name, text) in pages {
      #expect(text.utf8.count < PageWriter.pageLimit, "\(name): \(text.utf8.count)")
    }
    #expect(seconds < 60)
  }

  /// The nodes of a cloud many times over, under other names.
  static func multiplied(_ facts: CloudFacts, by number: Int) -> CloudFacts {
    var result = facts
    result.nodes = (0..<number).flatMap { copy in
      facts.nodes.map { node in
        var node = node
        node.name = NodeName("\(node.name)-\(copy)")
        return node
      }
    }.sorted { $0.name < $1.name }
    return result
  }

  @Test func routersAndNetworksStandTogether() throws {
    let diagram = LogicalDiagram(LogicalModel.CloudModel(try ReportFixture.facts.get()))
    let groups = diagram.clusters.map { $0.routers.map(\.title) + $0.networks.map(\.title) }
    #expect(
      groups == [
        ["a-router", "a-net1", "a-net2"], ["b-router", "b-net1"], ["d-router", "d-net1"],
        ["c-net1"], ["vlan200"],
      ])
    #expect(diagram.externals.map(\.title) == ["public"])
    #expect(diagram.omissions == ["1 network that only HA routers' VRRP uses"])
  }
}
