// One row of the format catalogue: how a file is recognised, which parser reads it, and where in
// the facts its records go.
import Facts
import NetworkTypes

/// Where in `CloudFacts` a file's records belong.
package struct FactsPlace: Hashable, Sendable {
  /// Index into `CloudFacts.nodes`; nil for what belongs to no node.
  let node: Int?
  let place: FilePlace
}

/// A file that its parser has read and whose records are still to be put in their place.
struct ParsedFile: Sendable {
  let diagnostics: [Diagnostic]
  let coverage: Coverage
  let isIncomplete: Bool
  /// Puts the records into the facts, beside the gap where the file is not whole.
  let store: @Sendable (inout CloudFacts, FactsPlace, Gap?) -> Void
}

/// A row of the catalogue.
package struct CaptureFormat: Sendable {
  /// Stable, as rules and the snapshot's tables name it: `ip-addr`.
  package let name: String
  /// The file that the collector writes, relative to its place: what a gap is named by.
  let canonicalName: String
  /// Its absence is a gap, not a choice.
  let isExpected: Bool
  let matches: @Sendable (FilePlace, [CommandWords]) -> Bool
  /// Whether the format belongs to a place of this kind.
  let belongs: @Sendable (FilePlace) -> Bool
  let parse: @Sendable (CaptureText, CaptureFile) -> ParsedFile
  /// In its place where the bridge's port names are needed (`ovs-ofctl --names`): such files are
  /// read after all others.
  var parseNamed: (@Sendable (CaptureText, CaptureFile, SwitchNames) -> ParsedFile)?
  /// Sets the gap of the section where nothing was read for it; true where that was so.
  let markMissing: @Sendable (inout CloudFacts, FactsPlace, Gap) -> Bool
}

extension CaptureFormat {
  typealias Path<Root, Records: FactRecords> =
    WritableKeyPath<Root, FactSection<Records>> & Sendable

  /// A command's output in `root/` and in every `ns/<namespace>/`.
  static func namespace<Records>(
    _ name: String, _ canonicalName: String, isExpected: Bool = true, _ words: WordPattern,
    into path: Path<NamespaceFacts, Records>,
    _ parse: @escaping @Sendable (CaptureText) -> ParsedRecords<Records>
  ) -> CaptureFormat {
    section(
      name, canonicalName, isExpected, words, belongs: \.isNamespace, parse,
      access: { facts, place, change in
        guard let node = place.node, case .namespace(let name) = place.place else { return }
        change(
          &facts.nodes[node].namespaces[name, default: NamespaceFacts(name: name)][
            keyPath: path])
      })
  }

  /// A command's output that is there once a node, in `root/`.
  static func node<Records>(
    _ name: String, _ canonicalName: String, isExpected: Bool = true, _ words: WordPattern,
    into path: Path<NodeFacts, Records>,
    _ parse: @escaping @Sendable (CaptureText) -> ParsedRecords<Records>
  ) -> CaptureFormat {
    section(
      name, canonicalName, isExpected, words, belongs: \.isRoot, parse,
      access: { facts, place, change in
        guard let node = place.node else { return }
        change(&facts.nodes[node][keyPath: path])
      })
  }

  /// A command's output in `root/` that is about the initial namespace only.
  static func rootNamespace<Records>(
    _ name: String, _ canonicalName: String, isExpected: Bool = true, _ words: WordPattern,
    into path: Path<NamespaceFacts, Records>,
    _ parse: @escaping @Sendable (CaptureText) -> ParsedRecords<Records>
  ) -> CaptureFormat {
    section(
      name, canonicalName, isExpected, words, belongs: \.isRoot, parse,
      access: { facts, place, change in
        guard let node = place.node else { return }
        change(
          &facts.nodes[node].namespaces[.root, default: NamespaceFacts(name: .root)][
            keyPath: path])
      })
  }

  /// A command's output in `ovs/`.
  static func openVSwitch<Records>(
    _ name: String, _ canonicalName: String, isExpected: Bool = true, _ words: WordPattern,
    into path: Path<OpenVSwitchFacts, Records>,
    _ parse: @escaping @Sendable (CaptureText) -> ParsedRecords<Records>
  ) -> CaptureFormat {
    section(
      name, canonicalName, isExpected, words, belongs: \.isOpenVSwitch, parse,
      access: { facts, place, change in
        guard let node = place.node else { return }
        change(&facts.nodes[node].openVSwitch[keyPath: path])
      })
  }

  /// A command's output in `ovs/<bridge>/`.
  static func bridge<Records>(
    _ name: String, _ canonicalName: String, isExpected: Bool = true, _ words: WordPattern,
    into path: Path<SwitchBridgeFacts, Records>,
    _ parse: @escaping @Sendable (CaptureText) -> ParsedRecords<Records>
  ) -> CaptureFormat {
    section(
      name, canonicalName, isExpected, words, belongs: \.isBridge, parse,
      access: { facts, place, change in
        guard let node = place.node, case .bridge(let name) = place.place else { return }
        change(
          &facts.nodes[node].openVSwitch.bridges[name, default: SwitchBridgeFacts(name: name)][
            keyPath: path])
      })
  }

  /// The same for output that may name ports in place of their numbers.
  static func namedBridge<Records>(
    _ name: String, _ canonicalName: String, isExpected: Bool = true, _ words: WordPattern,
    into path: Path<SwitchBridgeFacts, Records>,
    _ parse: @escaping @Sendable (CaptureText, SwitchNames) -> ParsedRecords<Records>
  ) -> CaptureFormat {
    var format = bridge(name, canonicalName, isExpected: isExpected, words, into: path) {
      parse($0, SwitchNames())
    }
    format.parseNamed = { text, file, names in
      parsedFile(parse(text, names), file, .replace) { facts, place, change in
        guard let node = place.node, case .bridge(let name) = place.place else { return }
        change(
          &facts.nodes[node].openVSwitch.bridges[name, default: SwitchBridgeFacts(name: name)][
            keyPath: path])
      }
    }
    return format
  }

  /// An answer of Neutron's API: `neutron/<resource>.json` or `neutron/<resource>/<id>.json`.
  static func neutron<Records>(
    _ resource: String, isExpected: Bool = true, into path: Path<NeutronFacts, Records>,
    _ parse: @escaping @Sendable (CaptureText) -> ParsedRecords<Records>
  ) -> CaptureFormat {
    let spellings = [resource, resource.replacing("-", with: "_")]
    let access: SectionAccess<Records> = { facts, _, change in
      change(&facts.neutron[keyPath: path])
    }
    return CaptureFormat(
      name: "neutron-\(resource)", canonicalName: "\(resource).json", isExpected: isExpected,
      matches: { place, _ in
        guard case .neutron(let path) = place, path.hasSuffix(".json") else { return false }
        return spellings.contains { path == "\($0).json" || path.hasPrefix("\($0)/") }
      },
      belongs: \.isNeutron,
      parse: { text, file in parsedFile(parse(text), file, .merge, access) },
      markMissing: { facts, place, gap in markMissing(&facts, place, gap, access) })
  }

  /// A copied file whose records go wherever `store` puts them; its absence is never a gap.
  static func copy<Record>(
    _ name: String, where matches: @escaping @Sendable (String) -> Bool,
    _ parse: @escaping @Sendable (CaptureText, String) -> Parsed<Record>,
    store: @escaping @Sendable (inout NodeFacts, [Record], Gap?, CaptureFileID) -> Void
  ) -> CaptureFormat {
    CaptureFormat(
      name: name, canonicalName: name, isExpected: false,
      matches: { place, _ in if case .copy(let path) = place { matches(path) } else { false } },
      belongs: \.isCopy,
      parse: { text, file in
        let parsed = parse(text, "/" + file.path.dropFirst("files/".count))
        return ParsedFile(
          diagnostics: parsed.diagnostics, coverage: parsed.coverage,
          isIncomplete: parsed.isIncomplete
        ) { facts, place, gap in
          guard let node = place.node else { return }
          store(&facts.nodes[node], parsed.records, gap, file.id)
        }
      },
      markMissing: { _, _, _ in false })
  }

  /// A command's output that becomes no section, in a place that `belongs` holds for.
  static func plain<Record>(
    _ name: String, _ canonicalName: String, _ words: WordPattern?,
    belongs: @escaping @Sendable (FilePlace) -> Bool,
    _ parse: @escaping @Sendable (CaptureText) -> Parsed<Record>,
    store: @escaping @Sendable (inout CloudFacts, FactsPlace, [Record], Gap?) -> Void = {
      _, _, _, _ in
    }
  ) -> CaptureFormat {
    CaptureFormat(
      name: name, canonicalName: canonicalName, isExpected: false,
      matches: { place, commands in
        belongs(place) && (words.map { words in commands.contains(where: words.matches) } ?? true)
      },
      belongs: belongs,
      parse: { text, _ in
        let parsed = parse(text)
        return ParsedFile(
          diagnostics: parsed.diagnostics, coverage: parsed.coverage,
          isIncomplete: parsed.isIncomplete
        ) { facts, place, gap in store(&facts, place, parsed.records, gap) }
      },
      markMissing: { _, _, _ in false })
  }
}

extension CaptureFormat {
  /// Hands the section of a place to a change.
  fileprivate typealias SectionAccess<Records: FactRecords> =
    @Sendable (inout CloudFacts, FactsPlace, (inout FactSection<Records>) -> Void) -> Void

  private static func section<Records>(
    _ name: String, _ canonicalName: String, _ isExpected: Bool, _ words: WordPattern,
    belongs: @escaping @Sendable (FilePlace) -> Bool,
    _ parse: @escaping @Sendable (CaptureText) -> ParsedRecords<Records>,
    access: @escaping SectionAccess<Records>
  ) -> CaptureFormat {
    CaptureFormat(
      name: name, canonicalName: canonicalName, isExpected: isExpected,
      matches: { place, commands in
        belongs(place) && commands.contains(where: words.matches)
      },
      belongs: belongs,
      parse: { text, file in parsedFile(parse(text), file, .replace, access) },
      markMissing: { facts, place, gap in markMissing(&facts, place, gap, access) })
  }

  /// What happens where two files speak of one section.
  fileprivate enum Repetition {
    /// Two spellings of one command: the later row of the catalogue is the better one.
    case replace
    /// Parts of one answer: records add up.
    case merge
  }

  private static func parsedFile<Records>(
    _ parsed: ParsedRecords<Records>, _ file: CaptureFile, _ repetition: Repetition,
    _ access: @escaping SectionAccess<Records>
  ) -> ParsedFile {
    ParsedFile(
      diagnostics: parsed.diagnostics, coverage: parsed.coverage,
      isIncomplete: parsed.isIncomplete
    ) { facts, place, gap in
      access(&facts, place) { section in
        let made = FactSection(records: parsed.records, gap: gap, file: file.id)
        if section.file == nil {
          section = made
        } else if repetition == .merge {
          section.records += made.records
          section.gap = section.gap ?? gap
        } else if gap == nil || !section.isKnown {
          section = made
        }
      }
    }
  }

  private static func markMissing<Records>(
    _ facts: inout CloudFacts, _ place: FactsPlace, _ gap: Gap,
    _ access: SectionAccess<Records>
  ) -> Bool {
    var wasUnread = false
    access(&facts, place) { section in
      // An unread section's gap has no path; one that has was set by an unreadable file.
      guard section.file == nil, section.gap?.path == "" else { return }
      section.gap = gap
      wasUnread = true
    }
    return wasUnread
  }
}
