package geo

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// Dot is a device on the map.
type Dot struct {
	// DeviceID is the device, LocationID where it is.
	DeviceID, LocationID wispwright.ID
	// GroupID is the device's group; zero: none.
	GroupID wispwright.ID
	// Config is the status of its configuration; empty: it has none.
	Config string
	// LastSeen is when it was heard of last; zero: never.
	LastSeen time.Time
	// IsDeactivated: nothing is expected of it.
	IsDeactivated bool
	// Health is what Options.Health says of it: critical, problem, or anything else.
	Health string
}

// MapStore reads what maps are drawn from, of all organizations at once.
type MapStore interface {
	// Points returns all locations that have a geometry: ID, OrganizationID, Name,
	// Type, IsMobile, Address, Longitude and Latitude.
	Points(ctx context.Context) ([]*Location, error)
	// Dots returns all devices that have a location.
	Dots(ctx context.Context) ([]Dot, error)
}

// Status says how a location or a device on the map fares.
type Status string

// The statuses, the worst first; a location has that of its worst device.
const (
	// StatusCritical: monitoring says that the device is out of reach.
	StatusCritical Status = "critical"
	// StatusError: a configuration could not be applied.
	StatusError Status = "error"
	// StatusSilent: the device was not heard of for Options.SilentAfter.
	StatusSilent Status = "silent"
	// StatusProblem: monitoring says that the device has a problem.
	StatusProblem Status = "problem"
	// StatusModified: a new configuration was not fetched yet.
	StatusModified Status = "modified"
	// StatusOK: heard of, and nothing is due.
	StatusOK Status = "ok"
	// StatusUnknown: never heard of.
	StatusUnknown Status = "unknown"
	// StatusDeactivated: all devices are deactivated.
	StatusDeactivated Status = "deactivated"
	// StatusEmpty: there is no device.
	StatusEmpty Status = "empty"
)

// Statuses are all statuses, the worst first.
func Statuses() []Status {
	return []Status{StatusCritical, StatusError, StatusSilent, StatusProblem, StatusModified, StatusOK, StatusUnknown, StatusDeactivated, StatusEmpty}
}

// status is the place of a Status in Statuses.
type status uint8

// empty is the place of StatusEmpty.
const empty status = 8

func (d *Dot) status(silentSince time.Time) status {
	word := StatusOK
	switch {
	case d.IsDeactivated:
		word = StatusDeactivated
	case d.Health == "critical":
		word = StatusCritical
	case d.Config == "error":
		word = StatusError
	case d.LastSeen.IsZero():
		word = StatusUnknown
	case d.LastSeen.Before(silentSince):
		word = StatusSilent
	case d.Health == "problem":
		word = StatusProblem
	case d.Config == "modified":
		word = StatusModified
	}
	return status(slices.Index(Statuses(), word))
}

// MapFilter selects what a map shows; zero fields select all.
type MapFilter struct {
	// OrganizationID is whose locations.
	OrganizationID wispwright.ID
	// Statuses are those of locations.
	Statuses []Status
	// GroupID limits to locations with a device of a group.
	GroupID wispwright.ID
	// Type limits to one type.
	Type Type
	// IsMobile limits to those that move, or to the others.
	IsMobile *bool
	// Search is a part of the name or of the address, in any letter case.
	Search string
}

// Mark is what a map shows at one place: a location, or a cluster of several.
type Mark struct {
	// Position is where it is drawn.
	Position Position
	// Location is nil for a cluster.
	Location *Location
	// Status is that of the location, or the worst of a cluster.
	Status Status
	// Devices is how many devices there are.
	Devices int
	// Locations is how many locations a cluster stands for.
	Locations int
	// Statuses is how many locations of a cluster have each status.
	Statuses map[Status]int
	// Bounds is what a cluster covers.
	Bounds Box
}

// View is a part of the map.
type View struct {
	// Marks are what is in the part.
	Marks []Mark
	// Locations is how many locations the filter selects, in the whole world, and
	// Statuses how many of them have each status.
	Locations int
	Statuses  map[Status]int
	// Bounds is what these cover; the zero Box when there are none.
	Bounds Box
	// Zoom is the zoom the clusters were made for, which is less than the one asked
	// for when that would give too many marks.
	Zoom int
	// Stale: something newer is being read, and the next look shows it.
	Stale bool
}

const (
	// MaxZoom is the closest a map can be.
	MaxZoom = 22
	// maxMarks is how many marks a view has at most, about.
	maxMarks = 1500
	// cell is how wide the squares are whose locations become one cluster, in
	// pixels of a map whose tiles have 256.
	cell = 72
)

// Map shows where everything is. It keeps what it shows in memory, about 300
// bytes a location, for all organizations, and reads it anew when it is older than
// Options.MapAge and somebody looks.
type Map struct {
	rooms *rooms

	mu      sync.Mutex
	read    time.Time
	reading chan struct{}
	err     error
	now     *snapshot
}

func newMap(r *rooms) *Map { return &Map{rooms: r} }

// spot is a location in memory with what is at it.
type spot struct {
	location *Location
	folded   string
	// x and y are where it is in the projection, from 0 to 1.
	x, y    float64
	status  status
	devices int
	groups  []wispwright.ID
}

type snapshot struct{ spots []spot }

// View returns what a part of the map shows at a zoom. Clusters do not depend on
// how the part is cut, so that they stand still while a map is moved.
func (m *Map) View(ctx context.Context, scope wispwright.Scope, f MapFilter, box Box, zoom int) (*View, error) {
	snap, stale, err := m.snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("geo.Map.View: %w", err)
	}
	zoom = max(0, min(zoom, MaxZoom))
	out := &View{Statuses: map[Status]int{}, Stale: stale}
	words := Statuses()
	bounds := emptyBox()
	var inside []*spot
	counts := make([]int, len(words))
	match := f.matcher(scope)
	wide := widened(box, zoom)
	for i := range snap.spots {
		s := &snap.spots[i]
		if !match(s) {
			continue
		}
		out.Locations++
		counts[s.status]++
		p := Position{*s.location.Longitude, *s.location.Latitude}
		bounds.add(p)
		if wide.Contains(p) {
			inside = append(inside, s)
		}
	}
	for i, n := range counts {
		if n > 0 {
			out.Statuses[words[i]] = n
		}
	}
	if out.Locations > 0 {
		out.Bounds = bounds
	}
	for {
		out.Marks, out.Zoom = clusters(inside, zoom), zoom
		if len(out.Marks) <= maxMarks || zoom == 0 {
			break
		}
		zoom--
	}
	out.Marks = slices.DeleteFunc(out.Marks, func(k Mark) bool { return !box.Contains(k.Position) && !k.overlaps(box) })
	return out, nil
}

// overlaps reports whether a cluster reaches into a box.
func (k *Mark) overlaps(b Box) bool {
	return k.Location == nil && (b.Contains(Position{k.Bounds.West, k.Bounds.South}) || b.Contains(Position{k.Bounds.East, k.Bounds.North}))
}

func (f *MapFilter) matcher(scope wispwright.Scope) func(*spot) bool {
	text := strings.ToLower(strings.TrimSpace(f.Search))
	wanted := map[status]bool{}
	for _, s := range f.Statuses {
		if i := slices.Index(Statuses(), s); i >= 0 {
			wanted[status(i)] = true
		}
	}
	return func(s *spot) bool {
		l := s.location
		return scope.Allows(l.OrganizationID) &&
			(f.OrganizationID.IsZero() || l.OrganizationID == f.OrganizationID) &&
			(f.Type == "" || l.Type == f.Type) &&
			(f.IsMobile == nil || l.IsMobile == *f.IsMobile) &&
			(len(f.Statuses) == 0 || wanted[s.status]) &&
			(f.GroupID.IsZero() || slices.Contains(s.groups, f.GroupID)) &&
			(text == "" || strings.Contains(s.folded, text))
	}
}

// clusters puts the locations of each square of the map together.
func clusters(spots []*spot, zoom int) []Mark {
	type square struct{ x, y int }
	scale := 256 * math.Exp2(float64(zoom)) / cell
	squares := map[square][]*spot{}
	var order []square
	for _, s := range spots {
		k := square{int(s.x * scale), int(s.y * scale)}
		if squares[k] == nil {
			order = append(order, k)
		}
		squares[k] = append(squares[k], s)
	}
	words := Statuses()
	marks := make([]Mark, 0, len(order))
	for _, k := range order {
		list := squares[k]
		if len(list) == 1 {
			s := list[0]
			marks = append(marks, Mark{Position: Position{*s.location.Longitude, *s.location.Latitude}, Location: s.location, Status: words[s.status], Devices: s.devices, Locations: 1})
			continue
		}
		mark := Mark{Locations: len(list), Statuses: map[Status]int{}, Bounds: emptyBox()}
		worst := empty
		for _, s := range list {
			p := Position{*s.location.Longitude, *s.location.Latitude}
			mark.Bounds.add(p)
			mark.Position[0] += p[0] / float64(len(list))
			mark.Position[1] += p[1] / float64(len(list))
			mark.Devices += s.devices
			mark.Statuses[words[s.status]]++
			worst = min(worst, s.status)
		}
		mark.Status = words[worst]
		marks = append(marks, mark)
	}
	return marks
}

// emptyBox contains nothing; add widens it.
func emptyBox() Box {
	return Box{West: math.Inf(1), South: math.Inf(1), East: math.Inf(-1), North: math.Inf(-1)}
}

func (b *Box) add(p Position) {
	b.West, b.East = min(b.West, p[0]), max(b.East, p[0])
	b.South, b.North = min(b.South, p[1]), max(b.North, p[1])
}

// widened is a box with a square more on each side, so that the clusters at its
// edges are whole.
func widened(b Box, zoom int) Box {
	pad := 360 * cell / (256 * math.Exp2(float64(zoom)))
	width := b.East - b.West
	if width < 0 {
		width += 360
	}
	b.South, b.North = max(-90, b.South-pad), min(90, b.North+pad)
	if width+2*pad >= 360 {
		b.West, b.East = -180, 180
		return b
	}
	b.West, b.East = wrap(b.West-pad), wrap(b.East+pad)
	return b
}

// project is Web Mercator, from 0 to 1 from the north-west.
func project(p Position) (x, y float64) {
	const limit = 85.05112878
	latitude := max(-limit, min(p[1], limit)) * math.Pi / 180
	y = 0.5 - math.Log(math.Tan(math.Pi/4+latitude/2))/(2*math.Pi)
	return (p[0] + 180) / 360, max(0, min(y, 1))
}

// Stale makes the next look read anew what has changed, at most once a second.
func (m *Map) Stale() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if least := time.Now().Add(time.Second - m.rooms.MapAge); m.read.After(least) {
		m.read = least
	}
}

// snapshot returns what is shown, and whether something newer is being read. The
// first look waits for the reading, later ones no longer than Options.MapWait: of
// many devices it takes seconds, and what there is, is seconds old.
func (m *Map) snapshot(ctx context.Context) (now *snapshot, stale bool, err error) {
	m.mu.Lock()
	if m.now != nil && time.Since(m.read) < m.rooms.MapAge {
		defer m.mu.Unlock()
		return m.now, false, nil
	}
	if m.reading == nil {
		m.reading = make(chan struct{})
		go m.load(context.WithoutCancel(ctx), m.reading)
	}
	reading, former := m.reading, m.now
	m.mu.Unlock()
	var late <-chan time.Time
	if former != nil {
		patience := time.NewTimer(m.rooms.MapWait)
		defer patience.Stop()
		late = patience.C
	}
	select {
	case <-reading:
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.err != nil {
			return nil, false, m.err
		}
		return m.now, false, nil
	case <-late:
		return former, true, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

func (m *Map) load(ctx context.Context, done chan struct{}) {
	began := time.Now()
	snap, err := m.take(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err = err; err == nil {
		m.now, m.read = snap, began
	}
	m.reading = nil
	close(done)
}

// take reads everything.
func (m *Map) take(ctx context.Context) (*snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	points, err := m.rooms.stores.Map.Points(ctx)
	if err != nil {
		return nil, err
	}
	dots, err := m.rooms.stores.Map.Dots(ctx)
	if err != nil {
		return nil, err
	}
	if m.rooms.Health != nil {
		healths, err := m.rooms.Health(ctx)
		if err != nil {
			return nil, err
		}
		for i := range dots {
			dots[i].Health = healths[dots[i].DeviceID]
		}
	}
	slices.SortFunc(points, func(a, b *Location) int { return cmp.Compare(string(a.ID[:]), string(b.ID[:])) })
	snap := &snapshot{make([]spot, 0, len(points))}
	at := make(map[wispwright.ID]int, len(points))
	for _, l := range points {
		p, ok := l.Position()
		if !ok {
			continue
		}
		x, y := project(p)
		at[l.ID] = len(snap.spots)
		snap.spots = append(snap.spots, spot{location: l, folded: strings.ToLower(l.Name + "\n" + l.Address), x: x, y: y, status: empty})
	}
	silent := m.rooms.base.Now().Add(-m.rooms.SilentAfter)
	for i := range dots {
		d := &dots[i]
		n, ok := at[d.LocationID]
		if !ok {
			continue
		}
		s := &snap.spots[n]
		s.status = min(s.status, d.status(silent))
		s.devices++
		if !d.GroupID.IsZero() && !slices.Contains(s.groups, d.GroupID) {
			s.groups = append(s.groups, d.GroupID)
		}
	}
	return snap, nil
}
