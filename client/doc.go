// Package client speaks with the REST API of an installation. It retries what
// the server puts off, follows pages, and returns errors with the fields that
// they are about. The kinds of objects and their types are in the package api
// beneath, which is made from the API's OpenAPI document:
//
//	c, err := client.New("https://wispwright.example.org", client.Options{Token: token})
//	…
//	templates := api.ControllerTemplates(c)
//	for t, err := range templates.Each(ctx, url.Values{"organization": {org}}) {
//		…
//	}
//	made, err := templates.Create(ctx, api.ControllerTemplateIn{
//		Name:         client.Set("wifi"),
//		Organization: client.Set(org),
//		Backend:      client.Set("netjsonconfig.OpenWrt"),
//		Config:       client.Set(wispwright.JSON(`{"radios":[]}`)),
//	})
//
// What has no type there is asked with Client.Do.
package client
