// How to reach a cloud's APIs, as the openstack client finds it: `clouds.yaml` (and `secure.yaml`
// beside it) and `OS_*`. Source: openstacksdk's `config/loader.py`. Feeds KeystoneLogin.
import Yams

/// The settings of one cloud. A description of it would hold secrets, so it has none.
public struct CloudSettings: Sendable {
  /// `clouds.yaml`'s `auth`: `auth_url`, `username`, `password`, `project_name`, …
  var auth: [String: String] = [:]
  /// Everything beside it that is text: `auth_type`, `region_name`, `interface`, `cacert`, …
  var values: [String: String] = [:]

  init() {}

  /// `password` where nothing is said.
  var authType: String {
    if let type = values["auth_type"], !type.isEmpty { return type }
    if auth["application_credential_secret"] != nil { return "v3applicationcredential" }
    return auth["token"] != nil && auth["password"] == nil ? "token" : "password"
  }
  var region: String? { values["region_name"] }
  /// `public`, `internal` or `admin`; `internalURL` is the older spelling.
  var interface: String {
    let name = values["interface"] ?? values["endpoint_type"] ?? "public"
    return name.hasSuffix("URL") ? String(name.dropLast(3)) : name
  }
  var caFile: String? { values["cacert"] }
  var isVerified: Bool {
    !["false", "no", "0"].contains((values["verify"] ?? "true").lowercased())
      && !["true", "yes", "1"].contains((values["insecure"] ?? "false").lowercased())
  }
  /// `network_endpoint_override` and the like: used in place of the catalogue.
  func endpointOverride(_ service: String) -> String? {
    values["\(service)_endpoint_override"] ?? values["\(service)_endpoint"]
  }
}

extension CloudSettings {
  /// The settings of `name`; `envvars` is what `OS_*` say.
  ///
  /// Throws where no file names that cloud. `read` gives a file's text, nil where there is none.
  public static func named(
    _ name: String, environment: [String: String], read: (String) -> String?
  ) throws(CollectionError) -> CloudSettings {
    let fromEnvironment = environmentSettings(environment)
    if name == "envvars" {
      guard fromEnvironment.auth["auth_url"] != nil || fromEnvironment.auth["endpoint"] != nil
      else {
        throw CollectionError(
          "cloud envvars: OS_AUTH_URL is not set: wanted OS_*, or a cloud's name")
      }
      return fromEnvironment
    }
    var settings: CloudSettings?
    let places = paths(environment, variable: "OS_CLIENT_CONFIG_FILE", file: "clouds")
    if let (path, text) = first(places, read) {
      settings = try parse(text, path: path, cloud: name)
    }
    if let (path, text) = first(
      paths(environment, variable: "OS_CLIENT_SECURE_FILE", file: "secure"), read),
      let secure = try parse(text, path: path, cloud: name)
    {
      settings = settings.map { $0.merged(with: secure) } ?? secure
    }
    guard var settings else {
      throw CollectionError(
        "cloud \(name): not in clouds.yaml: looked in \(places.joined(separator: ", "))")
    }
    // Named clouds win over OS_*, but for the region that is asked for.
    if settings.region == nil { settings.values["region_name"] = fromEnvironment.region }
    return settings
  }

  private static func paths(
    _ environment: [String: String], variable: String, file: String
  ) -> [String] {
    if let path = environment[variable], !path.isEmpty { return [path] }
    let home = environment["HOME"] ?? "/root"
    let configuration = environment["XDG_CONFIG_HOME"] ?? "\(home)/.config"
    return [".", "\(configuration)/openstack", "/etc/openstack"].flatMap { folder in
      ["yaml", "yml", "json"].map { "\(folder)/\(file).\($0)" }
    }
  }

  private static func first(
    _ paths: [String], _ read: (String) -> String?
  ) -> (path: String, text: String)? {
    for path in paths {
      if let text = read(path) { return (path, text) }
    }
    return nil
  }

  /// Nil where the file does not name the cloud. Its text is never part of an error.
  private static func parse(
    _ text: String, path: String, cloud: String
  ) throws(CollectionError) -> CloudSettings? {
    let top: Node?
    do { top = try BoundedYAML.compose(text) } catch {
      throw CollectionError("\(path): no YAML: wanted clouds with auth")
    }
    guard let node = top?.mapping?["clouds"]?.mapping?[Node(cloud)]?.mapping else { return nil }
    if let profile = node["profile"]?.string ?? node["cloud"]?.string {
      throw CollectionError("\(path): cloud \(cloud): profile \(profile) is not read: wanted auth")
    }
    var settings = CloudSettings()
    for (key, value) in node {
      guard let name = key.string else { continue }
      if name == "auth" {
        for (key, value) in value.mapping ?? [:] {
          if let name = key.string, let text = value.scalar?.string { settings.auth[name] = text }
        }
      } else if let text = value.scalar?.string {
        settings.values[name] = text
      }
    }
    return settings
  }

  private func merged(with other: CloudSettings) -> CloudSettings {
    var result = self
    result.auth.merge(other.auth) { $1 }
    result.values.merge(other.values) { $1 }
    return result
  }

  /// `OS_PROJECT_NAME` → `project_name`; what concerns authentication goes to `auth`.
  private static func environmentSettings(_ environment: [String: String]) -> CloudSettings {
    var settings = CloudSettings()
    for (key, value) in environment where key.hasPrefix("OS_") && !value.isEmpty {
      let name = key.dropFirst(3).lowercased()
      if ofAuth.contains(name) {
        settings.auth[renamed[name] ?? name] = value
      } else {
        settings.values[renamed[name] ?? name] = value
      }
    }
    return settings
  }

  private static let renamed = [
    "tenant_name": "project_name", "tenant_id": "project_id", "url": "endpoint",
  ]
  private static let ofAuth: Set<String> = [
    "auth_url", "username", "user_id", "password", "token", "project_name", "project_id",
    "tenant_name", "tenant_id", "user_domain_name", "user_domain_id", "project_domain_name",
    "project_domain_id", "domain_name", "domain_id", "default_domain", "default_domain_id",
    "default_domain_name", "system_scope", "application_credential_id",
    "application_credential_name", "application_credential_secret", "endpoint", "url",
  ]
}
