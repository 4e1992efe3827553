// A host of its own for one builder: other tests make devices and namespaces meanwhile, and what a
// replay left behind could not be told from theirs.
import Foundation
import Glibc
import Namespaces

struct PrivateHost {
  private let process: pid_t

  init() throws {
    process = try Command([
      "unshare", "--net", "--mount", "--propagation", "private", "sh", "-c",
      "mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec sleep 3600",
    ]).start()
    let own = try Self.namespace(getpid())
    // It stands once both namespaces are others than ours and the shell has become `sleep`.
    for _ in 0..<500 {
      if let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8),
        name == "sleep\n", try Self.namespace(process) != own
      {
        return
      }
      usleep(10_000)
    }
    throw NamespaceError("no private host: are namespaces allowed here?")
  }

  private static func namespace(_ id: pid_t) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/ns/net")
  }

  func command(_ words: [String]) -> Command {
    Command(["nsenter", "-t", "\(process)", "-n", "-m", "--"] + words)
  }

  /// All that a replay could leave: devices, queueing disciplines, named namespaces, mounts.
  func belongings() throws -> [String] {
    let devices =
      try command(["ip", "-o", "link"]).run() + command(["tc", "qdisc", "show"]).run()
    let names = try command(["ip", "netns", "list"]).run()
    let mounts = try String(contentsOfFile: "/proc/\(process)/mounts", encoding: .utf8)
    return (devices + names + mounts).split(separator: "\n").map(String.init)
  }

  /// Processes of the machine whose command line has the folder's name.
  func processes(naming folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.filter { Int($0) != nil }.compactMap { id in
      let data = FileManager.default.contents(atPath: "/proc/\(id)/cmdline")
      let line = data.map { String(decoding: $0, as: UTF8.self).replacing("\0", with: " ") }
      return line.flatMap { $0.contains(folder) ? "\(id) \($0)" : nil }
    }
  }

  func end() {
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }
}
