package main

import (
	"context"
	"fmt"
	"os"
)

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// a stranger: this box is in no inventory of ours
	// etc/config/system
	// config system 'system'
	// 	option description 'Harbour Road'
	// 	option hostname 'lamp-01'
	//
	// etc/config/lamp
	// config lamp 'main'
	// 	option level '80'
	// the store was asked: true
}
