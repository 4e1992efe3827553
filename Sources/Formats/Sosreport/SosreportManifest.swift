// `sos_reports/manifest.json` (sos 4): how each command ended. Feeds Sosreport. Older reports have
// none; their files are recognised by name alone.
import Facts

enum SosreportManifest {
  /// By the file's path within the report.
  static func commands(_ bytes: [UInt8]) -> [String: CapturedCommand] {
    guard !bytes.isEmpty, let top = try? JSONParser.document(bytes),
      let plugins = top["components"]?["report"]?["plugins"]?.members
    else { return [:] }
    var result: [String: CapturedCommand] = [:]
    for plugin in plugins {
      for entry in plugin.value["commands"]?.elements ?? [] {
        guard let path = entry["filepath"]?.string, let line = entry["exec"]?.string else {
          continue
        }
        let code = entry["return_code"]?.number(Int32.self) ?? 0
        result[path] = CapturedCommand(
          commandLine: line, exitCode: code,
          standardError: entry["timed_out"]?.bool == true ? "timed out" : "")
      }
    }
    return result
  }
}
