package explain

import (
	"github.com/wispwright/wispwright"
)

// Report says which variables of an organization nobody defines, and which nobody
// uses.
type Report struct {
	// Devices is how many configurations were looked at: those in service.
	Devices int
	// Undefined are variables that configurations use and nobody defines, Unused those that
	// are defined and no configuration uses, in the order of their names.
	Undefined []Undefined
	Unused    []Unused
}

// Undefined is a variable that is used and not defined.
type Undefined struct {
	// Name is the variable's.
	Name string
	// Used names the templates whose text names it, and "" for devices' own
	// configurations; nobody where only the value of another variable does.
	Used []string
	// Devices is how many devices lack it, Sample and SampleID are one of them.
	Devices  int
	Sample   string
	SampleID wispwright.ID
}

// Unused is a variable that a level defines and no configuration made of that level
// uses.
type Unused struct {
	// Name is the variable's.
	Name string
	// Origin is Organization, Group, Template or Device.
	Origin Origin
	// ID and Of are the organization, group or template and its name; of devices one of
	// them.
	ID wispwright.ID
	Of string
	// Devices is how many devices define it; 0 for other levels.
	Devices int
}
