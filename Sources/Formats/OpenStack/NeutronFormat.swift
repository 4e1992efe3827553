// The Neutron API's collections, from the JSON files under `neutron/` of a capture.
import Facts
import NetworkTypes

/// One function a collection; each takes the whole answer.
public enum NeutronFormat {
  public static func networks(_ text: CaptureText) -> Parsed<NeutronNetwork> {
    parseNeutronAnswer(text, network)
  }
  public static func subnets(_ text: CaptureText) -> Parsed<NeutronSubnet> {
    parseNeutronAnswer(text, subnet)
  }
  public static func ports(_ text: CaptureText) -> Parsed<NeutronPort> {
    parseNeutronAnswer(text, port)
  }
  public static func routers(_ text: CaptureText) -> Parsed<NeutronRouter> {
    parseNeutronAnswer(text, router)
  }
  public static func floatingIPs(_ text: CaptureText) -> Parsed<NeutronFloatingIP> {
    parseNeutronAnswer(text, floatingIP)
  }
  public static func portForwardings(_ text: CaptureText) -> Parsed<NeutronPortForwarding> {
    parseNeutronAnswer(text, portForwarding)
  }
  public static func securityGroups(_ text: CaptureText) -> Parsed<NeutronSecurityGroup> {
    parseNeutronAnswer(text, securityGroup)
  }
  public static func securityGroupRules(
    _ text: CaptureText
  ) -> Parsed<NeutronSecurityGroupRule> {
    parseNeutronAnswer(text, securityGroupRule)
  }
  public static func agents(_ text: CaptureText) -> Parsed<NeutronAgent> {
    parseNeutronAnswer(text, agent)
  }
  public static func trunks(_ text: CaptureText) -> Parsed<NeutronTrunk> {
    parseNeutronAnswer(text, trunk)
  }
  public static func subnetPools(_ text: CaptureText) -> Parsed<NeutronSubnetPool> {
    parseNeutronAnswer(text, subnetPool)
  }
  public static func addressScopes(_ text: CaptureText) -> Parsed<NeutronAddressScope> {
    parseNeutronAnswer(text, addressScope)
  }
  public static func addressGroups(_ text: CaptureText) -> Parsed<NeutronAddressGroup> {
    parseNeutronAnswer(text, addressGroup)
  }
  public static func rbacPolicies(_ text: CaptureText) -> Parsed<NeutronRBACPolicy> {
    parseNeutronAnswer(text, rbacPolicy)
  }
  /// Any collection of which nothing is lifted.
  public static func objects(_ text: CaptureText) -> Parsed<NeutronObject> {
    parseNeutronAnswer(text) { attributes in
      var object = NeutronObject(evidence: attributes.evidence)
      object.id = attributes.string("id") ?? ""
      object.name = attributes.string("name") ?? ""
      object.extra = attributes.extra
      return object
    }
  }
}
