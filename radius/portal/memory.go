package portal

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/memstore"
)

// NewMemory returns stores that keep everything in memory.
func NewMemory(m *memstore.Store) Stores {
	return Stores{
		Settings: memstore.NewRepo[wispwright.ID, Settings, SettingsFilter](m, memstore.Spec[Settings]{Shape: Settings{}.Shape()}),
		Guests: memstore.NewRepo[wispwright.ID, Guest, GuestFilter](m, memstore.Spec[Guest]{Shape: Guest{}.Shape(), Match: map[string]func(context.Context, *Guest, any) bool{
			"CreatedBefore": func(_ context.Context, g *Guest, v any) bool { return before(g.Created, v) },
			"UntilBefore":   func(_ context.Context, g *Guest, v any) bool { return !g.Until.IsZero() && before(g.Until, v) },
			"AnswerBefore":  func(_ context.Context, g *Guest, v any) bool { return !g.AnswerBy.IsZero() && before(g.AnswerBy, v) },
		}}),
		Devices: memstore.NewRepo[wispwright.ID, Device, DeviceFilter](m, memstore.Spec[Device]{Shape: Device{}.Shape(), Match: map[string]func(context.Context, *Device, any) bool{
			"UntilBefore": func(_ context.Context, d *Device, v any) bool { return before(d.Until, v) },
		}}),
		Graces: memstore.NewRepo[wispwright.ID, Grace, GraceFilter](m, memstore.Spec[Grace]{Shape: Grace{}.Shape(), Match: map[string]func(context.Context, *Grace, any) bool{
			"CreatedFrom":   func(_ context.Context, g *Grace, v any) bool { return !before(g.Created, v) },
			"CreatedBefore": func(_ context.Context, g *Grace, v any) bool { return before(g.Created, v) },
		}}),
	}
}

// before compares as databases do, in microseconds.
func before(t time.Time, v any) bool { return t.Before(v.(time.Time).Truncate(time.Microsecond)) }
