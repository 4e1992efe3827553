// The frame of `ovs-ofctl -O OpenFlow14 dump-flows`: header, cookie, counters. Feeds the writers of
// bridges' flows.

struct FlowDump {
  private(set) var text: Text = "OFPST_FLOW reply (OF1.4) (xid=0x2):\n"
  private(set) var count = 0
  let cookie: UInt64
  private let cookieText: Text
  private var random: RandomSource

  init(_ random: inout RandomSource) {
    cookie = random.next()
    cookieText = " cookie=0x\(hex: cookie, width: 1), duration="
    self.random = RandomSource(seed: cookie)
  }

  /// `rest` is what follows the priority: fields from a comma on, and the actions.
  mutating func row(_ table: Int, _ priority: Int, _ rest: Text, resets: Bool = false) {
    let draw = random.next()
    let packets = draw & 3 == 0 ? Int(draw >> 8 & 0xffff) : 0
    text.bytes.append(contentsOf: cookieText.bytes)
    Digits.spellDecimal(80_000 + Int(draw >> 24 & 0x3fff), width: 1, into: &text.bytes)
    text.bytes.append(0x2e)
    Digits.spellDecimal(Int(draw >> 40 & 0x3ff) % 1_000, width: 3, into: &text.bytes)
    text += "s, table=\(table), n_packets=\(packets), n_bytes=\(packets * 98), "
    if resets { text += "reset_counts " }
    text += "priority=\(priority)"
    text.bytes.append(contentsOf: rest.bytes)
    text.bytes.append(0x0a)
    count += 1
  }
}
