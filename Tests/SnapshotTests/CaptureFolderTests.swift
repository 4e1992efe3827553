// Reading capture folders: what is one, what goes wrong with one, and what becomes a gap.
import Facts
import Formats
import Foundation
import NetworkTypes
import Testing

@Suite struct CaptureFolderTests {
  private func error(_ folders: [String]) -> String? {
    do throws(CaptureError) {
      _ = try CaptureFolder.read(folders)
      return nil
    } catch { return error.description }
  }

  @Test func aFolderThatIsNoCaptureSaysWhatWasWanted() throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    #expect(
      error(["\(path)/none"]) == "\(path)/none: no such folder: wanted a capture folder")
    #expect(
      error([path]) == "\(path): is empty: wanted one folder a node "
        + "(commands.tsv, root/, ns/, ovs/, files/) and neutron/, or sosreports")
    try folder.write("hello", "notes/readme.txt")
    #expect(
      error([path]) == "\(path): holds no capture: wanted one folder a node "
        + "(commands.tsv, root/, ns/, ovs/, files/) and neutron/, or sosreports")
    let file = try folder.write("hello", "file")
    #expect(error([file]) == "\(file): not a folder: wanted a capture folder")
  }

  @Test func foldersMergeAndASingleNodeIsOne() throws {
    let folder = try TemporaryFolder()
    try folder.write("alpha\n", "one/alpha/root/hostname.txt")
    try folder.write("beta\n", "beta/root/hostname.txt")
    try folder.write("{\"networks\": []}", "api/networks.json")
    let capture = try CaptureFolder.read([
      folder.file("one"), folder.file("beta"), folder.file("api"),
    ])
    #expect(capture.sources == ["one", "beta", "api"])
    #expect(capture.nodes == ["alpha", "beta"])
    #expect(
      capture.files.map { "\($0.description.node?.rawValue ?? "-") \($0.description.path)" } == [
        "- neutron/networks.json", "alpha root/hostname.txt", "beta root/hostname.txt",
      ])
    #expect(CloudFacts(parsing: capture).nodes.map(\.hostname) == ["alpha", "beta"])
  }

  @Test func aNodeStandsInOneFolderOnly() throws {
    let folder = try TemporaryFolder()
    try folder.write("x\n", "one/alpha/root/hostname.txt")
    try folder.write("x\n", "two/alpha/root/hostname.txt")
    let (one, two) = (folder.file("one"), folder.file("two"))
    #expect(
      error([one, two])
        == "\(two): node alpha is also in \(one): wanted each node in one folder only")
  }

  @Test func linksAreFollowedInsideOnlyAndPipesNotAtAll() throws {
    let folder = try TemporaryFolder()
    let outside = try folder.write("secret", "outside")
    try folder.write("alpha\n", "cloud/alpha/root/hostname.txt")
    let root = folder.file("cloud/alpha/root")
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: "\(root)/date.txt", withDestinationPath: outside)
    try manager.createSymbolicLink(
      atPath: "\(root)/uname_-a.txt", withDestinationPath: "hostname.txt")
    #expect(mkfifo("\(root)/ps.txt", 0o600) == 0)
    let capture = try CaptureFolder.read([folder.file("cloud")])
    #expect(
      capture.files.map(\.description.path) == ["root/hostname.txt", "root/uname_-a.txt"])
    #expect(
      capture.unreadable.map(\.description) == [
        "alpha root/date.txt: a symbolic link out of the folder, not followed",
        "alpha root/ps.txt: neither a file nor a folder to read",
      ])
  }

  @Test func secretsAreMaskedBeforeAnythingIsKept() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      """
      [DEFAULT]
      transport_url = rabbit://user:hunter2@mq1:5672,user:hunter3@mq2:5672/
      metadata_proxy_shared_secret = hunter4
      # admin_password is set elsewhere
      host = alpha

      """, "alpha/files/etc/neutron/neutron.conf")
    try folder.write("x\n", "alpha/root/hostname.txt")
    let capture = try CaptureFolder.read([folder.path])
    #expect(
      capture.files.first { $0.description.path.hasPrefix("files/") }?.text == """
        [DEFAULT]
        transport_url = rabbit://user:***@mq2:5672/
        metadata_proxy_shared_secret = ***
        # admin_password is set elsewhere
        host = alpha

        """)
  }

  @Test(arguments: [
    ("password = a b", "password = ***"), ("auth_pass hunter", "auth_pass ***"),
    ("<graphics type='vnc' passwd='hunter'/>", "<graphics type='vnc' passwd='***'/>"),
    ("<secret type='iscsi' usage='x'/>", "<secret type='iscsi' usage='x'/>"),
    ("SERVICE_PASSWORD: hunter", "SERVICE_PASSWORD: ***"), ("tokens", "tokens"),
    ("mysql://n:p/@@db/neutron", "mysql://n:***@db/neutron"), ("http://db/a@b", "http://***@b"),
  ]) func masks(_ line: String, _ masked: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(line, "alpha/files/etc/x.conf")
    try folder.write("x\n", "alpha/root/hostname.txt")
    let capture = try CaptureFolder.read([folder.path])
    #expect(capture.files.first { $0.description.path == "files/etc/x.conf" }?.text == masked)
  }
}
