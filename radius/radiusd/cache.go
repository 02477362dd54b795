package radiusd

import (
	"crypto/rand"
	"net/netip"
	"sync"
	"time"

	"layeh.com/radius"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius/eap"
)

// packetKey is what a packet that was sent again has in common with the first.
type packetKey struct {
	from          netip.AddrPort
	code          radius.Code
	id            byte
	authenticator [16]byte
}

// answers remember what was answered, so that a packet that was sent again is neither
// decided nor counted again (RFC 5080 §2.2.2).
type answers struct {
	lock  sync.Mutex
	known map[packetKey]*answered
	order []packetKey
	clock func() time.Time
}

type answered struct {
	raw []byte
	at  time.Time
}

const (
	// remembered is how long access servers send a packet again.
	remembered = 30 * time.Second
	// mostAnswers bounds the memory.
	mostAnswers = 100_000
)

func newAnswers(clock func() time.Time) *answers {
	return &answers{known: map[packetKey]*answered{}, clock: clock}
}

// begin returns the answer to a packet that came before, or notes that it came.
func (a *answers) begin(k packetKey) (raw []byte, first bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	now := a.clock()
	for len(a.order) > 0 {
		oldest := a.known[a.order[0]]
		if oldest != nil && now.Sub(oldest.at) < remembered && len(a.order) < mostAnswers {
			break
		}
		delete(a.known, a.order[0])
		a.order = a.order[1:]
	}
	if x, ok := a.known[k]; ok {
		return x.raw, false
	}
	a.known[k] = &answered{at: now}
	a.order = append(a.order, k)
	return nil, true
}

// end notes the answer; without one the packet may come again.
func (a *answers) end(k packetKey, raw []byte) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if raw == nil {
		delete(a.known, k)
		return
	}
	if x, ok := a.known[k]; ok {
		x.raw = raw
	}
}

// sessions are clients in the middle of EAP, by the attribute State.
type sessions struct {
	lock  sync.Mutex
	known map[string]*underWay
	clock func() time.Time
}

type underWay struct {
	*eap.Session
	// inner is who proved to be somebody within the tunnel
	inner *proven
	at    time.Time
	// organization is that of the access server through which it began
	organization wispwright.ID
}

const (
	// patience is how long a client may take for its next packet.
	patience = 60 * time.Second
	// mostSessions bounds clients in the middle of EAP: each has a goroutine.
	mostSessions = 10_000
)

func newSessions(clock func() time.Time) *sessions {
	return &sessions{known: map[string]*underWay{}, clock: clock}
}

// put keeps a session under a new State; "" when there are too many.
func (s *sessions) put(x *underWay) string {
	s.lock.Lock()
	defer s.lock.Unlock()
	now := s.clock()
	if len(s.known) >= mostSessions {
		for k, old := range s.known {
			if now.Sub(old.at) > patience {
				old.Close()
				delete(s.known, k)
			}
		}
		if len(s.known) >= mostSessions {
			return ""
		}
	}
	x.at = now
	var state [16]byte
	_, _ = rand.Read(state[:]) // never fails: crypto/rand aborts the program instead
	s.known[string(state[:])] = x
	return string(state[:])
}

// take is the session of a State, which is good once.
func (s *sessions) take(state string) *underWay {
	s.lock.Lock()
	defer s.lock.Unlock()
	x := s.known[state]
	delete(s.known, state)
	return x
}
