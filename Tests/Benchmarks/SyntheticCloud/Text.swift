// Bytes being written: literals and typed values go in without a String between them, because a
// cloud's dump is ten million lines. Feeds every writer.

/// A value that knows how it is spelled in a capture.
protocol Spelled {
  func spell(into bytes: inout [UInt8])
}

/// UTF-8 under construction.
struct Text: ExpressibleByStringInterpolation, Spelled {
  var bytes: [UInt8] = []

  init() {}
  init(stringLiteral value: String) { bytes = Array(value.utf8) }
  init(stringInterpolation: Interpolation) { bytes = stringInterpolation.bytes }

  var isEmpty: Bool { bytes.isEmpty }
  func spell(into bytes: inout [UInt8]) { bytes.append(contentsOf: self.bytes) }
  static func += (text: inout Text, more: Text) { text.bytes.append(contentsOf: more.bytes) }

  struct Interpolation: StringInterpolationProtocol {
    var bytes: [UInt8] = []
    init(literalCapacity: Int, interpolationCount: Int) {
      bytes.reserveCapacity(literalCapacity + interpolationCount * 20)
    }
    mutating func appendLiteral(_ literal: String) { bytes.append(contentsOf: literal.utf8) }
    mutating func appendInterpolation<Value: Spelled>(_ value: Value) {
      value.spell(into: &bytes)
    }
    /// As `0x1f`.
    mutating func appendInterpolation(hex value: Int) {
      bytes.append(contentsOf: [0x30, 0x78])
      Digits.spellHexadecimal(UInt64(value), width: 1, into: &bytes)
    }
    mutating func appendInterpolation(hex value: UInt64, width: Int) {
      Digits.spellHexadecimal(value, width: width, into: &bytes)
    }
    mutating func appendInterpolation<Values: Sequence>(
      _ values: Values, separator: String
    ) where Values.Element: Spelled {
      var isFirst = true
      for value in values {
        if !isFirst { bytes.append(contentsOf: separator.utf8) }
        isFirst = false
        value.spell(into: &bytes)
      }
    }
  }
}

extension Int: Spelled {
  func spell(into bytes: inout [UInt8]) { Digits.spellDecimal(self, width: 1, into: &bytes) }
}
extension String: Spelled {
  func spell(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }
}

enum Digits {
  static func spellDecimal(_ value: Int, width: Int, into bytes: inout [UInt8]) {
    var rest = value.magnitude
    if value < 0 { bytes.append(0x2d) }
    let start = bytes.count
    var written = 0
    while rest > 0 || written < width {
      bytes.append(0x30 + UInt8(rest % 10))
      rest /= 10
      written += 1
    }
    bytes[start...].reverse()
  }
  static func spellHexadecimal(_ value: UInt64, width: Int, into bytes: inout [UInt8]) {
    let significant = (64 - value.leadingZeroBitCount + 3) / 4
    var shift = (max(significant, width) - 1) * 4
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift) & 0xf)
      bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      shift -= 4
    }
  }
}
