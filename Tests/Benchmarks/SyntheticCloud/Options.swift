// What a cloud is to be like, and how the command line says so. Feeds the plan.

/// The size and the shape of a cloud. Defaults are the cloud that PERFORMANCE.md sizes for.
struct Options {
  var nodes = 10
  /// Guests' ports, over all compute nodes.
  var ports = 100
  var seed: UInt64 = 1
  var output = ""
  /// Faults to plant; 0 for a healthy cloud.
  var planted = 0
  /// Decides on how many nodes a network is spread.
  var networksPerNode = 20
  /// On average; single networks have half of it to one and a half.
  var portsPerNetwork = 50
  /// Ingress rules of an application's group, beside what every group has.
  var rulesPerGroup = 8
  /// Members of the largest remote group.
  var largestGroup = 5_000
  /// One compute node in so many filters with iptables; 0 for none.
  var hybridEvery = 10
  /// One guest in so many behind a router has a floating IP; 0 for none.
  var floatingEvery = 10
  /// 0 for one in forty.
  var networkNodes = 0
  var touch: Touch?

  /// One change to a cloud that is otherwise the same.
  enum Touch: String {
    /// A guest's port gets another security group.
    case port
    /// A security group gets one more rule.
    case group
  }
}

extension Options {
  static let usage = """
    usage: synthetic-cloud --output FOLDER [--nodes N] [--ports P] [--seed S] [--plant K]
      [--touch port|group] [--networks-per-node N] [--ports-per-network N] [--rules-per-group N]
      [--largest-group N] [--hybrid-every N] [--floating-every N] [--network-nodes N]

    Writes the capture folders of a cloud that does not exist, as a collector would. What --plant
    made wrong is listed in FOLDER.planted.json.
    """

  /// Throws a text for people where an argument is unknown or out of its range.
  init(arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard name != "--help", name != "-h" else { throw UsageError(text: Self.usage) }
      guard let value = rest.popFirst() else {
        throw UsageError(text: "\(name): its value is missing")
      }
      try set(name, value)
    }
    if output.isEmpty { throw UsageError(text: "--output is missing\n" + Self.usage) }
    // One node to route and serve, one to compute.
    if nodes < 2 { throw UsageError(text: "--nodes: at least 2") }
    if ports < 1 { throw UsageError(text: "--ports: at least 1") }
    if nodes > 20_000 { throw UsageError(text: "--nodes: at most 20000") }
  }

  private mutating func set(_ name: String, _ value: String) throws(UsageError) {
    switch name {
    case "--output": output = value
    case "--touch":
      guard let touch = Touch(rawValue: value) else {
        throw UsageError(text: "--touch \(value): wanted port or group")
      }
      self.touch = touch
    default:
      guard let number = Int(value), number >= 0 else {
        throw UsageError(text: "\(name) \(value): wanted a number")
      }
      try set(name, number)
    }
  }

  private mutating func set(_ name: String, _ number: Int) throws(UsageError) {
    switch name {
    case "--nodes": nodes = number
    case "--ports": ports = number
    case "--seed": seed = UInt64(number)
    case "--plant": planted = number
    case "--networks-per-node": networksPerNode = max(1, number)
    case "--ports-per-network": portsPerNetwork = min(max(2, number), 150)
    case "--rules-per-group": rulesPerGroup = number
    case "--largest-group": largestGroup = number
    case "--hybrid-every": hybridEvery = number
    case "--floating-every": floatingEvery = number
    case "--network-nodes": networkNodes = number
    default: throw UsageError(text: "\(name): no such option\n" + Self.usage)
    }
  }
}

struct UsageError: Error {
  let text: String
}
