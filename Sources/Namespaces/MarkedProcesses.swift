// Finding processes by a mark in their environment. A mark is set in the same system call that
// starts a program and is inherited by its children, so none is ever missed, whenever we died.
import Foundation
import Glibc

/// A process that carries a mark.
public struct MarkedProcess: Hashable, Sendable {
  public let id: pid_t
  /// Its number in each process namespace, from ours inwards.
  public let numbers: [pid_t]
  public let environment: [String: String]
  /// The first process of a process namespace other than ours: with it all others there end.
  public var isFirst: Bool { numbers.count > 1 && numbers.last == 1 }
  public var networkNamespace: NetworkNamespaceFile {
    NetworkNamespaceFile("/proc/\(id)/ns/net")
  }
}

public enum MarkedProcesses {
  /// Living processes whose environment has `name` set to `value`, by rising id.
  public static func find(_ name: String, _ value: String) -> [MarkedProcess] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { pid_t($0) }.sorted().compactMap { id in
      guard let environment = environment(of: id), environment[name] == value,
        let numbers = numbers(of: id)
      else { return nil }
      return MarkedProcess(id: id, numbers: numbers, environment: environment)
    }
  }

  private static func environment(of id: pid_t) -> [String: String]? {
    guard let bytes = contents("/proc/\(id)/environ"), !bytes.isEmpty else { return nil }
    var variables: [String: String] = [:]
    for field in bytes.split(separator: 0) {
      guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { continue }
      variables[String(decoding: field[..<equals], as: UTF8.self)] = String(
        decoding: field[(equals + 1)...], as: UTF8.self)
    }
    return variables
  }

  /// Nil for a process that has ended.
  private static func numbers(of id: pid_t) -> [pid_t]? {
    guard let bytes = contents("/proc/\(id)/status") else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    if lines.contains(where: { $0.hasPrefix("State:\tZ") || $0.hasPrefix("State:\tX") }) {
      return nil
    }
    return lines.first { $0.hasPrefix("NSpid:") }.map { line in
      line.dropFirst(6).split(whereSeparator: { $0 == "\t" || $0 == " " }).compactMap {
        pid_t($0)
      }
    }
  }

  /// Files of /proc have no size, which Foundation's readers rely on.
  private static func contents(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count <= 0 { return count < 0 ? nil : bytes }
      bytes += buffer[..<count]
    }
  }
}
