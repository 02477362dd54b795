package radius

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
	"github.com/wispwright/wispwright/radius/counters"
)

// Session is what an access server told of one stay of somebody in a network
// (spec: radius §1.7). A nil text was never told, an empty one was.
type Session struct {
	// UniqueID identifies it, up to 32 characters; FreeRADIUS makes it.
	UniqueID string
	// SessionID is the access server's own, up to 64 characters.
	SessionID string
	// OrganizationID is whose it is; zero for rows that FreeRADIUS wrote itself and
	// that could not be attributed.
	OrganizationID wispwright.ID
	// Username, GroupName and Realm have up to 64 characters.
	Username, GroupName, Realm *string
	// NASAddress is the access server.
	NASAddress netip.Addr
	// NASPortID has up to 15 characters, NASPortType up to 32.
	NASPortID, NASPortType *string
	// StartTime is when it began, UpdateTime when it was told of last, StopTime when
	// it ended; zero: it is open.
	StartTime, UpdateTime, StopTime time.Time
	// Interval is kept for FreeRADIUS. SessionTime is how long it lasted so far, in
	// seconds.
	Interval, SessionTime *int64
	// Authentication has up to 32 characters, the connection's descriptions up to 50.
	Authentication, ConnectInfoStart, ConnectInfoStop *string
	// InputOctets and OutputOctets are what the access server received from and sent
	// to the user, in octets.
	InputOctets, OutputOctets *int64
	// CalledStationID and CallingStationID are access point and device, up to 253
	// characters.
	CalledStationID, CallingStationID *string
	// TerminateCause, ServiceType and FramedProtocol have up to 32 characters.
	TerminateCause, ServiceType, FramedProtocol *string
	// FramedIPAddress and FramedIPv6Address are the user's.
	FramedIPAddress, FramedIPv6Address netip.Addr
	// FramedIPv6Prefix and DelegatedIPv6Prefix are networks of IPv6,
	// FramedInterfaceID has up to 19 characters.
	FramedIPv6Prefix, FramedInterfaceID, DelegatedIPv6Prefix *string

	// CountedFrom and CountedUntil are StartTime, and StartTime with SessionTime, in
	// seconds since 1970: what counters look at, so that they need to read nothing
	// older than their window. Zero: nothing is counted. The service keeps them.
	CountedFrom, CountedUntil int64
}

// IsOpen reports whether it has not ended.
func (s *Session) IsOpen() bool { return s.StopTime.IsZero() }

// Count brings CountedFrom and CountedUntil up to date.
func (s *Session) Count() {
	s.CountedFrom, s.CountedUntil = 0, 0
	if s.SessionTime != nil && !s.StartTime.IsZero() {
		s.CountedFrom = s.StartTime.Unix()
		s.CountedUntil = s.CountedFrom + *s.SessionTime
	}
}

// SessionFilter selects sessions; the zero value all.
type SessionFilter struct {
	// OrganizationID is whose they are.
	OrganizationID wispwright.ID
	// UniqueID is exactly one.
	UniqueID string
	// Username, CalledStationID and CallingStationID are compared exactly,
	// CalledStationIDs and CallingStationIDs with one of several.
	Username, CalledStationID, CallingStationID string
	CalledStationIDs, CallingStationIDs         wispwright.Among[string]
	// Called and Calling find a MAC address however its letters and separators are
	// written: lower-case and with colons here.
	Called, Calling string
	// NASAddress is the access server.
	NASAddress netip.Addr
	// FramedIPAddress is the user's network address.
	FramedIPAddress netip.Addr
	// IsOpen are those that have not ended, or those that have.
	IsOpen *bool
	// StartTimeFrom: begun then or later. StoppedUntil: ended then or earlier.
	// StartTimeBefore and UpdateTimeBefore: earlier.
	StartTimeFrom, StoppedUntil, StartTimeBefore, UpdateTimeBefore time.Time
	// NeverUpdated are those that were told of once.
	NeverUpdated *bool
	// Search is a part of id, username, station ids, in any letter case.
	Search string
}

// Shape is how storages keep sessions.
func (Session) Shape() store.Shape {
	return store.Shape{
		Table: "radacct", Key: "UniqueID", Org: "OrganizationID", Order: store.Newest("StartTime"),
		Search: []string{"UniqueID", "Username", "CalledStationID", "CallingStationID"},
	}
}

// SessionStore keeps sessions.
type SessionStore interface {
	wispwright.KeyedRepo[string, Session, SessionFilter]
	// Use sums what a user used in an organization since a time, in seconds since
	// 1970 (spec: radius §4). What it costs depends on the sessions in the window
	// alone.
	Use(ctx context.Context, organization wispwright.ID, username string, since int64) (counters.Use, error)
	// Live answers what a decision needs of sessions and tokens at once.
	Live(ctx context.Context, q LiveQuery) (Live, error)
	// Beside returns what a report of a session meets, in any organization: the
	// session itself, and the open ones of the same user and device, if both are known.
	Beside(ctx context.Context, id, username, calling string) ([]*Session, error)
	// DeleteOf removes all of an organization and returns their number.
	DeleteOf(ctx context.Context, organization wispwright.ID, most int) (int, error)
	// DeleteBefore removes those that ended before a time, and returns their number.
	DeleteBefore(ctx context.Context, ended time.Time) (int, error)
}

// text returns what a text of a session is, "" when it was never told.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Spellings are the usual ways to write a MAC address, given in small letters with
// colons: what a storage with an index looks for.
func Spellings(mac string) []string {
	dashed := strings.ReplaceAll(mac, ":", "-")
	return []string{mac, dashed, strings.ToUpper(mac), strings.ToUpper(dashed), strings.ReplaceAll(mac, ":", ""), strings.ToUpper(strings.ReplaceAll(mac, ":", ""))}
}
