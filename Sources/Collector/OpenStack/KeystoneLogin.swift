// Keystone v3: a token and the catalogue of endpoints. Fed by CloudSettings; feeds OpenStackSession.
import Foundation

/// The request of `POST /v3/auth/tokens`, as text of JSON.
enum KeystoneRequest {
  static func body(_ settings: CloudSettings) throws(CollectionError) -> Data {
    var identity: [String: Any] = [:]
    switch settings.authType {
    case "password", "v3password":
      guard let password = settings.auth["password"] else {
        throw CollectionError("no password: wanted auth.password or OS_PASSWORD")
      }
      var user = try user(settings)
      user["password"] = password
      identity = ["methods": ["password"], "password": ["user": user]]
    case "token", "v3token":
      guard let token = settings.auth["token"] else {
        throw CollectionError("no token: wanted auth.token or OS_TOKEN")
      }
      identity = ["methods": ["token"], "token": ["id": token]]
    case "v3applicationcredential":
      identity = try applicationCredential(settings)
    default:
      throw CollectionError(
        "auth_type \(settings.authType): not known: wanted password, token, "
          + "v3applicationcredential or none")
    }
    var auth: [String: Any] = ["identity": identity]
    if settings.authType != "v3applicationcredential", let scope = scope(settings) {
      auth["scope"] = scope
    }
    do {
      return try JSONSerialization.data(withJSONObject: ["auth": auth])
    } catch {
      throw CollectionError("the credentials cannot be written as JSON")
    }
  }

  private static func user(_ settings: CloudSettings) throws(CollectionError) -> [String: Any] {
    if let id = settings.auth["user_id"] { return ["id": id] }
    guard let name = settings.auth["username"] else {
      throw CollectionError("no user: wanted auth.username or OS_USERNAME")
    }
    return ["name": name, "domain": domain("user_domain", settings)]
  }

  private static func applicationCredential(
    _ settings: CloudSettings
  ) throws(CollectionError) -> [String: Any] {
    guard let secret = settings.auth["application_credential_secret"] else {
      throw CollectionError("no application_credential_secret")
    }
    var credential: [String: Any] = ["secret": secret]
    if let id = settings.auth["application_credential_id"] {
      credential["id"] = id
    } else {
      credential["name"] = settings.auth["application_credential_name"] ?? ""
      credential["user"] = try user(settings)
    }
    return ["methods": ["application_credential"], "application_credential": credential]
  }

  private static func scope(_ settings: CloudSettings) -> [String: Any]? {
    if settings.auth["system_scope"] != nil { return ["system": ["all": true]] }
    if let id = settings.auth["project_id"] { return ["project": ["id": id]] }
    if let name = settings.auth["project_name"] {
      return ["project": ["name": name, "domain": domain("project_domain", settings)]]
    }
    if let id = settings.auth["domain_id"] { return ["domain": ["id": id]] }
    return settings.auth["domain_name"].map { ["domain": ["name": $0]] }
  }

  private static func domain(_ kind: String, _ settings: CloudSettings) -> [String: Any] {
    let auth = settings.auth
    if let id = auth["\(kind)_id"] { return ["id": id] }
    if let name = auth["\(kind)_name"] { return ["name": name] }
    if let name = auth["default_domain_name"] { return ["name": name] }
    return ["id": auth["default_domain_id"] ?? auth["default_domain"] ?? "default"]
  }
}

/// `token.catalog` of Keystone's answer.
struct ServiceCatalog: Decodable, Sendable {
  struct Endpoint: Decodable, Sendable {
    let interface: String
    let region: String?
    let regionID: String?
    let url: String

    private enum CodingKeys: String, CodingKey {
      case interface, region, url
      case regionID = "region_id"
    }
  }
  struct Service: Decodable, Sendable {
    let type: String
    let endpoints: [Endpoint]
  }
  struct Token: Decodable, Sendable {
    let catalog: [Service]?
  }
  let token: Token

  /// Nil where the service has no endpoint of that interface in that region.
  func url(of type: String, interface: String, region: String?) -> String? {
    let services = (token.catalog ?? []).filter { $0.type == type }
    return services.flatMap(\.endpoints).first { endpoint in
      endpoint.interface == interface
        && (region == nil || endpoint.regionID == region || endpoint.region == region)
    }?.url
  }
}
