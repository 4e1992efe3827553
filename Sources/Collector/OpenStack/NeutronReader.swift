// Intent: what Neutron, Nova and Keystone were asked for, through their APIs, page by page, as JSON
// files in `neutron/`. Fed by OpenStackSession; read again by CaptureFolder.
import Foundation

public enum NeutronReader {
  /// Reads the cloud of `settings` into `folder/neutron/`; gives what could not be read, a line each.
  ///
  /// Throws only where the folder cannot be written.
  public static func read(_ settings: CloudSettings, into folder: String) async throws -> [String] {
    do {
      let session = try await OpenStackSession(settings)
      try Folders.make("neutron", below: folder)
      var reader = CloudReader(session: session, folder: "\(folder)/neutron")
      try await reader.readNetworks()
      try await reader.readNames()
      return reader.problems
    } catch let error as DiskError {
      throw error
    } catch {
      return ["neutron: \(error)"]
    }
  }
}

private struct CloudReader {
  let session: OpenStackSession
  let folder: String
  var problems: [String] = []

  /// Collections of every Neutron; a cloud that lacks one of the second kind lacks the extension.
  private static let expected = [
    "networks", "subnets", "ports", "routers", "floatingips", "security-groups",
    "security-group-rules", "agents",
  ]
  private static let optional = [
    "extensions", "subnetpools", "trunks", "address-scopes", "address-groups", "rbac-policies",
    "service-providers",
  ]
  /// A page's size; Neutron's `pagination_max_limit` may make it smaller.
  private static let pageSize = 500
  /// A cloud whose `next` never ends is given up.
  private static let maximumPages = 10_000
  private static let parallelRequests = 8

  mutating func readNetworks() async throws {
    guard let base = session.endpoint(.network) else {
      problems.append("neutron: the catalogue of services has no endpoint of type network")
      return
    }
    var items: [String: [JSONItem]] = [:]
    for resource in Self.expected + Self.optional {
      let isExpected = Self.expected.contains(resource)
      items[resource] = try await collection(resource, base, isExpected: isExpected)
    }
    let details = [
      ("floatingips", "port_forwardings", "port_forwardings"), ("routers", "l3-agents", "agents"),
      ("networks", "dhcp-agents", "agents"),
    ]
    for (resource, detail, key) in details {
      try await readDetails(
        detail, key, of: items[resource] ?? [], base.appendingPathComponent(resource))
    }
  }

  /// Names and hosts of servers, names of projects: what people call things.
  mutating func readNames() async throws {
    if let base = session.endpoint(.compute) {
      let url = base.appendingPathComponent("servers/detail")
      let kept = [
        "id", "name", "status", "tenant_id", "OS-EXT-SRV-ATTR:host",
        "OS-EXT-SRV-ATTR:hypervisor_hostname", "OS-EXT-SRV-ATTR:instance_name",
      ]
      try await named("servers", url, query: ["all_tenants": "1"], kept)
    }
    if let base = session.endpoint(.identity) {
      try await named(
        "projects", base.appendingPathComponent("projects"), query: [:],
        ["id", "name", "domain_id", "enabled", "is_domain"])
    }
  }

  private mutating func collection(
    _ resource: String, _ base: URL, isExpected: Bool
  ) async throws -> [JSONItem] {
    let key = resource.replacing("-", with: "_")
    do {
      let items = try await pages(base.appendingPathComponent(resource), key: key, query: [:])
      try write(items, key: key, to: "\(resource).json")
      return items
    } catch let error as HTTPStatusError where error.status == 404 && !isExpected {
      return []
    } catch let error as DiskError {
      throw error
    } catch {
      problems.append("neutron/\(resource).json: \(error)")
      return []
    }
  }

  private mutating func named(
    _ key: String, _ url: URL, query: [String: String], _ kept: [String]
  ) async throws {
    do {
      let items = try await pages(url, key: key, query: query)
      try write(items.map { $0.keeping(kept) }, key: key, to: "\(key).json")
    } catch let error as DiskError {
      throw error
    } catch {
      problems.append("neutron/\(key).json: \(error)")
    }
  }

  /// `/<resource>/<id>/<detail>` of each item; those that a cloud has no extension for are left out.
  private mutating func readDetails(
    _ detail: String, _ key: String, of items: [JSONItem], _ base: URL
  ) async throws {
    let ids = items.compactMap(\.id).filter { SafeName.component(Array($0.utf8)) != nil }
    guard !ids.isEmpty else { return }
    let session = session
    let answers = await withTaskGroup(of: (String, Result<[JSONItem], any Error>).self) { group in
      var waiting = ids[...]
      var answers: [(String, Result<[JSONItem], any Error>)] = []
      func startNext() {
        guard let id = waiting.popFirst() else { return }
        let url = base.appendingPathComponent(id).appendingPathComponent(detail)
        group.addTask {
          do {
            return (id, .success(try Self.items(try await session.get(url), key: key).items))
          } catch {
            return (id, .failure(error))
          }
        }
      }
      for _ in 0..<Self.parallelRequests { startNext() }
      while let answer = await group.next() {
        answers.append(answer)
        startNext()
      }
      return answers.sorted { $0.0 < $1.0 }
    }
    try Folders.make(detail, below: folder)
    for (id, answer) in answers {
      switch answer {
      case .success(let items): try write(items, key: key, to: "\(detail)/\(id).json")
      case .failure(let error):
        if let status = error as? HTTPStatusError, status.status == 404 { continue }
        problems.append("neutron/\(detail)/\(id).json: \(error)")
      }
    }
  }

  /// All pages; only the query of `next` is used, because an address behind a proxy may be another.
  private func pages(_ url: URL, key: String, query: [String: String]) async throws -> [JSONItem] {
    var result: [JSONItem] = []
    var marker: String?
    for _ in 0..<Self.maximumPages {
      var parts = URLComponents(url: url, resolvingAgainstBaseURL: false)
      let marked = marker.map { [URLQueryItem(name: "marker", value: $0)] } ?? []
      let own = query.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: $0.value) }
      let isPaged = key != "projects" && key != "extensions"
      let limit = isPaged ? [URLQueryItem(name: "limit", value: "\(Self.pageSize)")] : []
      let items = own + limit + marked
      parts?.queryItems = items.isEmpty ? nil : items
      guard let address = parts?.url else { break }
      let page = try Self.items(try await session.get(address), key: key)
      result += page.items
      guard page.hasNext, let last = page.items.last?.id, last != marker else { return result }
      marker = last
    }
    throw CollectionError("\(HTTPClient.shown(url)): more than \(Self.maximumPages) pages")
  }

  private static func items(
    _ data: Data, key: String
  ) throws -> (items: [JSONItem], hasNext: Bool) {
    let top = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
    guard let top, let list = top[key] as? [Any] else {
      throw CollectionError("answered without \(key)")
    }
    let links = (top["\(key)_links"] as? [[String: Any]]) ?? []
    let hasNext = links.contains { $0["rel"] as? String == "next" }
    return (try list.map(JSONItem.init), hasNext)
  }

  private func write(_ items: [JSONItem], key: String, to file: String) throws {
    try FileOutput(creating: "\(folder)/\(file)").write(JSONItem.document(items, key: key))
  }
}

/// One object of an answer, as JSON: something that may cross tasks.
struct JSONItem: Sendable {
  let id: String?
  private let text: Data

  init(_ value: Any) throws {
    id = (value as? [String: Any])?["id"] as? String
    text = try JSONSerialization.data(
      withJSONObject: value,
      options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes, .fragmentsAllowed])
  }

  /// Only these members.
  func keeping(_ names: [String]) -> JSONItem {
    guard let all = (try? JSONSerialization.jsonObject(with: text)) as? [String: Any] else {
      return self
    }
    return (try? JSONItem(all.filter { names.contains($0.key) })) ?? self
  }

  /// `{"networks": [ … ]}`, a member a line, so that evidence can point at it.
  static func document(_ items: [JSONItem], key: String) -> [UInt8] {
    var bytes = Array("{\"\(key)\": [".utf8)
    for (index, item) in items.enumerated() {
      bytes += Array((index == 0 ? "\n" : ",\n").utf8) + Array(item.text)
    }
    return bytes + Array("]}\n".utf8)
  }
}
