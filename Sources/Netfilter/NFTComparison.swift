// nft's matches: comparing a field with values, ranges, prefixes and sets.
import Facts
import NetworkTypes

extension HookRun {
  /// All matches of a rule; what it does on the way is looked at only once it is taken.
  func truth(_ statements: [NFTStatement], _ world: World, _ set: RuleSet) -> Truth {
    var result = Truth.yes
    for statement in statements {
      let one: Truth
      switch statement {
      case .match(let operation, let left, let right):
        one = compare(key(left, world), operation, right, set)
      case .extensionModule("match", let name):
        one = name == "comment" ? .yes : .unknown("match '\(name)' is not shown by nft")
      case .unrecognised("limit", _), .unrecognised("quota", _), .unrecognised("ct count", _),
        .unrecognised("connlimit", _):
        one = .unknown("a limit depends on other traffic")
      default: continue
      }
      if one == .no { return .no }
      if case .unknown = one { result = one }
    }
    return result
  }

  private func compare(
    _ key: NFTKey, _ operation: String, _ right: NFTValue, _ set: RuleSet
  ) -> Truth {
    switch key {
    case .absent: return .no
    case .unknown(let why): return .unknown(why)
    default: break
    }
    switch operation {
    case "==", "in": return contains(key, right, set, testsBits: operation == "in")
    case "!=": return contains(key, right, set, testsBits: false).inverted(true)
    default: return order(key, operation, right)
    }
  }

  private func order(_ key: NFTKey, _ operation: String, _ right: NFTValue) -> Truth {
    guard case .number(let value, let kind) = key, let limit = kind.number(right) else {
      return .unknown("a comparison that is not modelled")
    }
    switch operation {
    case "<": return Truth(value < limit)
    case ">": return Truth(value > limit)
    case "<=": return Truth(value <= limit)
    case ">=": return Truth(value >= limit)
    default: return .unknown("nft operation '\(operation)' is not modelled")
    }
  }

  /// Whether `key` is `right`, or one of it.
  func contains(_ key: NFTKey, _ right: NFTValue, _ set: RuleSet, testsBits: Bool = false) -> Truth
  {
    if case .text(let name) = right, name.hasPrefix("@") {
      guard let named = set.sets[String(name.dropFirst())] else {
        return .unknown("nft set \(name) is not in the capture")
      }
      return any(named.elements, key, set)
    }
    if let member = right.single {
      switch member.key {
      case "set": return any(member.value.elements ?? [member.value], key, set)
      case "elem": return contains(key, member.value["val"] ?? .null, set)
      case "prefix": return prefix(key, member.value)
      case "range": return range(key, member.value)
      case "concat": return concatenation(key, member.value, set)
      default: break
      }
    }
    return equals(key, right, testsBits: testsBits)
  }

  private func any(_ elements: [NFTValue], _ key: NFTKey, _ set: RuleSet) -> Truth {
    var result = Truth.no
    for element in elements {
      switch contains(key, element, set) {
      case .yes: return .yes
      case .no: break
      case .unknown(let why): result = .unknown(why)
      }
    }
    return result
  }

  private func concatenation(_ key: NFTKey, _ value: NFTValue, _ set: RuleSet) -> Truth {
    guard case .list(let keys) = key, let parts = value.elements, parts.count == keys.count else {
      return .unknown("a concatenation that is not modelled")
    }
    var result = Truth.yes
    for (key, part) in zip(keys, parts) {
      switch contains(key, part, set) {
      case .no: return .no
      case .yes: break
      case .unknown(let why): result = .unknown(why)
      }
    }
    return result
  }

  private func equals(_ key: NFTKey, _ right: NFTValue, testsBits: Bool) -> Truth {
    switch key {
    case .text(let text):
      guard let wanted = right.text else { return .unknown("a value that is not modelled") }
      return Truth(wanted.hasSuffix("*") ? text.hasPrefix(wanted.dropLast()) : text == wanted)
    case .number(let value, let kind):
      guard let wanted = kind.number(right) else {
        return .unknown("a value that is not modelled")
      }
      let isFlags = kind == .conntrackState || kind == .conntrackStatus
      return Truth(testsBits || isFlags ? value & wanted != 0 : value == wanted)
    default: return .unknown("a value that is not modelled")
    }
  }

  private func prefix(_ key: NFTKey, _ value: NFTValue) -> Truth {
    guard case .number(let bits, let kind) = key, let length = value["len"]?.number(Int.self),
      let address = value["addr"].flatMap({ kind.number($0) })
    else { return .unknown("a prefix that is not modelled") }
    let width: Int =
      switch kind {
      case .address(let family): family.width
      case .mac: 48
      default: 32
      }
    guard (0...width).contains(length) else { return .unknown("a prefix that is not modelled") }
    if length == 0 { return .yes }
    return Truth((bits ^ address) >> UInt128(width - length) == 0)
  }

  private func range(_ key: NFTKey, _ value: NFTValue) -> Truth {
    guard case .number(let number, let kind) = key, let ends = value.elements, ends.count == 2,
      let low = kind.number(ends[0]), let high = kind.number(ends[1])
    else { return .unknown("a range that is not modelled") }
    return Truth(low <= number && number <= high)
  }
}
