// `ovs-ofctl dump-groups`, any OpenFlow version, and files for `ovs-ofctl add-groups`.
import Facts
import NetworkTypes

/// A line a group. Only OpenFlow 1.5 (and 1.0's extension) tells selection methods.
public enum OpenFlowGroupsFormat {
  public static func parse(
    _ text: CaptureText, names: SwitchNames = SwitchNames()
  ) -> Parsed<GroupEntry> {
    var log = ParseLog(text)
    var groups: [GroupEntry] = []
    for line in Lines(text) {
      if isCut(text.bytes, line) {
        rejectCut(line, &log)
      } else if OpenFlowFlowsFormat.isStructure(text.bytes, line.content) {
        log.structure(line.whole)
      } else if let reply = OpenFlowFlowsFormat.reportedError(text.bytes, line.content) {
        log.isIncomplete = true
        log.reject("openflow/error-reply", line: line.number, line.whole, reply)
      } else if let group = group(line, names, &log) {
        groups.append(group)
        log.fact(line.whole)
      }
    }
    rejectIfEmpty(text, &log)
    return log.parsed(groups)
  }

  private static func group(
    _ line: Line, _ names: SwitchNames, _ log: inout ParseLog
  ) -> GroupEntry? {
    var reader = FlowReader(log.text.bytes, line.content, names: names)
    reader.skipCommand()
    var group = GroupEntry(
      id: 0, kind: .all, evidence: log.evidence(line: line.number, line.content))
    var hasID = false
    while let (key, delimiter) = reader.nextKey() {
      if reader.equals("bucket", key) || reader.equals("buckets", key) {
        group.buckets = reader.buckets()
        break
      }
      let token = reader.token(key, delimiter)
      if !reader.set(token, &group, &hasID) { reader.unknown(token, &group) }
    }
    guard hasID else {
      log.reject(
        "openflow/no-group-id", line: line.number, line.whole,
        "\(excerpt(log.text, line.content)): wanted a group with group_id=")
      return nil
    }
    log.remark(reader.problems, line)
    return group
  }
}

extension FlowReader {
  fileprivate mutating func unknown(_ token: FlowToken, _ group: inout GroupEntry) {
    let text = text(token.whole)
    problem("openflow/unknown-group-argument", token.whole, wanted: "a group's argument")
    group.unrecognised.append(text)
  }

  fileprivate mutating func set(
    _ token: FlowToken, _ group: inout GroupEntry, _ hasID: inout Bool
  ) -> Bool {
    switch text(token.key) {
    case "group_id":
      hasID = store(number(token.value), in: &group.id)
      return hasID
    case "type":
      let name = text(token.value)
      let kind = GroupEntry.Kind(rawValue: name == "fast_failover" ? "ff" : name)
      return store(kind, in: &group.kind)
    case "selection_method": return store(text(token.value), in: &group.selectionMethod)
    case "selection_method_param":
      return store(number(token.value), in: &group.selectionMethodParameter)
    case "fields": return store(selectionFields(token.value), in: &group.selectionFields)
    default: return false
    }
  }

  /// `ip_src=255.255.255.0,ip_dst`: fields with the bits that count, all where none are named.
  private func selectionFields(_ range: Range<Int>) -> [FieldMatch]? {
    var fields: [FieldMatch] = []
    var inner = inside(range)
    while let token = inner.nextToken() {
      guard let field = fieldNames.value(bytes, token.key), token.shape != .unbalanced else {
        return nil
      }
      var mask = field.valueMask
      if token.shape != .bare {
        guard let found = value(of: field, token.value) else { return nil }
        mask = found.value
      }
      fields.append(FieldMatch(field, value: mask, mask: mask))
    }
    return fields
  }

  /// The rest of the line, from behind the first `bucket=`.
  fileprivate mutating func buckets() -> [GroupBucket] {
    let rest = cursor.position..<cursor.end
    cursor.position = cursor.end
    return bucketRanges(rest).map { range in
      var inner = FlowReader(bytes, range, names: names)
      let bucket = inner.bucket()
      absorb(inner)
      return bucket
    }
  }

  /// Where each bucket stands: they are parted by `,bucket=` outside brackets.
  private func bucketRanges(_ range: Range<Int>) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start = range.lowerBound
    for part in parts(range) {
      var cursor = ByteCursor(bytes, part)
      guard cursor.skip("bucket="), part.lowerBound > start else { continue }
      ranges.append(start..<part.lowerBound)
      start = cursor.position
    }
    ranges.append(start..<range.upperBound)
    return ranges
  }

  /// `bucket_id:0,weight:5,actions=output:1`; what is none of its keys starts the actions.
  private mutating func bucket() -> GroupBucket {
    var bucket = GroupBucket()
    while true {
      let start = cursor.position
      guard let (key, delimiter) = nextKey() else { return bucket }
      if equals("actions", key) {
        bucket.actions = actions()
        return bucket
      }
      if !set(token(key, delimiter), &bucket) {
        cursor.position = start
        bucket.actions = actions()
        return bucket
      }
    }
  }
  private func set(_ token: FlowToken, _ bucket: inout GroupBucket) -> Bool {
    switch text(token.key) {
    case "bucket_id": store(number(token.value), in: &bucket.id)
    case "weight": store(number(token.value), in: &bucket.weight)
    case "watch_port": store(port(token.value), in: &bucket.watchPort)
    case "watch_group": store(number(token.value), in: &bucket.watchGroup)
    default: false
    }
  }
}
