// A waiver that has expired must not hold because nobody knows what day it is.
import Audit
import Testing

struct WaiverDayTests {
  @Test func theLatestCaptureIsTheDay() throws {
    let days = ["2026-11-30T23:59:59Z", nil, "2026-12-01T00:00:01Z", "no day"]
    #expect(try Waivers.day(nil, captured: days) == "2026-12-01")
    #expect(try Waivers.day("2027-01-31", captured: days) == "2027-01-31")
  }

  @Test(arguments: [[], [nil], ["no day"], [""]] as [[String?]])
  func withoutADayOneIsAskedFor(_ captured: [String?]) {
    #expect(throws: RuleError.self) { try Waivers.day(nil, captured: captured) }
    #expect((try? Waivers.day("2027-01-31", captured: captured)) == "2027-01-31")
  }

  @Test(arguments: ["", "tomorrow", "2027-1-31", "31-01-2027", "2027-01-31T00:00:00Z"])
  func whatIsNoDayIsRefused(_ day: String) {
    #expect(throws: RuleError.self) { try Waivers.day(day, captured: ["2026-12-01T00:00:01Z"]) }
  }
}
