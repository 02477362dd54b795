package agent

import (
	"fmt"
	"strconv"
	"strings"
)

// trialFile counts how often the trial of one configuration was cut off. A
// configuration that makes the device crash is undone at the next start; without
// the count it would be taken again at once, and the device would never come to
// rest.
const trialFile = stateDir + "/trial"

// maxInterruptions is how often a configuration may be cut off before it counts
// as failed; power cuts at the wrong moment happen, three in a row do not.
const maxInterruptions = 3

// interruptions returns how often the trial of a configuration was cut off.
func (a *Agent) interruptions(sum string) int {
	b, err := a.d.Tree.ReadFile(trialFile)
	if err != nil {
		a.log.Warning("Could not read %s: %v", trialFile, err)
	}
	words := strings.Fields(string(b))
	if len(words) != 2 || words[0] != sum {
		return 0
	}
	n, err := strconv.Atoi(words[1])
	if err != nil {
		return 0 // damaged: as if it were not there
	}
	return n
}

// setInterruptions keeps the number; 0 forgets it.
func (a *Agent) setInterruptions(sum string, n int) {
	var err error
	if n == 0 {
		err = a.d.Tree.remove(trialFile)
	} else {
		err = a.d.Tree.WriteFile(trialFile, fmt.Appendf(nil, "%s %d\n", sum, n), 0o600)
	}
	if err != nil {
		a.log.Warning("Could not write %s: %v", trialFile, err)
	}
}
