// Package ipam keeps account of networks and of the addresses in them: which
// networks there are, how they nest, which addresses are taken and by what, which
// one is free next, and where in a network there is room for another.
//
// Subnets form trees. A subnet inside another one names it as its master, and
// those beside each other do not overlap; organizations do not see each other's
// and may use the same ones. A subnet without organization is shared: nobody may
// use its addresses for something else (spec: ipam §1).
//
// Next available addresses and room for networks are found without reading what
// is taken: storages need an index on (subnet, address) and one on the network
// and nothing more. Everything joins the transaction of a caller that has one,
// so that a VPN client and its address are stored together or not at all.
package ipam
