// Requests to OpenStack's APIs: GET only, but for the one that asks Keystone for a token. Feeds
// NeutronReader. Neither token nor password is ever part of an error or a file.
import Foundation

/// A logged-in session.
struct OpenStackSession: Sendable {
  private let http: HTTPClient
  private let token: String?
  private let catalog: ServiceCatalog?
  private let settings: CloudSettings

  init(_ settings: CloudSettings) async throws {
    self.settings = settings
    let http = HTTPClient(settings)
    self.http = http
    if settings.authType == "none" || settings.authType == "admin_token" {
      token = settings.auth["token"]
      catalog = nil
      return
    }
    guard let address = settings.auth["auth_url"], let base = URL(string: address) else {
      throw CollectionError("no auth_url: wanted auth.auth_url or OS_AUTH_URL")
    }
    let answer = try await http.send(
      to: Self.identity(base).appendingPathComponent("auth/tokens"),
      headers: ["Content-Type": "application/json"], body: try KeystoneRequest.body(settings))
    guard let token = answer.headers["x-subject-token"] else {
      throw CollectionError("\(HTTPClient.shown(base)): answered without a token")
    }
    self.token = token
    do {
      catalog = try JSONDecoder().decode(ServiceCatalog.self, from: answer.body)
    } catch {
      throw CollectionError("\(HTTPClient.shown(base)): answered without a catalogue of services")
    }
  }

  /// The API's address; nil where the catalogue has none.
  func endpoint(_ service: Service) -> URL? {
    let override = service.names.lazy.compactMap(settings.endpointOverride).first
    let listed = catalog.flatMap { catalog in
      service.types.lazy.compactMap {
        catalog.url(of: $0, interface: settings.interface, region: settings.region)
      }.first
    }
    let single = catalog == nil && service == .network ? settings.auth["endpoint"] : nil
    guard let text = override ?? listed ?? single, let url = URL(string: text) else {
      return service == .identity ? identityEndpoint : nil
    }
    return service == .network ? Self.network(url) : service == .identity ? Self.identity(url) : url
  }

  private var identityEndpoint: URL? {
    catalog == nil ? nil : settings.auth["auth_url"].flatMap { URL(string: $0) }.map(Self.identity)
  }

  func get(_ url: URL) async throws -> Data {
    var headers = ["Accept": "application/json"]
    if let token { headers["X-Auth-Token"] = token }
    return try await http.send(to: url, headers: headers).body
  }

  enum Service: Hashable, Sendable {
    case network, compute, identity
    var types: [String] {
      switch self {
      case .network: ["network"]
      case .compute: ["compute"]
      case .identity: ["identity"]
      }
    }
    var names: [String] { types }
  }

  /// Keystone's address with its version, which `auth_url` may lack.
  static func identity(_ base: URL) -> URL {
    let parts = base.path.split(separator: "/")
    if parts.last == "v3" { return base }
    let root = parts.last == "v2.0" ? base.deletingLastPathComponent() : base
    return root.appendingPathComponent("v3")
  }
  /// Neutron's is without its version in the catalogue.
  static func network(_ base: URL) -> URL {
    base.path.split(separator: "/").last == "v2.0" ? base : base.appendingPathComponent("v2.0")
  }
}
