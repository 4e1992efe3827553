// Inventories as operators have them, and what is run for each node.
import ProcessorTime
import Testing

@testable import Collector

@Suite struct InventoryTests {
  private func lines(
    _ text: String, file: String = "hosts", groups: [String] = [], isRaised: Bool = false
  ) throws -> [String] {
    let targets = try Inventory.targets(text, file: file, groups: groups, isRaised: isRaised)
    return targets.map { target in
      let call = target.call(SSHSettings())
      let common = call.program == "ssh" ? SSHSettings().arguments.count : 0
      let words = [call.program] + call.arguments.dropFirst(common)
      return "\(target.name): " + words.joined(separator: " ")
    }
  }
  private func error(_ text: String, file: String = "hosts", groups: [String] = []) -> String? {
    do {
      _ = try Inventory.targets(text, file: file, groups: groups, isRaised: false)
      return nil
    } catch { return "\(error)" }
  }

  @Test func aPlainListIsAHostALine() throws {
    let text = """
      # nodes
      cmp1
      root@cmp2:2222
      """
    #expect(
      try lines(text, isRaised: true) == [
        "cmp1: ssh -- cmp1 sudo -n sh -s", "cmp2: ssh -p 2222 -- root@cmp2 sudo -n sh -s",
      ])
  }

  @Test func ansibleINI() throws {
    let text = """
      lonely ansible_connection=local

      [network]
      net[01:03:2] ansible_user=ops ansible_port=2201

      [compute]
      cmp1 ansible_host=10.0.0.21 ansible_become=yes  # first
      rack[a:b]-1

      [cloud:children]
      network
      compute

      [cloud:vars]
      ansible_user = "stack"
      ansible_ssh_common_args = -o ProxyJump=jump -o "User Known=x"

      [other]
      db1
      """
    #expect(
      try lines(text, file: "inventory.ini", groups: ["cloud"]) == [
        "net01: ssh -p 2201 -o ProxyJump=jump -o User Known=x -- ops@net01 sh -s",
        "net03: ssh -p 2201 -o ProxyJump=jump -o User Known=x -- ops@net03 sh -s",
        "cmp1: ssh -o ProxyJump=jump -o User Known=x -- stack@10.0.0.21 sudo -n sh -s",
        "racka-1: ssh -o ProxyJump=jump -o User Known=x -- stack@racka-1 sh -s",
        "rackb-1: ssh -o ProxyJump=jump -o User Known=x -- stack@rackb-1 sh -s",
      ])
    #expect(try lines(text, file: "inventory.ini").first == "lonely: sh -s")
    #expect(
      error(text, groups: ["nowhere"])
        == "hosts: no group nowhere: wanted one of cloud, compute, network, other")
  }

  @Test func ansibleYAML() throws {
    let text = """
      all:
        vars: {ansible_user: stack}
        children:
          compute:
            hosts:
              cmp[1:2]:
                ansible_ssh_private_key_file: /k
            vars:
              ansible_become: true
          controllers:
            hosts:
              ctl1:
                ansible_user: root
      """
    #expect(
      try lines(text, file: "inventory.yml") == [
        "cmp1: ssh -i /k -- stack@cmp1 sudo -n sh -s",
        "cmp2: ssh -i /k -- stack@cmp2 sudo -n sh -s",
        "ctl1: ssh -- root@ctl1 sh -s",
      ])
    #expect(try lines(text, file: "inventory.yml", groups: ["controllers"]).count == 1)
  }

  @Test func whatCannotBeReadSaysWhere() {
    #expect(error("") == "hosts: names no host: wanted a host a line, or Ansible's INI or YAML")
    #expect(
      error("[a:friends]\n")
        == "hosts:1: [a:friends]: wanted [group], [group:children] or [group:vars]")
    #expect(error("cmp[9:1]\n") == "hosts:1: [9:1]: wanted [first:last] or [first:last:step]")
    #expect(
      error("a ansible_host=\"{{ x }}\"\n")
        == "hosts:1: a: ansible_host is a template: wanted a plain value")
    #expect(
      error("a ansible_host=-oProxyCommand=reboot\n")
        == "hosts:1: a: no host: -oProxyCommand=reboot")
    #expect(error("-oProxyCommand=reboot\n") == "hosts:1: no host: wanted [user@]host[:port]")
    #expect(error("all: [\n", file: "x.yml")?.hasPrefix("x.yml: no YAML: ") == true)
  }

  /// What takes no time to write must take none to refuse.
  @Test func rangesAndAliasesAreBounded() throws {
    #expect(
      error("a[1:1000][1:1000]\n") == "hosts:1: a[1:1000][1:1000]: more than 100000 hosts")
    let brackets = String(repeating: "[1:1]", count: 20_000)
    #expect(try lines("a\(brackets)\n").count == 1)
    let zeros = String(repeating: "0", count: 100_000)
    #expect(error("a[\(zeros)1:9]\n")?.contains("wanted [first:last]") == true)
    #expect(error("a[:b]\n")?.contains("wanted [first:last]") == true)
    #expect(try lines("x[!:~:300]\n") == ["x!: ssh -- x! sh -s"])
    // Twenty lines that stand for a million groups.
    var yaml = "g0: &g0 {hosts: {h: }}\n"
    for level in 1..<19 {
      let before = "*g\(level - 1)"
      yaml += "g\(level): &g\(level) {children: {a: \(before), b: \(before), c: \(before)}}\n"
    }
    #expect(error(yaml, file: "x.yml") == "x.yml: more than 20000 groups")
    let deep = String(repeating: "[", count: 50_000)
    #expect(error(deep, file: "x.yml")?.hasPrefix("x.yml: no YAML: ") == true)
  }

  /// Thirty lines of aliases of aliases as keys are 2^30 nodes to whoever compares keys, who does not
  /// end then.
  @Test(
    arguments: ["? *x29\n: 1\n? *x29\n: 2", "{*x29 : 1, ?*x28 : 2}", "[*x29]: 1", "*x29 \t: 1"])
  func aliasesAsKeysAreBounded(_ keys: String) {
    var yaml = "x0: &x0 [y, y]\n"
    for level in 1..<30 { yaml += "x\(level): &x\(level) [*x\(level - 1), *x\(level - 1)]\n" }
    let wanted = "31: aliases beside keys that are lists or mappings: wanted keys that are text"
    #expect(error(yaml + keys, file: "x.yml") == "x.yml: no YAML: \(wanted)")
    #expect(throws: CollectionError("x: no YAML: wanted clouds with auth")) {
      try CloudSettings.named("a", environment: ["OS_CLIENT_CONFIG_FILE": "x"]) { _ in
        yaml + keys
      }
    }
  }

  @Test func aliasesOfValuesAndTemplatesAreRead() throws {
    var yaml = "all:\n  vars: &v {ansible_user: a}\n  hosts:\n"
    for host in 0..<20 { yaml += "    h\(host): *v\n" }
    yaml += "    j: {ansible_port: 23}\n    # whatever: 'a * b'\n"
    #expect(try lines(yaml, file: "x.yml").count == 21)
  }

  @Test func manyHostsInManyGroupsAreResolvedInTime() throws {
    var text = "h[1:20000]\n"
    for group in 0..<50 { text += "[g\(group)]\nh[1:20000]\n" }
    let start = threadSeconds()
    #expect(try lines(text).count == 20_000)
    #expect(threadSeconds() - start < 60)
  }

  @Test func oneNodeNamedTwiceNamesBoth() throws {
    let targets = [
      try NodeTarget(host: "cmp1", isRaised: false),
      try NodeTarget(host: "root@cmp1:22", isRaised: false),
    ]
    #expect(
      throws: CollectionError(
        "node cmp1 is named twice, by cmp1 and by root@cmp1:22: wanted each node once")
    ) { _ = try CloudCollection(targets: targets) }
  }
}
