// Tables: aligned, wrapped, and harmless whatever stands in them.
import Facts
import Testing

@testable import LogicalModel

@Suite struct TextTableTests {
  private func table(_ rows: [[TableCell]]) -> TextTable {
    var table = TextTable(
      "Things", columns: [TableColumn("Name"), TableColumn("MTU", isRightAligned: true)])
    for row in rows { table.add(row) }
    return table
  }

  @Test func columnsAreAlignedAndNothingTrails() {
    let text = table([[.text("a"), .number(9000)], [.list(["bb", "c"]), .none]]).rendered()
    #expect(text == "Things\nNAME   MTU\na     9000\nbb\nc\n")
  }

  @Test func anEmptyTableSaysSo() {
    #expect(table([]).rendered() == "Things\n  (none)\n")
  }

  @Test func aNarrowTerminalWrapsTheWidestColumn() {
    let long = "one two three four five six seven"
    let text = table([[.text(long), .number(1)]]).rendered(width: 20)
    let lines = text.split(separator: "\n").dropFirst()
    #expect(lines.allSatisfy { $0.count <= 20 })
    let words = lines.joined(separator: " ").split(separator: " ")
    #expect(long.split(separator: " ").allSatisfy(words.contains))
  }

  @Test func aWordThatIsTooLongIsBrokenAndKept() {
    let id = String(repeating: "0123456789", count: 5)
    let text = table([[.text(id), .none]]).rendered(width: 20)
    let digits = text.filter(\.isNumber)
    #expect(digits == id)
  }

  static let hostile: [(text: String, shown: String)] = [
    ("\u{1b}[31mred", #"\x1b[31mred"#),
    ("a\nb\r\tc", #"a\x0ab\x0d\x09c"#),
    ("evil\u{202e}txt.exe", #"evil\u{202e}txt.exe"#),
    ("zero\u{200b}width", #"zero\u{200b}width"#),
    ("\u{9b}2J", #"\x9b2J"#),
    ("naïve 網路 <b>", "naïve 網路 <b>"),
  ]
  @Test func controlCharactersAreShownNotSent() {
    for row in Self.hostile {
      #expect(TerminalText.escaped(row.text) == row.shown)
      let text = table([[.text(row.text), .none]]).rendered()
      #expect(text.contains(row.shown))
    }
  }

  @Test func wideCharactersTakeTwoColumns() {
    #expect(TerminalText.width("網路") == 4 && TerminalText.width("e\u{301}") == 1)
    let text = table([[.text("網"), .number(1)], [.text("ab"), .number(2)]]).rendered()
    #expect(text == "Things\nNAME  MTU\n網      1\nab      2\n")
  }

  @Test func jsonHasTypesAndWholeIds() {
    var table = TextTable(
      "X", key: "things",
      columns: [TableColumn("Name"), TableColumn("Up"), TableColumn("ID"), TableColumn("All")])
    table.add([.text("a\"\u{7}é"), .flag(true), .id("0123456789"), .list(["x"])])
    table.add([.number(5)])
    #expect(
      TextTable.json([table])
        == #"{"things":[{"name":"a\"\u0007\u00e9","up":true,"id":"0123456789","all":["x"]},"#
        + "\n" + #"{"name":5,"up":null,"id":null,"all":null}]}"# + "\n")
    #expect(table.rendered().contains("01234567") && !table.rendered().contains("012345678"))
  }
}

@Suite struct ShowTests {
  @Test(arguments: ShowTopic.allCases) func everyTopicHasRowsAndColumnsThatFit(topic: ShowTopic)
    throws
  {
    let tables = try ModelFixture.whole().show(topic, facts: ModelFixture.facts())
    // The healthy cloud has neither gaps nor drift, and no trunk.
    let isEmpty = [ShowTopic.gaps, .drift, .trunks].contains(topic)
    #expect(isEmpty == tables[0].rows.isEmpty)
    for table in tables {
      #expect(Set(table.columns.map(\.key)).count == table.columns.count, "\(table.title)")
      #expect(!table.rendered(width: 100).isEmpty)
    }
  }

  @Test func aNameShowsItsThingsOnly() throws {
    let (facts, model) = (try ModelFixture.facts(), try ModelFixture.whole())
    let router = try #require(model.routers.first { $0.mode == .highlyAvailable })
    let tables = try model.show(.routers, name: router.name, facts: facts)
    #expect(tables.map(\.key) == ["routers", "places", "ports", "eips"])
    #expect(tables[0].rows.count == 1 && tables[1].rows.count == router.places.count)
    let text = tables[0].rendered()
    for place in router.places {
      let state = place.isActive == true ? "active" : "standby"
      #expect(text.contains("\(place.node) qrouter (\(state))"))
    }
  }

  @Test func aServersNameShowsItsPortsAndFloatingIPs() throws {
    let (facts, model) = (try ModelFixture.facts(), try ModelFixture.whole())
    let floating = try #require(model.floatingIPs.first { $0.port != nil })
    let server = try #require(model.server(model.port(floating.port)?.server))
    let ports = try model.show(.ports, name: server.name, facts: facts)
    let eips = try model.show(.eips, name: server.name, facts: facts)
    #expect(ports[0].rows.count == server.ports.count)
    #expect(eips[0].rows.count == 1 && eips[0].rendered().contains(floating.label))
  }

  @Test func anAmbiguousNameIsSaidToBe() throws {
    let (facts, model) = (try ModelFixture.facts(), try ModelFixture.whole())
    let tables = try model.show(.securityGroups, name: "default", facts: facts)
    let count = model.securityGroups.filter { $0.name == "default" }.count
    #expect(tables[0].rows.count == count)
    #expect(tables[0].notes == ["\(count) things are called 'default'"])
  }

  @Test func withoutTheAPIItIsSaid() throws {
    let tables = try ModelFixture.nodesAlone().show(.networks, facts: ModelFixture.facts())
    #expect(tables[0].notes == ["without Neutron's API: rebuilt from the nodes, names are missing"])
  }
}
