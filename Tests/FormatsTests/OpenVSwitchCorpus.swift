// Flows that use every field and every action of Open vSwitch 3.1, in the spellings that people and
// dumps use; ovs-ofctl takes each of them.

enum OpenVSwitchCorpus {
  static let flows = lines.split(separator: "\n").map(String.init)

  private static let lines = """
    priority=5,tcp,tp_dst=80 actions=output:1,output(port=2,max_len=100),in_port,flood,all,local,controller
    actions=controller(max_len=128,reason=no_match,id=3,userdata=01.02,pause),CONTROLLER:65535,controller(max_len=5)
    actions=enqueue:1:2,enqueue(2,3)
    table=3,dl_vlan=5 actions=mod_vlan_vid:3,mod_vlan_pcp:3,strip_vlan,push_vlan:0x8100,load:0x3->OXM_OF_VLAN_VID[]
    vlan_vid=0x1003/0x1fff actions=pop_vlan
    vlan_vid=0/0x1000 actions=push_vlan:0x88a8
    vlan_vid=0x1000/0x1000 actions=set_field:4098->vlan_vid
    vlan_tci=0x1123/0x1fff actions=drop
    vlan_tci=0 actions=drop
    vlan_tci=0xf123 actions=drop
    vlan_tci=0x3000/0xf000 actions=drop
    dl_vlan=0xffff actions=drop
    dl_vlan=7,dl_vlan_pcp=3 actions=drop
    actions=output:NXM_NX_REG6[0..15],output:reg7,output(port=3,max_len=14),output(max_len=1500,port=4)
    actions=multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[0..3]),bundle(eth_src,0,hrw,ofport,slaves:4,8),bundle_load(symmetric_l3,0,active_backup,ofport,reg0,members:4,8)
    in_port=1 actions=learn(table=1,idle_timeout=5,hard_timeout=6,fin_idle_timeout=1,fin_hard_timeout=2,priority=3,cookie=7,send_flow_rem,delete_learned,limit=4,result_dst=NXM_NX_REG0[3],NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],eth_type=0x800,load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15],load:5->NXM_NX_REG1[],output:NXM_OF_IN_PORT[])
    actions=learn(eth_type=0x86dd,nw_proto=17,udp_dst=53,ipv6_src=2001:db8::1,reg0[3..4]=2,in_port=5)
    ip actions=ct(commit,force,zone=5,table=3),ct(commit,nat(src=10.0.0.1-10.0.0.5:1-100,random,persistent),exec(load:1->NXM_NX_CT_MARK[],set_field:0x3/0xf->ct_label))
    ip actions=ct(nat),ct(commit,nat(dst=1.2.3.4:5,hash)),ct_clear,ct(commit,nat(src)),ct(commit,nat(dst=1.2.3.4-1.2.3.6))
    ipv6 actions=ct(commit,nat(src=2001:db8::1)),ct(commit,nat(src=2001:db8::1-2001:db8::9)),ct(commit,nat(dst=[2001:db8::1]:80)),ct(commit,nat(dst=[2001:db8::1]-[2001:db8::4]:80-90))
    tcp actions=ct(commit,alg=ftp),ct(commit,zone=NXM_NX_REG6[0..15]),ct,ct(table=0)
    actions=conjunction(1,1/2),conjunction(7,2/3),note:01.02.03
    actions=clone(set_field:1->reg0,output:3,clone(output:4)),group:4,sample(probability=3,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sampling_port=4,ingress),sample(probability=5,egress)
    tcp actions=fin_timeout(idle_timeout=3,hard_timeout=4)
    actions=resubmit:3,resubmit(,4),resubmit(5,6),resubmit(in_port,2),resubmit(local,2)
    ct_state=+trk-inv,ip actions=resubmit(,4,ct),resubmit(3,4,ct)
    actions=set_field:0x1/0x3->reg0,move:NXM_NX_REG0[0..3]->NXM_NX_REG1[4..7],push:NXM_NX_REG0[],pop:NXM_NX_REG1[],push:reg2[3],set_tunnel:5,set_tunnel64:0x600000000,set_queue:4,pop_queue,check_pkt_larger(1500)->reg0[3],delete_field:tun_metadata0,exit
    ip actions=dec_ttl,dec_ttl(1,2),mod_nw_ttl:4,mod_nw_tos:12,mod_nw_ecn:2,mod_nw_src:1.2.3.4,mod_nw_dst:5.6.7.8,mod_dl_src:00:11:22:33:44:55,mod_dl_dst:66:55:44:33:22:11
    udp actions=mod_tp_src:5,mod_tp_dst:6,set_field:3->udp_src,set_field:0x10/0xf0->udp_dst
    tun_metadata0=0x1234,tun_metadata5=0x12/0xff actions=set_field:0x9->tun_metadata1
    tun_id=5,tun_src=1.2.3.4/255.255.0.255,tun_dst=9.0.0.0/8,tun_gbp_id=5,tun_gbp_flags=0x8 actions=drop
    tun_id=0x5/0xff,tun_ipv6_src=2001:db8::/32,tun_ipv6_dst=::1 actions=drop
    tun_flags=+oam actions=drop
    tun_flags=-oam actions=set_field:1.2.3.4->tun_dst,set_field:fe80::1->tun_ipv6_dst
    tun_erspan_ver=2,tun_erspan_idx=3,tun_erspan_dir=1,tun_erspan_hwid=2 actions=drop
    tun_gtpu_flags=3,tun_gtpu_msgtype=255 actions=drop
    packet_type=(1,0x800) actions=encap(ethernet)
    actions=encap(nsh(md_type=1)),encap(mpls),encap(mpls_mc)
    actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))
    packet_type=(1,0x894f),nsh_flags=1,nsh_ttl=3,nsh_mdtype=1,nsh_np=3,nsh_spi=0x123456,nsh_si=255,nsh_c1=1,nsh_c2=0x2/0xff,nsh_c3=3,nsh_c4=4 actions=dec_nsh_ttl,decap()
    packet_type=(1,0x8847) actions=decap(packet_type(ns=0,type=0))
    ct_state=+trk+est-inv,ip,ct_nw_src=1.2.3.4,ct_nw_proto=6,ct_nw_dst=10.0.0.0/8,ct_tp_src=5,ct_tp_dst=0x10/0xf0 actions=drop
    ct_state=+trk+snat-dnat+rpl-rel-new,ipv6,ct_ipv6_src=::1,ct_ipv6_dst=2001:db8::/32,ct_nw_proto=17 actions=drop
    ct_state=0x21/0x23,ct_zone=5,ct_mark=0x3/0xf,ct_label=0x123456789abcdef0123456789 actions=drop
    ct_label=0x10000000000000000/0xffff0000000000000000 actions=drop
    ct_mark=7 actions=drop
    tcp,tcp_flags=+syn-ack actions=drop
    tcp,tcp_flags=syn|ack actions=drop
    tcp6,tcp_flags=0x12/0x17 actions=drop
    tcp,tcp_flags=0x200/0x200 actions=drop
    ip,ip_frag=not_later,nw_tos=4,nw_ecn=1,nw_ttl=3 actions=drop
    ip,nw_frag=no actions=drop
    ip,nw_frag=yes actions=drop
    ip,nw_frag=first actions=drop
    ipv6,nw_frag=later actions=drop
    sctp,tp_src=3 actions=mod_tp_src:3
    sctp6,tp_src=3,sctp_dst=5 actions=mod_tp_src:3
    icmp,icmp_type=3 actions=set_field:3->icmp_code
    icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,nd_sll=00:11:22:33:44:55 actions=set_field:fe80::5->nd_target
    icmp6,icmp_type=136,nd_target=fe80::/64,nd_tll=00:11:22:33:44:55 actions=set_field:00:00:00:00:00:01->nd_tll
    icmp6,icmpv6_type=136,icmpv6_code=0,nd_reserved=5,nd_options_type=2 actions=set_field:1->nd_options_type,set_field:4->nd_reserved
    dl_type=0x88cc actions=drop
    mpls,mpls_label=3,mpls_bos=1,mpls_tc=2,mpls_ttl=4 actions=pop_mpls:0x800,push_mpls:0x8847,set_mpls_label:3,set_mpls_tc:2,dec_mpls_ttl
    mplsm actions=set_mpls_ttl:4
    reg0=1,xreg1=2,xxreg2=3 actions=set_field:5->xreg0,set_field:0x123456789abcdef0123456789->xxreg1,load:5->NXM_NX_REG3[4..9]
    xreg3=0x0000000100000002/0x0000000f000000ff,reg15=9,reg8=0x5/0x7 actions=move:NXM_NX_XXREG0[0..127]->NXM_NX_XXREG1[]
    rarp,arp_op=3 actions=drop
    arp,arp_op=1,arp_spa=1.2.3.4,arp_tpa=5.6.7.0/24,arp_sha=00:11:22:33:44:55,arp_tha=00:00:00:00:00:00/01:00:00:00:00:00 actions=set_field:2->arp_op,load:0x1->NXM_OF_ARP_SPA[]
    ip,ip_dscp=3 actions=set_field:5->ip_dscp,set_field:8->nw_tos,set_field:1->nw_ecn
    ip,nw_proto=2 actions=write_metadata:0x3/0xf
    ip,nw_proto=47 actions=write_metadata:5,goto_table:9
    metadata=0x123/0xfff actions=set_field:0x10/0xff->metadata
    actions=meter:5,output:3
    actions=output:1,clear_actions,write_actions(set_field:5->reg0,output:3),goto_table:9
    in_port=LOCAL,dl_vlan=3,dl_vlan_pcp=2 actions=NORMAL
    in_port=5,pkt_mark=0x10/0xff actions=set_field:9->pkt_mark
    recirc_id=5,dp_hash=3/0xff actions=drop
    conj_id=5,ip actions=output:3
    actset_output=3 actions=drop
    dl_src=00:11:22:33:44:55,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00 actions=set_field:01:00:00:00:00:00/01:00:00:00:00:00->eth_dst
    ip,nw_src=10.0.0.0/255.0.255.0,nw_dst=1.2.3.0/24 actions=set_field:1.2.3.4->ip_src,set_field:0.0.0.9/0.0.0.255->ip_dst
    ipv6,ipv6_src=2001:db8::/32,ipv6_dst=::1/::ffff,ipv6_label=0x12345 actions=set_field:2001:db8::9->ipv6_src,set_field:0x5->ipv6_label
    tcp,tp_src=0x3e8/0xfff8,tcp_dst=22 actions=drop
    udp6,udp_src=53,tp_dst=1000 actions=1,2,LOCAL,IN_PORT
    idle_timeout=5,hard_timeout=6,importance=7,send_flow_rem,check_overlap,no_packet_counts,no_byte_counts,cookie=0x123,actions=drop
    tcp_dst=80,tcp actions=drop
    udp actions=ct(commit,alg=tftp)
    """

  static let groups = [
    "group_id=1,type=select,selection_method=hash,selection_method_param=5,"
      + "fields(ip_dst,ip_src=255.255.255.0),bucket=bucket_id:0,weight:5,actions=output:1,"
      + "bucket=bucket_id:1,weight:7,watch_port:2,actions=set_field:1->reg0,output:2",
    "group_id=2,type=ff,bucket=bucket_id:0,watch_port:1,actions=output:1,"
      + "bucket=bucket_id:1,watch_group:1,actions=group:1",
    "group_id=3,type=all,bucket=actions=output:1,output:2,bucket=actions=drop",
    "group_id=4,type=indirect,bucket=actions=ct(commit,exec(set_field:1->ct_mark)),output:1",
    "group_id=5,type=select,bucket=output:1,output:2",
    "group_id=6,type=all",
    "group_id=7,type=select,selection_method=dp_hash,bucket=weight:0,output:1",
  ]
}
