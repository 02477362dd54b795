package schemas_test

import (
	"fmt"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
	"github.com/wispwright/wispwright/netjsonconfig/schemas"
)

// A document is both what a form is made from and what checks its result.
func Example() {
	d := schemas.Wireguard()
	properties, _ := d.Object.Get("properties")
	for name, property := range properties.(*ordered.Object).All() {
		title, _ := property.(*ordered.Object).Get("title")
		fmt.Println(name+":", title)
	}
	v, err := ordered.Decode([]byte(`{"wireguard": [{"name": "wg0", "port": 70000, "private_key": ""}]}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Schema.Validate(v))
	// Output:
	// wireguard: Wireguard
	// files: Files
	// #/wireguard/0/port: 70000 is greater than the maximum of 65535
}
