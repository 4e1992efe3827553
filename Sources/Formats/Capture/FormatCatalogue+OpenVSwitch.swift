// Rows of the format catalogue: what Open vSwitch configures, runs and has learned.
import Facts
import NetworkTypes

extension FormatCatalogue {
  static let openVSwitch: [CaptureFormat] = flows

  private static let flows: [CaptureFormat] = [
    .bridge("openflow-flows", "ofctl_dump-flows.txt", WordPattern("dump-flows"), into: \.flows) {
      OpenFlowFlowsFormat.parse($0)
    }
  ]
}
