// Requests to OpenStack's APIs: GET only, but for the one that asks Keystone for a token. Feeds
// NeutronReader. Neither token nor password is ever part of an error or a file.
import Foundation
import FoundationNetworking

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
    var request = URLRequest(url: Self.identity(base).appendingPathComponent("auth/tokens"))
    request.httpMethod = "POST"
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.httpBody = try KeystoneRequest.body(settings)
    let answer = try await http.send(request)
    guard let token = answer.response.value(forHTTPHeaderField: "X-Subject-Token") else {
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
    var request = URLRequest(url: url)
    request.setValue("application/json", forHTTPHeaderField: "Accept")
    if let token { request.setValue(token, forHTTPHeaderField: "X-Auth-Token") }
    return try await http.send(request).body
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

/// URLSession with what clouds.yaml says of certificates; follows no redirection, which would take
/// the token elsewhere.
struct HTTPClient: Sendable {
  struct Answer: Sendable {
    let response: HTTPURLResponse
    let body: Data
  }
  /// The answer of a large cloud's ports is some ten megabytes a page.
  private static let maximumBytes = 256 << 20
  private let session: URLSession

  init(_ settings: CloudSettings) {
    // Foundation on Linux reads both from its environment only.
    if !settings.isVerified {
      setenv("URLSessionCertificateAuthorityInfoFile", "INSECURE_SSL_NO_VERIFY", 1)
    } else if let file = settings.caFile {
      setenv("URLSessionCertificateAuthorityInfoFile", file, 1)
    }
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = 60
    configuration.httpCookieStorage = nil
    configuration.urlCache = nil
    session = URLSession(
      configuration: configuration, delegate: RedirectionRefusal(), delegateQueue: nil)
  }

  /// Throws for anything but success, with the address but without its query.
  func send(_ request: URLRequest) async throws -> Answer {
    let shown = request.url.map(Self.shown) ?? "?"
    let data: Data
    let response: URLResponse
    do {
      (data, response) = try await session.data(for: request)
    } catch {
      let text = (error as? URLError)?.localizedDescription ?? "no answer"
      throw CollectionError("\(shown): no answer: \(SafeName.firstLine(Array(text.utf8)))")
    }
    guard let response = response as? HTTPURLResponse else {
      throw CollectionError("\(shown): no HTTP: wanted an OpenStack API")
    }
    guard (200..<300).contains(response.statusCode) else {
      throw HTTPStatusError(address: shown, status: response.statusCode)
    }
    guard data.count <= Self.maximumBytes else {
      throw CollectionError("\(shown): answered \(data.count) bytes, not read")
    }
    return Answer(response: response, body: data)
  }

  /// Without query, user and password.
  static func shown(_ url: URL) -> String {
    let port = url.port.map { ":\($0)" } ?? ""
    return "\(url.scheme ?? "")://\(url.host ?? "")\(port)\(url.path)"
  }
}

struct HTTPStatusError: Error, Hashable, CustomStringConvertible {
  let address: String
  let status: Int
  var description: String {
    let meaning = [401: "not logged in", 403: "not allowed", 404: "not there"][status]
    return "\(address): HTTP \(status)\(meaning.map { " (\($0))" } ?? "")"
  }
}

private final class RedirectionRefusal: NSObject, URLSessionTaskDelegate {
  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }
}
