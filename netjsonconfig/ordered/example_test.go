package ordered_test

import (
	"fmt"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Keys keep their order, numbers their spelling.
func Example() {
	o, err := ordered.DecodeObject([]byte(`{"name": "eth0", "mtu": 1500.0, "addresses": []}`))
	if err != nil {
		panic(err)
	}
	o.Set("mtu", ordered.Number("1400"))
	o.Set("disabled", true)
	for key, value := range o.All() {
		fmt.Println(key, value)
	}
	fmt.Println(o)
	// Output:
	// name eth0
	// mtu 1400
	// addresses []
	// disabled true
	// {"name":"eth0","mtu":1400,"addresses":[],"disabled":true}
}

// Equality is that of JSON.
func ExampleEqual() {
	a, err := ordered.Decode([]byte(`{"x": 1, "y": [null]}`))
	if err != nil {
		panic(err)
	}
	b, err := ordered.Decode([]byte(`{"y": [null], "x": 1.0}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(ordered.Equal(a, b))
	// Output: true
}
