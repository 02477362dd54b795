package monitoring

import (
	"encoding/json"
	"hash/fnv"
	"time"

	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// memory is what is remembered of a device beside its last document: its counters, when
// they were told, and what the document was.
type memory struct {
	// Time is when the document was made, in microseconds.
	Time int64 `json:"t"`
	// Uptime is for how many seconds the device ran then; 0: unknown.
	Uptime int64 `json:"u,omitempty"`
	// Sum recognises the document.
	Sum uint64 `json:"s"`
	// Counters are received and sent bytes by interface.
	Counters map[string][2]int64 `json:"c"`
	// Declared are the counters of declared metrics, by kind.
	Declared map[string]float64 `json:"d,omitempty"`
	// Sessions is what is known of its WiFi clients.
	Sessions sessionsMemory `json:"w,omitzero"`
}

func sum(body []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(body) // a hash takes everything
	return h.Sum64()
}

// remember makes the memory of a document.
func remember(doc *ordered.Object, body []byte, at time.Time) *memory {
	m := &memory{Time: at.UnixMicro(), Sum: sum(body), Counters: map[string][2]int64{}}
	m.Uptime, _ = integer(object(doc, "general"), "uptime")
	interfaces, _ := list(doc, "interfaces")
	for _, v := range interfaces[:min(len(interfaces), mostInterfaces)] {
		i, _ := v.(*ordered.Object)
		if rx, tx, ok := bytesOf(i); ok {
			m.Counters[text(i, "name")] = [2]int64{rx, tx}
		}
	}
	return m
}

// bytesOf returns the counters of an interface; a missing one counts as 0.
func bytesOf(i *ordered.Object) (rx, tx int64, ok bool) {
	statistics := object(i, "statistics")
	rx, hasRX := integer(statistics, "rx_bytes")
	tx, hasTX := integer(statistics, "tx_bytes")
	return max(rx, 0), max(tx, 0), hasRX || hasTX
}

func (m *memory) encode() []byte {
	b, _ := json.Marshal(m) // numbers and texts
	return b
}

func readMemory(b []byte) *memory {
	m := &memory{}
	if len(b) == 0 || json.Unmarshal(b, m) != nil {
		return &memory{}
	}
	return m
}

// grown returns by how much the counters of an interface have grown since the
// document before: the whole after a restart, which shows in a smaller counter or in
// the time for which the device runs (spec: monitoring §9).
func (m *memory) grown(before *memory, name string) (rx, tx int64) {
	now, then := m.Counters[name], before.Counters[name]
	restarted := m.restarted(before)
	grown := func(now, then int64) int64 {
		if restarted || now < then {
			return now
		}
		return now - then
	}
	return grown(now[0], then[0]), grown(now[1], then[1])
}

// restarted reports whether the device began anew since.
func (m *memory) restarted(before *memory) bool {
	return before.Uptime > 0 && m.Uptime > 0 && m.Time-m.Uptime*1e6 > before.Time+restartSlack
}

// restartSlack is how wrong clocks may be before a device is believed to have
// restarted, in microseconds.
const restartSlack = 60e6
