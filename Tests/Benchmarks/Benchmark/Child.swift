// Runs a program and measures it: what peers, and ovsight as people start it, cost as a process.
import Glibc

/// What a process cost.
struct ProcessCost {
  var seconds: Double
  /// User and system time of the process.
  var processorSeconds: Double
  var peakBytes: Int
  var exitCode: Int32
}

enum Child {
  /// Runs `program` with its output thrown away; nil where it cannot be started.
  static func run(_ program: String, _ arguments: [String]) -> ProcessCost? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var identifier = pid_t()
    let start = ContinuousClock.now
    guard posix_spawnp(&identifier, program, &actions, nil, &words, environ) == 0 else {
      return nil
    }
    var status: Int32 = 0
    var usage = rusage()
    guard wait4(identifier, &status, 0, &usage) == identifier else { return nil }
    let time = (ContinuousClock.now - start).seconds
    func seconds(_ value: timeval) -> Double { Double(value.tv_sec) + Double(value.tv_usec) / 1e6 }
    return ProcessCost(
      seconds: time, processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      peakBytes: usage.ru_maxrss << 10, exitCode: status >> 8 & 0xff)
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
