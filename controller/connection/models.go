package connection

import "github.com/wispwright/wispwright"

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: connection §2.5; additions C-6).
func Models() []wispwright.Model {
	const app = "connection"
	return []wispwright.Model{
		{App: app, Name: "credentials", Label: "Access credentials", Administrator: "ACDV"},
		{App: app, Name: "deviceconnection", Label: "Device connection", Operator: "ACDV", Administrator: "ACDV"},
		{App: app, Name: "command", Label: "command", Operator: "AV", Administrator: "ACDV"},
		// anybody who may add one opens terminals, anybody who may view them sees recordings
		{App: app, Name: "terminal", Label: "terminal", Administrator: "ADV"},
		// one mistake of theirs reaches every device at once
		{App: app, Name: "batchcommand", Label: "mass command", Administrator: "ACDV"},
	}
}
