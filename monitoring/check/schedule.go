package check

import (
	"fmt"
	"strings"
	"time"
)

// Schedule are times that come again every day or every year, in a time zone (additions M-3).
type Schedule struct {
	zone  *time.Location
	spans []span
}

// span is a time from a start to an end, both included; a time of the day, or of the year.
type span struct {
	yearly     bool
	start, end string // "15:04" or "01-02 15:04", which compare as texts
}

// ParseSchedule reads pairs of a start and an end, each MM-DD, HH:MM or MM-DD HH:MM, as "22:00-06:00" or
// "12-24 - 01-06 12:00"; both ends are of the same kind. A day without a time is the whole day. A time may last
// over midnight, or over the new year.
func ParseSchedule(list []string, zone *time.Location) (Schedule, error) {
	s := Schedule{zone: zone}
	for _, text := range list {
		from, to, ok := strings.Cut(text, " - ")
		if !ok {
			// without days the one dash is between the two
			if from, to, ok = strings.Cut(text, "-"); !ok || strings.Contains(to, "-") {
				return s, fmt.Errorf("%q: want a start and an end with \" - \" between them", text)
			}
		}
		start, yearly, err := point(strings.TrimSpace(from), "00:00")
		if err != nil {
			return s, err
		}
		end, also, err := point(strings.TrimSpace(to), "23:59")
		if err != nil {
			return s, err
		}
		if yearly != also {
			return s, fmt.Errorf("%q: one end has a day and the other has none", text)
		}
		s.spans = append(s.spans, span{yearly, start, end})
	}
	return s, nil
}

// point reads one end.
func point(text, clock string) (out string, yearly bool, err error) {
	for _, layout := range []string{"15:04", "01-02 15:04", "01-02"} {
		// 2000 was a leap year: 02-29 is a day
		t, err := time.Parse("2006 "+layout, "2000 "+text)
		if err != nil {
			continue
		}
		switch layout {
		case "15:04":
			return t.Format("15:04"), false, nil
		case "01-02":
			return t.Format("01-02 ") + clock, true, nil
		}
		return t.Format("01-02 15:04"), true, nil
	}
	return "", false, fmt.Errorf("%q: want MM-DD, HH:MM or MM-DD HH:MM", text)
}

// Covers reports whether a moment is in one of the times.
func (s Schedule) Covers(at time.Time) bool {
	if s.zone != nil {
		at = at.In(s.zone)
	}
	for _, one := range s.spans {
		now := at.Format("15:04")
		if one.yearly {
			now = at.Format("01-02 15:04")
		}
		if one.start <= one.end && now >= one.start && now <= one.end || one.start > one.end && (now >= one.start || now <= one.end) {
			return true
		}
	}
	return false
}
