package topology

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
)

// Span is a time in which a link was up or down.
type Span struct {
	// From and To bound it; To is not part of it.
	From, To time.Time
	// Status is Up or Down.
	Status string
}

// CostPoint is a cost that a link had from a moment on.
type CostPoint struct {
	At   time.Time
	Cost float64
}

// LinkHistory is what became of a link in a stretch of time.
type LinkHistory struct {
	// From and To are the stretch; To is not part of it.
	From, To time.Time
	// Spans follow each other; before the link was known there is none.
	Spans []Span
	// Costs are what it cost, the first at the beginning.
	Costs []CostPoint
	// Flaps is how often it went down, Up the share of the time it was up of the
	// time it was known, from 0 to 1; 0 when it was not known.
	Flaps int
	Up    float64
	// Truncated: more happened than is told, and what came later is left out.
	Truncated bool
}

// mostMoments is how many changes a LinkHistory is made of at most.
const mostMoments = 10_000

// History returns what became of a link from one time to another.
func (s *Service) History(ctx context.Context, link wispwright.ID, from, to time.Time) (*LinkHistory, error) {
	h := &LinkHistory{From: from, To: to}
	var moments []*Moment
	first, err := s.stores.Moments.Last(ctx, link, from.Add(time.Microsecond))
	switch {
	case err == nil:
		m := *first
		m.At = from
		moments = append(moments, &m)
	case !errors.Is(err, wispwright.ErrNotFound):
		return nil, err
	}
	more, err := s.stores.Moments.List(ctx, wispwright.ScopeAll(), MomentFilter{LinkID: link, AtFrom: from.Add(time.Microsecond), AtBefore: to}, wispwright.Page{Limit: mostMoments + 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(more.Rows) > mostMoments {
		h.Truncated = true
		h.To = more.Rows[mostMoments].At
		more.Rows = more.Rows[:mostMoments]
	}
	h.tell(append(moments, more.Rows...))
	return h, nil
}

// tell makes spans and costs of moments, the earliest first.
func (h *LinkHistory) tell(moments []*Moment) {
	var up, known time.Duration
	for _, m := range moments {
		if n := len(h.Spans); n == 0 || h.Spans[n-1].Status != m.Status {
			if n > 0 {
				h.Spans[n-1].To = m.At
				if m.Status == Down {
					h.Flaps++
				}
			}
			h.Spans = append(h.Spans, Span{From: m.At, To: h.To, Status: m.Status})
		}
		if n := len(h.Costs); n == 0 || h.Costs[n-1].Cost != m.Cost {
			h.Costs = append(h.Costs, CostPoint{m.At, m.Cost})
		}
	}
	for _, s := range h.Spans {
		known += s.To.Sub(s.From)
		if s.Status == Up {
			up += s.To.Sub(s.From)
		}
	}
	if known > 0 {
		h.Up = float64(up) / float64(known)
	}
}
