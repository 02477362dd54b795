package agent

import (
	"path"
	"slices"
	"time"
)

// again is a configuration that failed for a reason that may pass by itself: the
// controller could not be reached, or a local file could not be read. It is
// tried again without the controller's asking.
type again struct {
	sum   string
	tries int       // so far
	at    time.Time // when it is due; zero while it waits for files
	left  []string  // the files that must be readable first
}

// againAfter are the pauses before a configuration is tried again under which
// the controller could not be reached, but could when it was undone: then the
// configuration itself is likely to be the reason, and each attempt is an
// interruption. After the last one it waits for another configuration.
func againAfter() []time.Duration {
	return []time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour}
}

// connectivityLost arranges for another attempt after a trial under which the
// controller could not be reached. Was it still away after the roll-back, the
// next cycle tries again; else the pauses grow.
func (a *Agent) connectivityLost(stillAway bool) {
	pauses := againAfter()
	next := again{sum: a.checksum, tries: 1}
	if a.again.sum == a.checksum {
		next.tries = a.again.tries + 1
	}
	a.again = again{}
	if next.tries > len(pauses) {
		a.log.Warning("The configuration failed %d times because the controller could not be reached, it is not tried again", next.tries)
		return
	}
	next.at = a.d.Clock.Now()
	if !stillAway {
		next.at = next.at.Add(pauses[next.tries-1])
		a.log.Notice("The configuration will be tried again in %s", pauses[next.tries-1])
	}
	a.again = next
}

// filesLeft arranges for another attempt when the files that could not be read
// can be.
func (a *Agent) filesLeft(left []string) {
	a.again = again{sum: a.checksum, left: left}
}

// due reports whether a configuration that failed is to be tried again now.
func (a *Agent) due(sum string) bool {
	switch {
	case a.again.sum == "" || a.again.sum != sum:
		return false
	case len(a.again.left) > 0:
		return !slices.ContainsFunc(a.again.left, func(name string) bool {
			content, err := a.d.Tree.ReadFile(name)
			if err == nil {
				_, err = parseUCI(path.Base(name), content)
			}
			return err != nil
		})
	}
	return !a.d.Clock.Now().Before(a.again.at)
}
