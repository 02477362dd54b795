package passkey_test

import (
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/tenancy"
	"github.com/wispwright/wispwright/tenancy/passkey"
)

func ExampleSite_Register() {
	site := passkey.Site{ID: "wifi.example.org", Name: "Our Wi-Fi", Origins: []string{"https://wifi.example.org"}}
	alice := &tenancy.User{ID: wispwright.NewID(), Username: "alice"}
	options, state, err := site.Register(alice, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var forBrowser struct {
		PublicKey struct{ RP struct{ ID, Name string } }
	}
	fmt.Println(options.Decode(&forBrowser), forBrowser.PublicKey.RP)

	// the browser's answer comes back, and is nonsense
	_, err = site.Registered(alice, state, `{"id":"AQ"}`)
	fmt.Println(errors.Is(err, passkey.ErrRefused))
	// Output:
	// <nil> {wifi.example.org Our Wi-Fi}
	// true
}
