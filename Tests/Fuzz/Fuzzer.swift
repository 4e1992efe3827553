// libFuzzer's entry points: which target runs is `OVSIGHT_FUZZ_TARGET`'s to say, so that one binary
// holds all. `--list` names them; `--seed FOLDER` writes what each starts from, out of the fixtures.
import Foundation

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  chosen.run(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}

private let chosen: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["OVSIGHT_FUZZ_TARGET"] ?? ""
  guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
    FileHandle.standardError.write(Data("OVSIGHT_FUZZ_TARGET: wanted one of --list\n".utf8))
    exit(2)
  }
  return target
}()

private typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<Int32>, _ words: UnsafeMutablePointer<Arguments>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// What SwiftPM takes for this program's `main`.
@_cdecl("fuzz_main")
public func fuzzMain(
  _ count: Int32, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
  switch CommandLine.arguments.dropFirst().first {
  case "--list":
    for target in FuzzTarget.all { print(target.name) }
    return 0
  case "--seed":
    for target in FuzzTarget.all { target.writeSeeds(below: CommandLine.arguments[2]) }
    return 0
  default:
    // Not on the first input's time, of which there is little.
    _ = Fixtures.byFormat
    var (count, words) = (count, words)
    return runDriver(&count, &words, testOneInput)
  }
}
