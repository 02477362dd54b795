package rollout

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
)

// OnStop says what happens when a wave is stopped by a gate or by failures.
type OnStop string

// What may happen to a wave that is stopped.
const (
	// Halt waits for people; it is the default.
	Halt OnStop = "halt"
	// UndoWave takes the wave back and then waits for people.
	UndoWave OnStop = "rollback_wave"
	// UndoAll takes everything back.
	UndoAll OnStop = "rollback"
)

// Wave describes one wave. One of Devices, Percent and Count says which devices
// belong to it; none of them means all that are left.
type Wave struct {
	// Devices names the devices: the canaries.
	Devices []wispwright.ID `json:"devices,omitempty"`
	// Percent is a part of all devices, above 0 and up to 100.
	Percent float64 `json:"percent,omitempty"`
	// Count is a number of devices.
	Count int `json:"count,omitempty"`
	// Pause is how long nothing happens after the wave; the gates are asked once
	// more at its end.
	Pause time.Duration `json:"pause,omitempty"`
	// Confirm waits for somebody's approval after the wave.
	Confirm bool `json:"confirm,omitempty"`
}

// Window is when devices may be begun, in the time zone of their site, or in
// Strategy.TimeZone.
type Window struct {
	// Days are days of the week, 0 for Sunday; empty for all.
	Days []time.Weekday `json:"days,omitempty"`
	// From and To are times of the day as 22:30. A window whose To is not after its
	// From lasts over midnight and belongs to the day on which it begins.
	From string `json:"from"`
	To   string `json:"to"`
}

// Strategy says which devices come when, and what stops them. Its zero value is
// one wave over all devices, stopped by the first failure.
type Strategy struct {
	// Waves are the waves; those that are left over after the last one make one more.
	Waves []Wave `json:"waves,omitempty"`
	// Parallel is how many devices are worked on at once, 0 for Options.Parallel.
	Parallel int `json:"parallel,omitempty"`
	// PerSite is how many devices of one site are worked on at once; 0: any number.
	PerSite int `json:"per_site,omitempty"`
	// MaxFailed and MaxFailedPercent are how many failures of a wave are accepted,
	// whichever is more.
	MaxFailed        int     `json:"max_failed,omitempty"`
	MaxFailedPercent float64 `json:"max_failed_percent,omitempty"`
	// MaxUnreachable is how many devices of a wave may be out of reach since it began, and
	// MaxProblemsPercent how large a part of them may have a problem since, before gates that
	// count these say no; nil: as the gate is set.
	MaxUnreachable     *int     `json:"max_unreachable,omitempty"`
	MaxProblemsPercent *float64 `json:"max_problems_percent,omitempty"`
	// ReturnWithin is how long a device may take for its step, after which it has
	// failed; 0: as long as it likes.
	ReturnWithin time.Duration `json:"return_within,omitempty"`
	// OnStop says what happens to a wave that is stopped.
	OnStop OnStop `json:"on_stop,omitempty"`
	// Start is when the first wave begins; nil: at once.
	Start *time.Time `json:"start,omitempty"`
	// Window is when devices may be begun; nil: always.
	Window *Window `json:"window,omitempty"`
	// TimeZone is that of Window, such as Europe/Rome; empty for UTC.
	TimeZone string `json:"time_zone,omitempty"`
	// Deadline is until when devices that are away are waited for after the last
	// wave; nil: they are not.
	Deadline *time.Time `json:"deadline,omitempty"`
	// NoGates does not ask the gates.
	NoGates bool `json:"no_gates,omitempty"`
}

const (
	mostWaves    = 100
	mostParallel = 10_000
)

// Check returns what is wrong, as a *wispwright.ValidationError whose paths are
// the names of JSON.
func (s *Strategy) Check() error {
	v := &wispwright.ValidationError{}
	if len(s.Waves) > mostWaves {
		v.Add("waves", fmt.Sprintf("At most %d waves are possible.", mostWaves))
	}
	for i, w := range s.Waves {
		w.check(v, fmt.Sprintf("waves.%d", i))
	}
	for name, n := range map[string]float64{"parallel": float64(s.Parallel), "per_site": float64(s.PerSite), "max_failed": float64(s.MaxFailed), "max_failed_percent": s.MaxFailedPercent, "return_within": float64(s.ReturnWithin)} {
		if n < 0 {
			v.Add(name, "Ensure this value is greater than or equal to 0.")
		}
	}
	if s.MaxUnreachable != nil && *s.MaxUnreachable < 0 {
		v.Add("max_unreachable", "Ensure this value is greater than or equal to 0.")
	}
	if p := s.MaxProblemsPercent; p != nil && (*p < 0 || *p > 100) {
		v.Add("max_problems_percent", "Ensure this value is between 0 and 100.")
	}
	if s.Parallel > mostParallel {
		v.Add("parallel", fmt.Sprintf("Ensure this value is less than or equal to %d.", mostParallel))
	}
	if s.MaxFailedPercent > 100 {
		v.Add("max_failed_percent", "Ensure this value is less than or equal to 100.")
	}
	if !slices.Contains([]OnStop{"", Halt, UndoWave, UndoAll}, s.OnStop) {
		v.Add("on_stop", fmt.Sprintf("%q is not a valid choice.", s.OnStop))
	}
	if _, err := zone(s.TimeZone); err != nil {
		v.Add("time_zone", fmt.Sprintf("%q is not a time zone.", s.TimeZone))
	}
	if w := s.Window; w != nil {
		for name, text := range map[string]string{"from": w.From, "to": w.To} {
			if _, ok := minutes(text); !ok {
				v.Add("window."+name, "Want a time of the day such as 22:30.")
			}
		}
		if slices.ContainsFunc(w.Days, func(d time.Weekday) bool { return d < time.Sunday || d > time.Saturday }) {
			v.Add("window.days", "Days are numbers from 0 (Sunday) to 6.")
		}
	}
	return v.Err()
}

func (w *Wave) check(v *wispwright.ValidationError, path string) {
	chosen := 0
	for _, is := range []bool{len(w.Devices) > 0, w.Percent != 0, w.Count != 0} {
		if is {
			chosen++
		}
	}
	if chosen > 1 {
		v.Add(path, "Give either devices, or a percentage, or a number.")
	}
	if w.Percent < 0 || w.Percent > 100 {
		v.Add(path+".percent", "Ensure this value is between 0 and 100.")
	}
	if w.Count < 0 {
		v.Add(path+".count", "Ensure this value is greater than or equal to 0.")
	}
	if w.Pause < 0 {
		v.Add(path+".pause", "Ensure this value is greater than or equal to 0.")
	}
}

// wave is the description of a wave by number; what is left over has none.
func (s *Strategy) wave(n int) Wave {
	if n < len(s.Waves) {
		return s.Waves[n]
	}
	return Wave{}
}

// allowed is how many failures a wave of some size may have.
func (s *Strategy) allowed(size int) int {
	return max(s.MaxFailed, int(s.MaxFailedPercent*float64(size)/100))
}

// Target is a device of a rollout.
type Target struct {
	// DeviceID is the device, OrganizationID its organization, Name its name.
	DeviceID, OrganizationID wispwright.ID
	Name                     string
	// Site and TimeZone are those of Step.
	Site, TimeZone string
	// Memo is given to the driver with the step.
	Memo wispwright.JSON
}

// Assign spreads devices over the waves, a fair sample of them in each, and
// returns the waves that have any. The same devices give the same waves for the
// same seed. Named devices that are no targets are a fault.
func (s *Strategy) Assign(seed wispwright.ID, targets []Target) ([][]Target, error) {
	byID := make(map[wispwright.ID]Target, len(targets))
	for _, t := range targets {
		byID[t.DeviceID] = t
	}
	v := &wispwright.ValidationError{}
	named := make([][]Target, len(s.Waves))
	for i, w := range s.Waves {
		for _, id := range w.Devices {
			t, ok := byID[id]
			if !ok {
				v.Add(fmt.Sprintf("waves.%d.devices", i), fmt.Sprintf("The device %s is not affected, or named twice.", id))
				continue
			}
			named[i] = append(named[i], t)
			delete(byID, id)
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	rest := make([]Target, 0, len(byID))
	for _, t := range targets {
		if _, left := byID[t.DeviceID]; left {
			rest = append(rest, t)
			delete(byID, t.DeviceID)
		}
	}
	shuffle(seed, rest)
	var out [][]Target
	add := func(list []Target) {
		if len(list) > 0 {
			out = append(out, list)
		}
	}
	take := func(n int) []Target {
		n = min(n, len(rest))
		some := rest[:n:n]
		rest = rest[n:]
		return some
	}
	for i, w := range s.Waves {
		switch {
		case len(w.Devices) > 0:
			add(named[i])
		case w.Percent > 0:
			add(take(max(1, int(w.Percent*float64(len(targets))/100+0.5))))
		case w.Count > 0:
			add(take(w.Count))
		default:
			add(take(len(rest)))
		}
	}
	add(rest)
	return out, nil
}

// shuffle puts targets in an order that has nothing to do with how they came.
func shuffle(seed wispwright.ID, list []Target) {
	place := make(map[wispwright.ID]uint64, len(list))
	for _, t := range list {
		h := fnv.New64a()
		_, _ = h.Write(seed[:]) // a hash takes everything
		_, _ = h.Write(t.DeviceID[:])
		x := h.Sum64()
		x ^= x >> 33
		x *= 0xff51afd7ed558ccd
		place[t.DeviceID] = x ^ x>>33
	}
	slices.SortFunc(list, func(a, b Target) int {
		return cmp.Or(cmp.Compare(place[a.DeviceID], place[b.DeviceID]), slices.Compare(a.DeviceID[:], b.DeviceID[:]))
	})
}

func zone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	if name == "Local" {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	return time.LoadLocation(name)
}

func minutes(text string) (int, bool) {
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err == nil
}

// open reports whether devices of a time zone may be begun at a moment.
func (s *Strategy) open(at time.Time, timeZone string) bool {
	if s.Window == nil {
		return true
	}
	loc, err := zone(cmp.Or(timeZone, s.TimeZone))
	if err != nil { // the site's is not one
		if loc, err = zone(s.TimeZone); err != nil {
			loc = time.UTC
		}
	}
	at = at.In(loc)
	from, _ := minutes(s.Window.From) // Check has seen both
	to, _ := minutes(s.Window.To)
	now := at.Hour()*60 + at.Minute()
	day := at.Weekday()
	if to <= from { // over midnight
		if now < to {
			day, now = (day+6)%7, now+24*60
		}
		to += 24 * 60
	}
	return now >= from && now < to && (len(s.Window.Days) == 0 || slices.Contains(s.Window.Days, day))
}
