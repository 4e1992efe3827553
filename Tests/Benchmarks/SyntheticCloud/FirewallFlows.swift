// Flows of the openvswitch firewall on br-int: base egress and ingress, rules, conjunctions.
// Source: neutron/agent/linux/openvswitch_firewall/{firewall,rules}.py (Zed).

extension NodePlan {
  /// Table 60: everything that enters gets its port and its network noted.
  func addClassification(_ dump: inout FlowDump) {
    for plug in plugs {
      let next = plug.namespace == nil ? 71 : 73
      dump.row(
        60, 100,
        """
        ,in_port=\(plug.number) actions=set_field:\(hex: plug.number)->reg5,\
        set_field:\(hex: plug.vlan)->reg6,resubmit(,\(next))
        """)
    }
    for plug in guests {
      let network = cloud.networks[cloud.ports[plug.port].network]
      let frames = network.kind == .vlan ? [network.segment, plug.vlan] : [plug.vlan]
      for vlan in frames {
        dump.row(
          60, 90,
          """
          ,dl_vlan=\(vlan),dl_dst=\(cloud.ports[plug.port].mac) \
          actions=set_field:\(hex: plug.number)->reg5,set_field:\(hex: plug.vlan)->reg6,\
          pop_vlan,resubmit(,81)
          """)
      }
    }
  }

  func addFirewall(_ dump: inout FlowDump) {
    let guests = guests
    let filters = PortFilters(self, guests)
    addBaseEgress(&dump, guests)
    filters.addRules(to: &dump, table: 72)
    addRulesEnd(&dump, guests, table: 72)
    addAcceptance(&dump, guests)
    addBaseIngress(&dump, guests)
    filters.addRules(to: &dump, table: 82)
    addRulesEnd(&dump, guests, table: 82)
    dump.row(91, 1, " actions=resubmit(,94)", resets: true)
    dump.row(92, 0, " actions=drop", resets: true)
    dump.row(93, 0, " actions=drop", resets: true)
    dump.row(94, 1, " actions=NORMAL", resets: true)
  }

  private func addBaseEgress(_ dump: inout FlowDump, _ guests: [Plug]) {
    dump.row(71, 110, ",ct_state=+trk actions=ct_clear,resubmit(,71)", resets: true)
    for plug in guests { addAddresses4(&dump, plug) }
    for plug in guests { addAddresses6(&dump, plug) }
    for plug in guests {
      let from: Text = "reg5=\(hex: plug.number),in_port=\(plug.number)"
      dump.row(71, 70, ",udp,\(from),tp_src=67,tp_dst=68 actions=resubmit(,93)")
      dump.row(71, 70, ",udp6,\(from),tp_src=547,tp_dst=546 actions=resubmit(,93)")
      dump.row(71, 70, ",icmp6,\(from),icmp_type=134 actions=resubmit(,93)")
    }
    for plug in guests {
      dump.row(
        71, 10,
        ",reg5=\(hex: plug.number),in_port=\(plug.number) actions=ct_clear,resubmit(,93)")
    }
    dump.row(71, 0, " actions=drop", resets: true)
  }

  private func addAddresses4(_ dump: inout FlowDump, _ plug: Plug) {
    let port = cloud.ports[plug.port]
    guard let address = port.address4 else { return }
    let from: Text = "reg5=\(hex: plug.number),in_port=\(plug.number)"
    if faults.openSenders.contains(plug.port) {
      dump.row(71, 95, ",arp,\(from) actions=resubmit(,94)")
    } else {
      dump.row(71, 95, ",arp,\(from),dl_src=\(port.mac),arp_spa=\(address) actions=resubmit(,94)")
    }
    dump.row(
      71, 65,
      """
      ,ip,\(from),dl_src=\(port.mac),nw_src=\(address) \
      actions=ct(table=72,zone=NXM_NX_REG6[0..15])
      """)
    for source in [address, IPv4(0)] {
      dump.row(
        71, 80,
        """
        ,udp,\(from),dl_src=\(port.mac),nw_src=\(source),tp_src=68,tp_dst=67 \
        actions=resubmit(,73)
        """)
    }
  }

  private func addAddresses6(_ dump: inout FlowDump, _ plug: Plug) {
    let port = cloud.ports[plug.port]
    let from: Text = "reg5=\(hex: plug.number),in_port=\(plug.number)"
    for address in port.linkLocalAndOwn {
      for type in [130, 133, 135] {
        dump.row(
          71, 95,
          """
          ,icmp6,\(from),dl_src=\(port.mac),ipv6_src=\(address),icmp_type=\(type) \
          actions=resubmit(,94)
          """)
      }
      dump.row(
        71, 95, ",icmp6,\(from),icmp_type=136,nd_target=\(address) actions=resubmit(,94)")
      dump.row(
        71, 80,
        """
        ,udp6,\(from),dl_src=\(port.mac),ipv6_src=\(address),tp_src=546,tp_dst=547 \
        actions=resubmit(,73)
        """)
      dump.row(
        71, 65,
        """
        ,ipv6,\(from),dl_src=\(port.mac),ipv6_src=\(address) \
        actions=ct(table=72,zone=NXM_NX_REG6[0..15])
        """)
    }
  }

  /// What no rule matched: known connections go on, others end.
  private func addRulesEnd(_ dump: inout FlowDump, _ guests: [Plug], table: Int) {
    func accept(_ plug: Plug) -> Text { table == 72 ? "resubmit(,94)" : "output:\(plug.number)" }
    dump.row(table, 50, ",ct_state=+inv+trk actions=resubmit(,93)")
    for plug in guests {
      dump.row(table, 50, ",ct_mark=0x1,reg5=\(hex: plug.number) actions=resubmit(,93)")
    }
    for state in ["+est-rel+rpl", "-new-est+rel-inv"] {
      for plug in guests {
        dump.row(
          table, 50,
          """
          ,ct_state=\(state),ct_zone=\(plug.vlan),ct_mark=0,reg5=\(hex: plug.number) \
          actions=\(accept(plug))
          """)
      }
    }
    for plug in guests {
      dump.row(table, 40, ",ct_state=-est,reg5=\(hex: plug.number) actions=resubmit(,93)")
    }
    for plug in guests {
      for family in ["ip", "ipv6"] {
        dump.row(
          table, 40,
          """
          ,ct_state=+est,\(family),reg5=\(hex: plug.number) \
          actions=ct(commit,zone=NXM_NX_REG6[0..15],exec(set_field:0x1->ct_mark))
          """)
      }
    }
    dump.row(table, 0, " actions=drop", resets: true)
  }

  private func addAcceptance(_ dump: inout FlowDump, _ guests: [Plug]) {
    for plug in guests {
      dump.row(
        73, 100,
        """
        ,reg6=\(hex: plug.vlan),dl_dst=\(cloud.ports[plug.port].mac) \
        actions=set_field:\(hex: plug.number)->reg5,resubmit(,81)
        """)
    }
    for plug in guests {
      for family in ["ip", "ipv6"] {
        dump.row(
          73, 90,
          """
          ,ct_state=+new-est,\(family),reg5=\(hex: plug.number) \
          actions=ct(commit,zone=NXM_NX_REG6[0..15]),resubmit(,91)
          """)
      }
    }
    for plug in plugs { dump.row(73, 80, ",reg5=\(hex: plug.number) actions=resubmit(,94)") }
    dump.row(73, 0, " actions=drop", resets: true)
  }

  private func addBaseIngress(_ dump: inout FlowDump, _ guests: [Plug]) {
    for plug in guests {
      dump.row(81, 100, ",arp,reg5=\(hex: plug.number) actions=output:\(plug.number)")
    }
    for plug in guests {
      for type in [130, 135, 136, 134] {
        dump.row(
          81, 100,
          ",icmp6,reg5=\(hex: plug.number),icmp_type=\(type) actions=output:\(plug.number)")
      }
    }
    for plug in guests {
      let to: Text = "reg5=\(hex: plug.number)"
      dump.row(81, 95, ",udp,\(to),tp_src=67,tp_dst=68 actions=output:\(plug.number)")
      dump.row(81, 95, ",udp6,\(to),tp_src=547,tp_dst=546 actions=output:\(plug.number)")
    }
    for plug in guests {
      for family in ["ip", "ipv6"] {
        dump.row(
          81, 90,
          """
          ,ct_state=-trk,\(family),reg5=\(hex: plug.number) \
          actions=ct(table=82,zone=NXM_NX_REG6[0..15])
          """)
      }
    }
    for plug in guests {
      dump.row(81, 80, ",ct_state=+trk,reg5=\(hex: plug.number) actions=resubmit(,82)")
    }
    dump.row(81, 0, " actions=drop", resets: true)
  }
}
