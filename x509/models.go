package x509

import "github.com/wispwright/wispwright"

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: tenancy §3).
func Models() []wispwright.Model {
	return []wispwright.Model{
		{App: "pki", Name: "ca", Label: "CA", Operator: "V", Administrator: "ACD"},
		{App: "pki", Name: "cert", Label: "certificate", Operator: "V", Administrator: "ACD"},
	}
}
