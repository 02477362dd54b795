package main

import (
	"fmt"
	"os"
)

func Example() {
	if err := run(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// new node 10.0.0.3
	// new link 10.0.0.2 10.0.0.3 2.0
	// changed link 10.0.0.1 10.0.0.2 2.0
	// removed: false
}
