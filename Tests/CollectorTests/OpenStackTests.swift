// Intent through the APIs: what clouds.yaml and OS_* mean, and reading from a small OpenStack of the
// test's own.
import Facts
import Formats
import Foundation
import Testing

@testable import Collector

@Suite struct CloudSettingsTests {
  private func settings(
    _ name: String, _ files: [String: String], _ environment: [String: String] = [:]
  ) throws -> CloudSettings {
    try CloudSettings.named(name, environment: environment) { files[$0] }
  }

  private static let clouds = """
    clouds:
      lab:
        auth:
          auth_url: https://keystone:5000/v3
          username: admin
          project_name: admin
          user_domain_name: Default
          project_domain_id: default
        region_name: here
        interface: internalURL
        cacert: /ca.pem
        verify: false
    """

  @Test func filesAreLookedForAsTheClientDoes() throws {
    let home = ["HOME": "/home/u"]
    let place = "/home/u/.config/openstack"
    let files = [
      "\(place)/clouds.yaml": Self.clouds,
      "\(place)/secure.yaml": "clouds: {lab: {auth: {password: x y}}}",
      "/etc/openstack/clouds.yaml": "clouds: {lab: {auth: {auth_url: wrong}}}",
    ]
    let cloud = try settings("lab", files, home)
    #expect(cloud.auth["auth_url"] == "https://keystone:5000/v3")
    #expect(cloud.auth["password"] == "x y")
    #expect(cloud.region == "here")
    #expect(cloud.interface == "internal")
    #expect(cloud.caFile == "/ca.pem")
    #expect(!cloud.isVerified)
    let other = try settings(
      "lab", ["/x.yaml": "clouds: {lab: {auth: {token: t}}}"], ["OS_CLIENT_CONFIG_FILE": "/x.yaml"])
    #expect(other.authType == "token")
    #expect(other.isVerified)
  }

  @Test func theEnvironmentIsACloudOfItsOwn() throws {
    let environment = [
      "OS_AUTH_URL": "http://k:5000", "OS_USERNAME": "u", "OS_PASSWORD": "p",
      "OS_TENANT_NAME": "old", "OS_REGION_NAME": "far", "OS_ENDPOINT_TYPE": "adminURL",
    ]
    let cloud = try settings("envvars", [:], environment)
    #expect(cloud.auth["project_name"] == "old")
    #expect(cloud.interface == "admin")
    #expect(cloud.region == "far")
    #expect(
      throws: CollectionError(
        "cloud envvars: OS_AUTH_URL is not set: wanted OS_*, or a cloud's name")
    ) {
      try settings("envvars", [:])
    }
    #expect(
      throws: CollectionError("cloud x: not in clouds.yaml: looked in /c.yaml")
    ) { try settings("x", ["/c.yaml": Self.clouds], ["OS_CLIENT_CONFIG_FILE": "/c.yaml"]) }
  }

  @Test func requestsSayWhoAndFor() throws {
    func body(_ auth: [String: String], _ values: [String: String] = [:]) throws -> String {
      var cloud = CloudSettings()
      cloud.auth = auth
      cloud.values = values
      let object = try JSONSerialization.jsonObject(with: try KeystoneRequest.body(cloud))
      let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
      return String(decoding: data, as: UTF8.self)
    }
    #expect(
      try body(["username": "u", "password": "p", "project_name": "j", "user_domain_name": "D"])
        == #"{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"D"},"name":"u","password":"p"}}},"scope":{"project":{"domain":{"id":"default"},"name":"j"}}}}"#
    )
    #expect(
      try body(["application_credential_id": "i", "application_credential_secret": "s"])
        == #"{"auth":{"identity":{"application_credential":{"id":"i","secret":"s"},"methods":["application_credential"]}}}"#
    )
    #expect(throws: CollectionError("no password: wanted auth.password or OS_PASSWORD")) {
      try body(["username": "u"])
    }
    #expect(
      throws: CollectionError(
        "auth_type v3kerberos: not known: wanted password, token, v3applicationcredential or none")
    ) { try body([:], ["auth_type": "v3kerberos"]) }
  }
}

/// The server of `openstack.py`, gone with the value.
private final class SmallOpenStack {
  let scratch: ScratchFolder
  let port: String
  private let process = Process()

  init?() throws {
    guard Shell.has("python3") else { return nil }
    scratch = try ScratchFolder()
    let program = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "openstack.py")
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", program.path(), scratch.file("ready")]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    var port: String?
    for _ in 0..<200 where port == nil {
      port = scratch.text("ready")
      if port == nil { usleep(100_000) }
    }
    guard let port else { return nil }
    self.port = port
  }
  // Test threads block SIGTERM, and children inherit that.
  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  func settings(password: String = "pa55-S3cr3t", region: String = "here") -> CloudSettings {
    var cloud = CloudSettings()
    cloud.auth = [
      "auth_url": "http://127.0.0.1:\(port)/identity", "username": "admin", "password": password,
      "project_name": "admin",
    ]
    cloud.values = ["region_name": region]
    return cloud
  }
}

@Suite struct NeutronReaderTests {
  @Test func everythingIsReadPageByPage() async throws {
    guard let cloud = try SmallOpenStack() else { return }
    let folder = cloud.scratch.file("captures")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let problems = try await NeutronReader.read(cloud.settings(), into: folder)
    #expect(
      problems == [
        "neutron/agents.json: http://127.0.0.1:\(cloud.port)/network/v2.0/agents: HTTP 403 (not allowed)"
      ])
    let facts = CloudFacts(parsing: try CaptureFolder.read([folder]))
    #expect(facts.neutron.networks.records.count == 1201)
    #expect(facts.neutron.networks.isKnown)
    #expect(facts.neutron.routerAgents.count == 1)
    #expect(facts.neutron.dhcpAgents.count == 1201)
    #expect(facts.gaps.map(\.description).contains("neutron/agents.json: missing"))
    let log = cloud.scratch.text("ready.log") ?? ""
    #expect(log.contains("GET /network/v2.0/networks?limit=500\n"))
    #expect(log.contains("GET /network/v2.0/networks?limit=500&marker=net-999\n"))
    // Only names, hosts and ids of servers: nobody's user data; and no credential anywhere.
    let servers = cloud.scratch.text("captures/neutron/servers.json") ?? ""
    #expect(servers.contains("\"cmp1\""))
    let files = cloud.scratch.everything().filter { $0.key.hasPrefix("captures/") }
    #expect(!files.values.contains { $0.contains("S3cr3t") })
    #expect(cloud.scratch.text("captures/neutron/projects.json")?.contains("tenant") == true)
  }

  @Test func whoIsNotLetInSaysSoWithoutTheSecret() async throws {
    guard let cloud = try SmallOpenStack() else { return }
    let folder = cloud.scratch.file("captures")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let wrong = try await NeutronReader.read(cloud.settings(password: "wr0ng"), into: folder)
    #expect(
      wrong == [
        "neutron: http://127.0.0.1:\(cloud.port)/identity/v3/auth/tokens: HTTP 401 (not logged in)"
      ])
    let nowhere = try await NeutronReader.read(cloud.settings(region: "none"), into: folder)
    #expect(
      nowhere.first == "neutron: the catalogue of services has no endpoint of type network")
    var gone = cloud.settings()
    gone.auth["auth_url"] = "http://u:s3cr3t@127.0.0.1:1/v3"
    let problems = try await NeutronReader.read(gone, into: folder)
    #expect(
      problems.first?.hasPrefix("neutron: http://127.0.0.1:1/v3/auth/tokens: no answer: ") == true)
  }
}
