// A network namespace of a test's own, for comparing the model with the kernel. It has no name and
// lives as long as the process that serves it, which ends with the test: nothing is left behind.
import Foundation
import NetworkTypes

/// Why the kernel cannot be asked here.
public struct LabError: Error, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

/// One namespace. Not for use from two threads.
public final class LabNamespace {
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var buffer: [UInt8] = []

  /// Nil where namespaces can be made; else what is missing, for the message of a skipped test.
  public static let obstacle: String? = {
    guard getuid() == 0 else { return "it needs root" }
    for tool in ["unshare", "python3", "ip", "iptables-save", "conntrack", "ipset"] {
      guard find(tool) != nil else { return "it needs \(tool)" }
    }
    do {
      let namespace = try LabNamespace()
      _ = try namespace.run(["iptables", "-t", "nat", "-L", "-n"])
      return nil
    } catch {
      return "network namespaces cannot be made here: \(error)"
    }
  }()

  /// True where bridge sysctls belong to a namespace, so that setting them leaves the host alone.
  public static let canBridge: Bool = {
    guard FileManager.default.fileExists(atPath: "/proc/sys/net/bridge"),
      let text = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
    else { return false }
    let parts = text.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
    return parts.count == 2 && (parts[0], parts[1]) >= (5, 4)
  }()

  private static func find(_ tool: String) -> String? {
    let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return folders.map { "\($0)/\(tool)" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  public init() throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("agent.py").path
    guard let unshare = Self.find("unshare"), let python = Self.find("python3") else {
      throw LabError("unshare or python3 is missing")
    }
    process.executableURL = URL(fileURLWithPath: unshare)
    process.arguments = ["--net", python, "-B", script]
    var environment = ProcessInfo.processInfo.environment
    // The lock of the legacy tools is a file of the host.
    environment["XTABLES_LOCKFILE"] = "/dev/null"
    environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    process.environment = environment
    // A child that died is an error of the write, not the end of all tests.
    signal(SIGPIPE, SIG_IGN)
    process.standardInput = requests
    process.standardOutput = answers
    try process.run()
    _ = try run(["ip", "link", "set", "lo", "up"])
  }

  deinit {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  public var processID: Int32 { process.processIdentifier }

  // MARK: Requests

  /// Runs a command inside and returns its standard output; a failure throws what it said.
  @discardableResult
  public func run(_ words: [String], input: String = "") throws -> String {
    let answer = try ask(["run": words, "input": input])
    guard let status = answer["status"] as? Int, status == 0 else {
      throw LabError(
        "\(words.joined(separator: " ")): \(answer["error"] as? String ?? "no answer")")
    }
    return answer["output"] as? String ?? ""
  }

  /// Several commands of `ip`, a line each.
  public func ip(_ commands: String) throws {
    try run(["ip", "-batch", "-"], input: commands + "\n")
  }

  /// Sets a sysctl that belongs to the namespace.
  public func sysctl(_ name: String, _ value: String) throws {
    let path = "/proc/sys/" + name.split(separator: ".").joined(separator: "/")
    _ = try ask(["write": path, "value": value])
  }

  public func listen(on devices: [InterfaceName]) throws {
    _ = try ask(["listen": devices.map(\.rawValue)])
  }

  /// Sends a frame and returns what comes in on any device listened on, until `seconds` pass
  /// without a frame.
  public func send(
    _ frame: [UInt8], on device: InterfaceName, quietSeconds seconds: Double
  ) throws -> [(device: InterfaceName, frame: [UInt8])] {
    let answer = try ask(
      ["send": device.rawValue, "frame": hex(frame), "wait": seconds] as [String: Any])
    let frames = answer["frames"] as? [[String: String]] ?? []
    return frames.compactMap { entry in
      guard let device = entry["device"], let frame = entry["frame"] else { return nil }
      return (InterfaceName(device), bytes(frame))
    }
  }

  private func ask(_ request: [String: Any]) throws -> [String: Any] {
    let data = try JSONSerialization.data(withJSONObject: request)
    try requests.fileHandleForWriting.write(contentsOf: data + Data([0x0a]))
    let line = try answerLine()
    guard let answer = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else {
      throw LabError("the namespace's process does not answer")
    }
    if let failure = answer["failure"] as? String { throw LabError(failure) }
    return answer
  }

  private func answerLine() throws -> [UInt8] {
    while true {
      if let end = buffer.firstIndex(of: 0x0a) {
        defer { buffer.removeFirst(end + 1) }
        return Array(buffer[..<end])
      }
      let data = answers.fileHandleForReading.availableData
      guard !data.isEmpty else { throw LabError("the namespace's process has ended") }
      buffer += data
    }
  }

  private func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
  private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { hexDigit($0) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
