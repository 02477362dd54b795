// Package tenancyhttp puts tenancy on the wire: tokens, sessions,
// organizations, users, groups and the audit trail (spec: tenancy §4, §5), and
// recognises callers for every other part of the API.
//
//	h, err := tenancyhttp.New(tx, t, nil)
//	…
//	api := rest.New(&rest.Options{Schemes: h.Schemes(), DocsSchemes: h.DocsSchemes(), Organizations: h})
//	h.Mount(api)
package tenancyhttp
