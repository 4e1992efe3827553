// Groups: which buckets run, and on what.
import Facts
import NetworkTypes

extension Translator {
  /// False where the group does not exist: the rest of the list does not run then.
  func group(_ id: UInt32, isLast: Bool) -> Bool {
    guard mayGoDeeper() else { return true }
    guard let group = bridge.groups[id] else {
      if let gap = bridge.groupGap {
        noteUnknown(.missing(gap))
      } else {
        drop(.nonexistentGroup(id))
      }
      return false
    }
    if !group.unrecognised.isEmpty {
      noteUnknown(
        .unmodelledAction(group.unrecognised.joined(separator: " ")), evidence: group.evidence)
    }
    switch group.kind {
    case .all, .indirect: runAll(group, isLast: isLast)
    case .fastFailover: runFirstLive(group, isLast: isLast)
    case .select: runSelected(group, isLast: isLast)
    }
    return true
  }

  private func runAll(_ group: GroupEntry, isLast: Bool) {
    for (index, bucket) in group.buckets.enumerated() {
      run(bucket, isLast: isLast && index == group.buckets.count - 1)
    }
  }

  private func runFirstLive(_ group: GroupEntry, isLast: Bool) {
    guard let bucket = group.buckets.first(where: { isLive($0, depth: 0) }) else {
      drop(.noLiveBucket, evidence: group.evidence)
      return
    }
    report(.usingBucket(bucket.id ?? 0))
    run(bucket, isLast: isLast)
  }

  /// A hash chooses among live buckets of some weight; where all do the same, it does not matter.
  private func runSelected(_ group: GroupEntry, isLast: Bool) {
    let candidates = group.buckets.filter { isLive($0, depth: 0) && ($0.weight ?? 1) > 0 }
    guard let first = candidates.first else {
      drop(.noLiveBucket, evidence: group.evidence)
      return
    }
    let isOneWay = candidates.allSatisfy { $0.actions == first.actions }
    if options.isAssumingConntrack, group.hashesInDatapath {
      // A trace ends there: it does not follow the packet that the datapath hashed.
      if !isOneWay { noteUnknown(.choice("select group \(group.id)"), evidence: group.evidence) }
      report(.noLiveBucket)
      isExiting = true
      isFreezing = true
    } else if isOneWay {
      report(.usingBucket(first.id ?? 0))
      run(first, isLast: isLast)
    } else {
      noteUnknown(
        .choice("select group \(group.id) over \(candidates.count) buckets"),
        evidence: group.evidence)
    }
  }

  private func run(_ bucket: GroupBucket, isLast: Bool) {
    report(.bucket(bucket.id ?? 0)) {
      let saved = self.key
      self.depth += 1
      self.runActions(ActionSet.ordered(bucket.actions), isLast: isLast, inBucket: true)
      self.depth -= 1
      self.isFreezing = false
      self.key = saved
      self.isExiting = false
    }
  }

  // MARK: Liveness

  private func isLive(_ bucket: GroupBucket, depth: Int) -> Bool {
    // OVS follows 128 groups that watch each other, then takes the bucket for dead.
    guard depth < 128 else { return false }
    let port = bucket.watchPort ?? .any
    let group = bucket.watchGroup.flatMap { $0 == .max ? nil : $0 }
    if port == .any, group == nil { return true }
    if port == .controller { return true }
    if port != .any, isLive(port) { return true }
    guard let group, let entry = bridge.groups[group] else { return false }
    return entry.buckets.contains { isLive($0, depth: depth + 1) }
  }
}

extension GroupEntry {
  /// The datapath computes the hash of a select group: the default where the weights need no more
  /// than 64 slots (`group_setup_dp_hash_table`).
  fileprivate var hashesInDatapath: Bool {
    guard selectionMethod == nil || selectionMethod == "dp_hash" else { return false }
    let weights = buckets.map { Int($0.weight ?? 1) }.filter { $0 > 0 }
    guard let least = weights.min() else { return false }
    let slots = (weights.reduce(0, +) + least - 1) / least
    return slots <= (selectionMethod == nil ? 64 : 256)
  }
}
