package subnetdivision_test

import (
	"fmt"
	"net/netip"

	"github.com/wispwright/wispwright/controller/subnetdivision"
	"github.com/wispwright/wispwright/ipam"
)

// A rule is held against the subnet that it is to divide.
func ExampleCheck() {
	master := &ipam.Subnet{Subnet: netip.MustParsePrefix("10.0.0.0/29")}
	rule := &subnetdivision.Rule{Size: 31, NumberOfSubnets: 2, NumberOfIPs: 2}
	fmt.Println(subnetdivision.Check(rule, master))
	rule.Size = 28
	fmt.Println(subnetdivision.Check(rule, master))
	// Output:
	// <nil>
	// invalid: size: Master subnet cannot accommodate subnets of size /28
}
