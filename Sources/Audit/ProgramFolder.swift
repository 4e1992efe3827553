// Where the program's own files are: rules, templates. Feeds RuleFolder and Report's ReportFolder.
import Foundation

public enum ProgramFolder {
  /// The folder `name` of the program, for which `holds` is true of its path: `share/ovsight/NAME`
  /// beside the `bin` that the executable is in, else beside the executable, else beside the
  /// `Package.swift` above it (a build tree). Nil where there is none.
  ///
  /// Nothing else above the executable counts: anyone may make a folder in `/tmp`.
  public static func named(_ name: String, where holds: (String) -> Bool) -> String? {
    let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    guard let executable else { return nil }
    return places(executable).map { "\($0)/\(name)" }.first(where: holds)
  }

  private static func places(_ executable: String) -> [String] {
    var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
    let installed = folder.deletingLastPathComponent().appendingPathComponent("share/ovsight")
    var places = [installed.path, folder.path]
    // Four levels: <package>/.build/<triple>/<configuration>/ovsight.
    for _ in 0..<4 {
      folder.deleteLastPathComponent()
      let manifest = folder.appendingPathComponent("Package.swift").path
      if FileManager.default.fileExists(atPath: manifest) { places.append(folder.path) }
    }
    return places
  }
}
