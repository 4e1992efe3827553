// The owners of a socket as `ss -p` prints them behind it.
import Facts
import NetworkTypes

/// Reads `users:(("name",pid=1,fd=4),("name",pid=2,fd=5))`, before iproute2 4.0 `(("name",1,4))`, and
/// ends the cursor before it. Programs and sockets name themselves as they please, so only the last
/// `users:((` counts.
func takeSocketProcesses(fromEndOf cursor: inout ByteCursor) -> [SocketProcess] {
  let opening = Array(" users:((".utf8)
  guard let start = cursor.lastOccurrence(of: opening) else { return [] }
  var list = ByteCursor(cursor.bytes, start + opening.count..<cursor.end)
  cursor = ByteCursor(cursor.bytes, cursor.position..<start)
  var processes: [SocketProcess] = []
  while list.skip("\"") {
    guard let process = socketProcess(&list) else { break }
    processes.append(process)
    guard list.skip("),(") else { break }
  }
  return processes
}

/// A name up to the last quote before the next `)`, then numbers of which the first is the pid.
private func socketProcess(_ list: inout ByteCursor) -> SocketProcess? {
  let start = list.position
  while !list.isAtEnd {
    let name = start..<list.position
    if list.skip("\",") {
      _ = list.skip("pid=")
      let digits = list.take { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ")") }
      if let pid = parseNumber(list.bytes, digits).flatMap({ Int(exactly: $0) }) {
        _ = list.take { $0 == UInt8(ascii: ")") }
        return SocketProcess(name: list.text(name), pid: pid)
      }
      list.position = name.upperBound
    }
    list.position += 1
  }
  return nil
}

extension ByteCursor {
  /// Where `literal` begins for the last time.
  fileprivate func lastOccurrence(of literal: [UInt8]) -> Int? {
    var start = end - literal.count
    while start >= position {
      if bytes[start..<start + literal.count].elementsEqual(literal) { return start }
      start -= 1
    }
    return nil
  }
}
