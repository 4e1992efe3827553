// The lines that switches print, straight into columns. Whatever is not as `ovs-ofctl dump-flows` prints
// it goes to `FlowReader`, which knows everything: both must give the same flow for the same line.
import Facts
import NetworkTypes

/// Reads plain lines of one file into a list of flows.
struct PlainFlowReader {
  /// More than any match has.
  private static let maximumFields = 24

  private struct Part {
    var field: UInt8 = 0
    var isWide = false
    var value: UInt128 = 0
    var mask: UInt128 = 0
  }

  private let text: CaptureText
  private let names: SwitchNames
  private var parts = InlineArray<24, Part>(repeating: Part())
  private var partCount = 0
  private var hasTransport = false
  private var shapes = ShapeIndex()
  private var actions = ActionIndex()
  private var words: [UInt64] = []

  init(_ text: CaptureText, names: SwitchNames) {
    self.text = text
    self.names = names
    words.reserveCapacity(2 * Self.maximumFields)
  }

  /// Adds the flow of a line that ends in a line feed; false where it is not plain, and nothing is added.
  mutating func read(
    _ line: Line, _ bytes: UnsafeBufferPointer<UInt8>, into flows: inout FlowList
  ) -> Bool {
    guard let base = bytes.baseAddress else { return false }
    var scanner = PlainScanner(base: base, position: line.content.lowerBound)
    var row = FlowList.Row()
    guard Self.head(&scanner, &row), match(&scanner, &row) else { return false }
    let content = scanner.position..<line.content.upperBound
    guard let number = actions.number(content, bytes, text, names, &flows) else { return false }
    row.actions = number
    row.shape = shapeNumber(&flows)
    row.file = text.file.rawValue
    row.line = Int32(truncatingIfNeeded: line.number)
    row.start = Int32(truncatingIfNeeded: line.content.lowerBound)
    row.end = Int32(truncatingIfNeeded: line.content.upperBound)
    words.withUnsafeBufferPointer { flows.append(row, values: $0) }
    return true
  }

  // MARK: Before the match

  /// ` cookie=0x1, duration=2.5s, table=0, n_packets=3, n_bytes=4, `, then ages.
  private static func head(_ scanner: inout PlainScanner, _ row: inout FlowList.Row) -> Bool {
    guard scanner.skip(" cookie=0x"), let cookie = scanner.hexadecimal(),
      scanner.skip(", duration="), let seconds = scanner.decimal(), seconds < 1 << 50,
      scanner.skip(UInt8(ascii: ".")),
      let fraction = milliseconds(&scanner), scanner.skip("s, table="),
      let table = scanner.decimal(), table < 256, scanner.skip(", n_packets="),
      let packets = scanner.decimal(), scanner.skip(", n_bytes="), let bytes = scanner.decimal(),
      scanner.skip(", ")
    else { return false }
    row.cookie = cookie
    row.durationMilliseconds = seconds * 1000 + fraction
    row.table = UInt8(truncatingIfNeeded: table)
    row.packets = packets
    row.bytes = bytes
    return age("idle_age=", &scanner, &row.idleAgeSeconds)
      && age("hard_age=", &scanner, &row.hardAgeSeconds)
  }

  /// One to three digits behind the point; nil for more, which only the general reader knows.
  @inline(__always)
  private static func milliseconds(_ scanner: inout PlainScanner) -> UInt64? {
    let start = scanner.position
    guard let digits = scanner.decimal() else { return nil }
    switch scanner.position - start {
    case 1: return digits * 100
    case 2: return digits * 10
    case 3: return digits
    default: return nil
    }
  }

  @inline(__always)
  private static func age(
    _ literal: StaticString, _ scanner: inout PlainScanner, _ age: inout UInt32
  ) -> Bool {
    guard scanner.skip(literal) else { return true }
    guard let seconds = scanner.decimal(), seconds < UInt64(UInt32.max), scanner.skip(", ") else {
      return false
    }
    age = UInt32(seconds)
    return true
  }

  // MARK: The match

  /// `priority=1,tcp,reg5=0x1 actions=`.
  private mutating func match(
    _ scanner: inout PlainScanner, _ row: inout FlowList.Row
  ) -> Bool {
    partCount = 0
    hasTransport = false
    if scanner.skip("priority=") {
      guard let priority = scanner.decimal(), priority <= UInt64(UInt16.max) else { return false }
      row.priority = UInt16(priority)
      if scanner.skip(" actions=") { return true }
      guard scanner.skip(UInt8(ascii: ",")) else { return false }
    } else if scanner.skip("actions=") {
      return true
    }
    while true {
      guard part(&scanner) else { return false }
      if scanner.skip(UInt8(ascii: ",")) { continue }
      guard scanner.skip(" actions=") else { return false }
      if hasTransport { nameTransportFields() }
      return sortParts()
    }
  }

  private mutating func part(_ scanner: inout PlainScanner) -> Bool {
    let key = Self.key(&scanner)
    switch key.kind {
    case .general: return false
    case .word:
      if key.etherType != 0, !add(.ethType, UInt128(key.etherType), 0xffff) { return false }
      return key.ipProtocol < 0 || add(.nwProto, UInt128(key.ipProtocol), 0xff)
    case .field, .transport, .vlan, .tos:
      guard scanner.skip(UInt8(ascii: "=")), let (value, mask) = value(key, &scanner),
        value <= key.valueMask, mask <= key.valueMask || mask == .max
      else { return false }
      switch key.kind {
      case .transport: hasTransport = true
      case .tos: return add(.nwTOS, value, 0xfc)
      case .vlan where value == 0xffff: return add(.vlanTCI, 0, 0xffff)
      case .vlan: return add(.vlanTCI, value & 0xfff | 0x1000, 0x1fff)
      default: break
      }
      return add(key.field, value, mask & key.valueMask)
    }
  }

  /// The key up to its `=` or `,` or the blank behind it.
  @inline(__always)
  private static func key(_ scanner: inout PlainScanner) -> PlainKey {
    var (low, high): (UInt64, UInt64) = (0, 0)
    var shift: UInt64 = 0
    while true {
      let byte = scanner.current
      if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ",") || byte <= 0x20 { break }
      if shift < 64 {
        low |= UInt64(byte) << shift
      } else if shift < 128 {
        high |= UInt64(byte) << (shift - 64)
      } else {
        return PlainKey()
      }
      shift += 8
      scanner.position += 1
    }
    return PlainKeyTable.shared.key(low, high)
  }

  /// `mask` has none but the field's bits; false where there are too many.
  @inline(__always)
  private mutating func add(_ field: OpenFlowField, _ value: UInt128, _ mask: UInt128) -> Bool {
    guard mask != 0 else { return true }
    guard partCount < Self.maximumFields else { return false }
    parts[partCount] = Part(
      field: field.rawValue, isWide: field.wordCount == 2, value: value & mask, mask: mask)
    partCount += 1
    return true
  }

  /// Into the catalogue's order; false where a field stands twice.
  private mutating func sortParts() -> Bool {
    var index = 1
    while index < partCount {
      let part = parts[index]
      var place = index
      while place > 0, parts[place - 1].field > part.field {
        parts[place] = parts[place - 1]
        place -= 1
      }
      parts[place] = part
      if place > 0, parts[place - 1].field == part.field { return false }
      index += 1
    }
    return true
  }

  /// As `FlowMatchBuilder` has it: all transports share two places of the switch's flow key.
  private mutating func nameTransportFields() {
    var proto: UInt128?
    for index in 0..<partCount
    where parts[index].field == OpenFlowField.nwProto.rawValue && parts[index].mask == 0xff {
      proto = parts[index].value
    }
    guard let proto, let names = FlowMatchBuilder.transportFields(UInt8(proto)) else { return }
    for index in 0..<partCount {
      guard let field = OpenFlowField(rawValue: parts[index].field) else { continue }
      if FlowMatchBuilder.sourceFields.contains(field) {
        rename(index, names.source)
      } else if FlowMatchBuilder.destinationFields.contains(field) {
        rename(index, names.destination)
      }
    }
  }
  private mutating func rename(_ index: Int, _ field: OpenFlowField) {
    parts[index].field = field.rawValue
    parts[index].mask &= field.valueMask
    parts[index].value &= parts[index].mask
  }

  // MARK: Values

  private mutating func value(
    _ key: PlainKey, _ scanner: inout PlainScanner
  ) -> (value: UInt128, mask: UInt128)? {
    let start = scanner.position
    var plain: UInt64?
    var mask = UInt128.max
    switch key.format {
    case .decimal, .hexadecimal:
      plain = scanner.number()
      if scanner.skip(UInt8(ascii: "/")) {
        guard let bits = scanner.number() else {
          plain = nil
          break
        }
        mask = UInt128(bits)
      }
    case .port16:
      plain = scanner.number()
      // Reserved ports have a 16-bit and a 32-bit number.
      if plain ?? 0xff00 >= 0xff00 { plain = nil }
    case .ethernet:
      plain = scanner.macAddress()
      if scanner.skip(UInt8(ascii: "/")) {
        guard let bits = scanner.macAddress() else {
          plain = nil
          break
        }
        mask = UInt128(bits)
      }
    case .ipv4:
      plain = scanner.ipv4Address()
      if scanner.skip(UInt8(ascii: "/")) {
        guard let bits = Self.ipv4Mask(&scanner) else {
          plain = nil
          break
        }
        mask = UInt128(bits)
      }
    case .ipv6:
      guard let address = scanner.ipv6Address() else { break }
      if Self.endsValue(scanner.current) { return (address, .max) }
      if scanner.skip(UInt8(ascii: "/")), let length = scanner.decimal(), length <= 128,
        Self.endsValue(scanner.current)
      {
        let mask = length == 0 ? 0 : UInt128.max << UInt128(128 - length)
        return (address & mask, mask)
      }
    case .ctState:
      guard let (value, mask) = Self.ctState(&scanner) else { break }
      return Self.endsValue(scanner.current) ? (value, mask) : nil
    default: break
    }
    if let plain, Self.endsValue(scanner.current) {
      return (UInt128(plain) & mask, mask)
    }
    scanner.position = start
    return generalValue(key, &scanner)
  }

  @inline(__always)
  private static func endsValue(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == 0x20
  }

  /// `24` or `255.255.255.0`.
  private static func ipv4Mask(_ scanner: inout PlainScanner) -> UInt64? {
    let start = scanner.position
    if let length = scanner.decimal(), length <= 32, endsValue(scanner.current) {
      return length == 0 ? 0 : 0xffff_ffff << (32 - length) & 0xffff_ffff
    }
    scanner.position = start
    return scanner.ipv4Address()
  }

  /// `+est-rel`.
  private static func ctState(
    _ scanner: inout PlainScanner
  ) -> (value: UInt128, mask: UInt128)? {
    var (value, mask): (UInt64, UInt64) = (0, 0)
    while scanner.current == UInt8(ascii: "+") || scanner.current == UInt8(ascii: "-") {
      let isSet = scanner.current == UInt8(ascii: "+")
      scanner.position += 1
      var name: UInt32 = 0
      while scanner.current >= UInt8(ascii: "a"), scanner.current <= UInt8(ascii: "z") {
        name = name << 8 | UInt32(scanner.current)
        scanner.position += 1
      }
      guard let bit = stateBit(name), mask & bit == 0 else { return nil }
      mask |= bit
      if isSet { value |= bit }
    }
    return mask == 0 ? nil : (UInt128(value), UInt128(mask))
  }

  private static func stateBit(_ name: UInt32) -> UInt64? {
    switch name {
    case 0x6e_6577: 0x01
    case 0x65_7374: 0x02
    case 0x72_656c: 0x04
    case 0x72_706c: 0x08
    case 0x69_6e76: 0x10
    case 0x74_726b: 0x20
    case 0x736e_6174: 0x40
    case 0x646e_6174: 0x80
    default: nil
    }
  }

  /// IPv6 addresses, flags and what else is long or rare.
  private func generalValue(
    _ key: PlainKey, _ scanner: inout PlainScanner
  ) -> (value: UInt128, mask: UInt128)? {
    let start = scanner.position
    while !Self.endsValue(scanner.current), scanner.current > 0x20,
      scanner.current != UInt8(ascii: "(")
    {
      scanner.position += 1
    }
    guard Self.endsValue(scanner.current) else { return nil }
    let range = start..<scanner.position
    return FlowReader(text.bytes, range, names: names).value(of: key.field, range)
  }

  // MARK: Shapes

  /// The number of the shape of the parts, whose values go into `words`.
  private mutating func shapeNumber(_ flows: inout FlowList) -> UInt32 {
    words.removeAll(keepingCapacity: true)
    var hash: UInt64 = UInt64(partCount)
    for index in 0..<partCount {
      let part = parts[index]
      if part.isWide { words.append(UInt64(truncatingIfNeeded: part.value >> 64)) }
      words.append(UInt64(truncatingIfNeeded: part.value))
      hash = SpellingIndex.mix(hash, UInt64(part.field) ^ UInt64(truncatingIfNeeded: part.mask))
      if part.isWide { hash = SpellingIndex.mix(hash, UInt64(truncatingIfNeeded: part.mask >> 64)) }
    }
    var place = shapes.place(of: hash)
    while let found = shapes.candidate(at: &place, hash) {
      if isShape(found) { return found }
    }
    let shape = MatchShape(
      fields: (0..<partCount).compactMap { OpenFlowField(rawValue: parts[$0].field) },
      masks: (0..<partCount).map { parts[$0].mask })
    let number = flows.intern(shape)
    shapes.add(shape, number, hash)
    return number
  }

  private func isShape(_ number: UInt32) -> Bool {
    let range = shapes.parts(of: number)
    guard range.count == partCount else { return false }
    for index in 0..<partCount {
      let known = shapes.fields[range.lowerBound + index]
      if known.field != parts[index].field || known.mask != parts[index].mask { return false }
    }
    return true
  }
}
