// Package portaltest checks that a storage keeps what captive portals rely on. Any
// implementation must pass.
package portaltest

import (
	"fmt"
	"testing"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/storetest"
	"github.com/wispwright/wispwright/radius/portal"
)

// Storage is what a Harness makes: empty stores and their transactor.
type Storage struct {
	Tx     wispwright.Transactor
	Stores portal.Stores
}

// Harness makes a Storage. It is called once for every part of the suite.
type Harness func(t *testing.T) Storage

func id(n int) wispwright.ID {
	var out wispwright.ID
	out[0], out[6], out[14], out[15] = 0xac, 0x40, byte(n>>8), byte(n)
	return out
}

// at is a moment with more digits than are stored.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC).Add(time.Duration(n) * time.Minute)
}

func ptr[T any](v T) *T { return &v }

func earlier(t time.Time, n int) bool { return t.Before(at(n).Truncate(time.Microsecond)) }

// Run runs the whole suite.
func Run(t *testing.T, h Harness) {
	organizations := []wispwright.ID{id(1), id(2)}
	mac := func(n int) string { return fmt.Sprintf("AA:BB:CC:DD:%02X:%02X", n>>8, n&255) }
	t.Run("settings", func(t *testing.T) {
		s := h(t)
		type object = portal.Settings
		type filter = portal.SettingsFilter
		storetest.RunRepo(t, s.Stores.Settings, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(x *object) wispwright.ID { return x.ID }, Mutate: func(x *object) { *x.GuestHours++ }, Missing: id(9999),
			New: func(n, _ int) *object {
				return &object{ID: id(100 + n), OrganizationID: id(1000 + n), Dialect: ptr("opennds"), GatewaySecret: wispwright.Secret(fmt.Sprint("key", n)), RADIUSSecret: wispwright.Secret(fmt.Sprint("radius", n)), GatewayHosts: ptr("10.0.0.1"), AnswerChallenge: ptr(n%2 == 0),
					PortalURL: ptr("https://example.org/"), GuestsEnabled: ptr(true), SponsorDomains: ptr("example.org"), GuestHours: ptr(int64(n)), RememberDays: ptr(int64(0)), Created: at(n), Modified: at(n + 1)}
			},
			Uniques: map[string]func(*object) *object{"radius_portal_settings_organization": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
			Filters: map[string]storetest.Filter[object, filter]{"organization": {Filter: filter{OrganizationID: id(1002)}, Selects: func(x *object) bool { return x.OrganizationID == id(1002) }}},
		})
	})
	t.Run("guests", func(t *testing.T) {
		s := h(t)
		type object = portal.Guest
		type filter = portal.GuestFilter
		storetest.RunRepo(t, s.Stores.Guests, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(x *object) wispwright.ID { return x.ID }, Mutate: func(x *object) { x.Reason += "!" }, Missing: id(9999), Organizations: organizations, Orders: []string{"Created", "Name"},
			New: func(n, organization int) *object {
				g := &object{ID: id(100 + n), OrganizationID: id(1 + organization), Name: fmt.Sprintf("Guest %03d", n), Sponsor: fmt.Sprintf("s%d@example.org", n%2), Mac: mac(n), Address: "192.0.2.1", Status: portal.Waiting,
					Token: "token", TokenHash: fmt.Sprint("hash", n), KeyHash: "key", AnswerBy: at(n + 9), Created: at(n), Modified: at(n + 1)}
				if n%2 == 1 {
					g.Status, g.UserID, g.Username, g.Password, g.Until = portal.Approved, id(500+n), "guest", "secret", at(n+20)
				}
				return g
			},
			Search: &storetest.Search[object, filter]{Put: func(x *object, text string) { x.Name = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Filters: map[string]storetest.Filter[object, filter]{
				"status":  {Filter: filter{Status: portal.Approved}, Selects: func(x *object) bool { return x.Status == portal.Approved }},
				"link":    {Filter: filter{TokenHash: "hash2"}, Selects: func(x *object) bool { return x.TokenHash == "hash2" }},
				"user":    {Filter: filter{UserID: id(501)}, Selects: func(x *object) bool { return x.UserID == id(501) }},
				"sponsor": {Filter: filter{Sponsor: "s1@example.org"}, Selects: func(x *object) bool { return x.Sponsor == "s1@example.org" }},
				"some":    {Filter: filter{IDs: wispwright.Only(id(101), id(103))}, Selects: func(x *object) bool { return x.ID == id(101) || x.ID == id(103) }},
				"old":     {Filter: filter{CreatedBefore: at(3)}, Selects: func(x *object) bool { return earlier(x.Created, 3) }},
				"over":    {Filter: filter{UntilBefore: at(22)}, Selects: func(x *object) bool { return !x.Until.IsZero() && earlier(x.Until, 22) }},
				"late":    {Filter: filter{AnswerBefore: at(11)}, Selects: func(x *object) bool { return earlier(x.AnswerBy, 11) }},
			},
		})
	})
	t.Run("devices", func(t *testing.T) {
		s := h(t)
		type object = portal.Device
		type filter = portal.DeviceFilter
		storetest.RunRepo(t, s.Stores.Devices, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(x *object) wispwright.ID { return x.ID }, Mutate: func(x *object) { x.Until = x.Until.Add(time.Hour) }, Missing: id(9999), Organizations: organizations, Orders: []string{"Created", "Mac"},
			New: func(n, organization int) *object {
				return &object{ID: id(100 + n), OrganizationID: id(1 + organization), UserID: id(500 + n%3), Mac: mac(n), Until: at(n + 5), Created: at(n), Modified: at(n + 1)}
			},
			Search:  &storetest.Search[object, filter]{Put: func(x *object, text string) { x.Mac = text }, Filter: func(text string) filter { return filter{Search: text} }},
			Uniques: map[string]func(*object) *object{"radius_portal_device_mac": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
			Filters: map[string]storetest.Filter[object, filter]{
				"user": {Filter: filter{UserID: id(501)}, Selects: func(x *object) bool { return x.UserID == id(501) }},
				"mac":  {Filter: filter{Mac: mac(2)}, Selects: func(x *object) bool { return x.Mac == mac(2) }},
				"over": {Filter: filter{UntilBefore: at(8)}, Selects: func(x *object) bool { return earlier(x.Until, 8) }},
			},
		})
	})
	t.Run("short stays", func(t *testing.T) {
		s := h(t)
		type object = portal.Grace
		type filter = portal.GraceFilter
		storetest.RunRepo(t, s.Stores.Graces, storetest.Sample[wispwright.ID, object, filter]{
			Tx: s.Tx, Key: func(x *object) wispwright.ID { return x.ID }, Mutate: func(x *object) { x.Until = x.Until.Add(time.Hour) }, Missing: id(9999), Organizations: organizations, Orders: []string{"Created"},
			New: func(n, organization int) *object {
				return &object{ID: id(100 + n), OrganizationID: id(1 + organization), UserID: id(500 + n), Mac: mac(n % 2), Until: at(n + 5), Created: at(n)}
			},
			Uniques: map[string]func(*object) *object{"radius_portal_grace_user": func(first *object) *object { second := *first; second.ID = id(3999); return &second }},
			Filters: map[string]storetest.Filter[object, filter]{
				"user":   {Filter: filter{UserID: id(501)}, Selects: func(x *object) bool { return x.UserID == id(501) }},
				"device": {Filter: filter{Mac: mac(1)}, Selects: func(x *object) bool { return x.Mac == mac(1) }},
				"since":  {Filter: filter{CreatedFrom: at(2)}, Selects: func(x *object) bool { return !earlier(x.Created, 2) }},
				"old":    {Filter: filter{CreatedBefore: at(2)}, Selects: func(x *object) bool { return earlier(x.Created, 2) }},
			},
		})
	})
}
