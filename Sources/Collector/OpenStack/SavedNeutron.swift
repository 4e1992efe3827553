// `--neutron FOLDER`: answers of the API that somebody saved, beside the nodes. Fed by the command
// line; read again by CaptureFolder.
import Formats

public enum SavedNeutron {
  /// Copies the JSON files of `source` (or of the `neutron/` in it) to `folder/neutron/`.
  ///
  /// Throws where there are none.
  public static func copy(_ source: String, into folder: String) throws {
    let capture = try CaptureFolder.read([source])
    let files = capture.files.filter { $0.description.node == nil }
    guard !files.isEmpty else {
      throw CollectionError(
        "\(source): holds no answer of Neutron's: wanted networks.json or ports.json")
    }
    try Folders.make(folder)
    for file in files {
      let path = file.description.path
      guard let slash = path.lastIndex(of: "/") else { continue }
      try Folders.make(path[..<slash], below: folder)
      try FileOutput(creating: "\(folder)/\(path)").write(file.bytes)
    }
  }
}
