// The options of `ovsight collect` that bound how much, how long and how many at once.
import ArgumentParser
import Collector

struct CollectBounds: ParsableArguments {
  @Option(help: "How many nodes at one time.")
  var parallel = 16

  @Option(help: "Seconds that one command may run on a node.")
  var commandTimeout = 30

  @Option(help: "Seconds that one node may take.")
  var nodeTimeout = 600

  @Option(help: "MiB that one command may print.")
  var outputLimit = 256

  @Option(help: "MiB that one node may send.")
  var nodeLimit = 2048

  @Option(help: "Another configuration file for ssh (its -F).")
  var sshConfig: String?

  @Option(name: .customLong("ssh-option"), help: "KEY=VALUE for ssh (its -o). May be repeated.")
  var sshOptions: [String] = []

  func validate() throws {
    let numbers = [
      ("--parallel", parallel, 1000), ("--command-timeout", commandTimeout, 86_400),
      ("--node-timeout", nodeTimeout, 86_400), ("--output-limit", outputLimit, 511),
      ("--node-limit", nodeLimit, 1 << 20),
    ]
    for (name, value, most) in numbers where !(1...most).contains(value) {
      throw ValidationError("\(name) \(value): wanted 1 to \(most)")
    }
  }

  func apply(to collection: inout CloudCollection) throws {
    collection.parallel = parallel
    collection.limits.commandSeconds = commandTimeout
    collection.limits.nodeSeconds = nodeTimeout
    collection.limits.outputBytes = outputLimit << 20
    collection.limits.nodeBytes = nodeLimit << 20
    collection.ssh.configuration = sshConfig
    collection.ssh.options = sshOptions
  }
}
