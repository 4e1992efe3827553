import Facts
import Formats
import Foundation

func user() -> Double { Double(clock()) / 1e6 }
let path = CommandLine.arguments[1]
let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
for plain in [true, true, true, true, true, true] {
  let t = user()
  let parsed = OpenFlowFlowsFormat.parse(
    CaptureText(file: CaptureFileID(0), bytes: bytes), readsPlainLines: plain)
  let flows = parsed.records
  let d = user() - t
  print(plain, d, flows.count, flows.shapes.count, flows.actionLists.count, Double(flows.count) / d)
}
