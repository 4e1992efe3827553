// libxml2 behind a small value type: a document's elements, without network, entities or a document
// type, whose text comes from whoever wrote the file. Feeds LibvirtFormat.
import CLibXML2

/// An element with its attributes, its text and its children.
struct XMLElement: Sendable {
  /// Without prefix.
  let name: String
  /// Nil outside any namespace.
  let namespace: String?
  /// By local name.
  let attributes: [String: String]
  /// Its own text and CDATA, children's left out.
  let text: String
  let children: [XMLElement]
  let line: Int

  func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }
  func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
  /// The element at the end of a path of names.
  func descend(_ names: String...) -> XMLElement? {
    names.reduce(Optional(self)) { $0?.first($1) }
  }
}

/// Why a text is no document of ours, and where.
struct XMLError: Error, Hashable {
  let line: Int
  let message: String
}

enum XMLDocument {
  /// libxml2 itself refuses 256 levels; libvirt's documents have about 8.
  private static let maximumDepth = 100
  /// The largest domain XML is some 100 KB.
  private static let maximumBytes = 16 << 20

  /// Once, before any thread parses: libxml2 sets up its globals here.
  private static let isReady: Bool = {
    xmlInitParser()
    return true
  }()

  static func root(of bytes: [UInt8]) throws(XMLError) -> XMLElement {
    guard bytes.count <= maximumBytes else {
      throw XMLError(line: 1, message: "wanted at most \(maximumBytes >> 20) MiB")
    }
    guard isReady, let context = xmlNewParserCtxt() else {
      throw XMLError(line: 1, message: "no memory for a parser")
    }
    defer { xmlFreeParserCtxt(context) }
    // Entities stay unexpanded (no NOENT), nothing is loaded from outside (NONET, no DTDLOAD).
    let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue
    let quiet = options | XML_PARSE_NOWARNING.rawValue | XML_PARSE_NOCDATA.rawValue
    let document = bytes.withUnsafeBytes { buffer in
      buffer.withMemoryRebound(to: CChar.self) { text in
        xmlCtxtReadMemory(
          context, text.baseAddress, Int32(text.count), nil, nil, Int32(quiet))
      }
    }
    guard let document else { throw failure(of: context) }
    defer { xmlFreeDoc(document) }
    guard document.pointee.intSubset == nil else {
      throw XMLError(line: 1, message: "wanted no document type declaration")
    }
    guard let node = xmlDocGetRootElement(document) else {
      throw XMLError(line: 1, message: "wanted an element")
    }
    return try element(node, depth: 0)
  }

  private static func failure(of context: xmlParserCtxtPtr) -> XMLError {
    guard let error = xmlCtxtGetLastError(context) else {
      return XMLError(line: 1, message: "wanted an XML document")
    }
    let text = error.pointee.message.map { String(cString: $0) } ?? "wanted an XML document"
    let message = text.split(separator: "\n").first.map(String.init) ?? text
    return XMLError(line: max(1, Int(error.pointee.line)), message: message)
  }

  private static func element(
    _ node: xmlNodePtr, depth: Int
  ) throws(XMLError) -> XMLElement {
    let line = xmlGetLineNo(node)
    guard depth < maximumDepth else {
      throw XMLError(line: line, message: "wanted at most \(maximumDepth) levels")
    }
    var children: [XMLElement] = []
    var text = ""
    var next = node.pointee.children
    while let child = next {
      switch child.pointee.type {
      case XML_ELEMENT_NODE: children.append(try element(child, depth: depth + 1))
      case XML_TEXT_NODE, XML_CDATA_SECTION_NODE: text += string(child.pointee.content)
      default: break
      }
      next = child.pointee.next
    }
    let namespace = node.pointee.ns.map { string($0.pointee.href) }
    return XMLElement(
      name: string(node.pointee.name), namespace: namespace, attributes: attributes(of: node),
      text: text, children: children, line: line)
  }

  private static func attributes(of node: xmlNodePtr) -> [String: String] {
    var result: [String: String] = [:]
    var next = node.pointee.properties
    while let attribute = next {
      var value = ""
      var part = attribute.pointee.children
      while let piece = part {
        if piece.pointee.type == XML_TEXT_NODE { value += string(piece.pointee.content) }
        part = piece.pointee.next
      }
      result[string(attribute.pointee.name)] = value
      next = attribute.pointee.next
    }
    return result
  }

  private static func string(_ pointer: UnsafePointer<xmlChar>?) -> String {
    pointer.map { String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)) } ?? ""
  }
}
