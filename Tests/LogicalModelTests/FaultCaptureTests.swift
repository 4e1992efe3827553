// The captures of faults are complete and differ from the healthy one where the fault is.
import FaultCaptures
import Testing

@Suite struct FaultCaptureTests {
  @Test func thereAreFaults() { #expect(FaultCapture.all.count == 29) }

  @Test(arguments: FaultCapture.all)
  func everyFaultAppliesAndParses(_ fault: FaultCapture) throws {
    let healthy = try FaultCapture.healthyFacts.get()
    let facts = try fault.facts()
    #expect(facts.nodes.map(\.name) == healthy.nodes.map(\.name))
    #expect(facts.node(fault.node) != nil)
    #expect(facts.gaps == healthy.gaps)
    #expect(facts.diagnostics.count == healthy.diagnostics.count)
  }
}
