package controller

import "github.com/wispwright/wispwright"

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: tenancy §3, controller-config §1.10).
func Models() []wispwright.Model {
	const app = "config"
	return []wispwright.Model{
		{App: app, Name: "device", Label: "Device", Operator: "ACD", Administrator: "ACD"},
		{App: app, Name: "config", Label: "configuration", Operator: "ACD", Administrator: "ACD"},
		{App: app, Name: "template", Label: "template", Operator: "ACD", Administrator: "ACD"},
		{App: app, Name: "templatetag", Label: "Tag"},
		{App: app, Name: "vpn", Label: "VPN server", Operator: "V", Administrator: "ACD"},
		{App: app, Name: "vpnclient", Label: "VPN client"},
		{App: app, Name: "devicegroup", Label: "Device Group", Operator: "ACDV", Administrator: "ACDV"},
		{App: app, Name: "organizationconfigsettings", Label: "Configuration management settings", Operator: "V", Administrator: "CV"},
		{App: app, Name: "organizationlimits", Label: "controller limits"},
	}
}
