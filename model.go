package wispwright

// Model describes a kind of object that permissions exist for. Every concern
// contributes its own (spec: tenancy §1.7, §3).
type Model struct {
	// App is the app label, such as "config".
	App string
	// Name is the lower-case model name, such as "devicegroup".
	Name string
	// Label is the verbose name, such as "Device Group".
	Label string
	// Operator lists what the default group Operator may do: letters of "ACDV"
	// for add, change, delete, view.
	Operator string
	// Administrator is the same for the default group Administrator.
	Administrator string
	// Extra are further permissions: codename to name.
	Extra map[string]string
}

// Permission returns the permission for an action on the model.
func (m Model) Permission(action string) Permission {
	return Permission(m.App + "." + action + "_" + m.Name)
}
