package shadow

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// Summary counts what was compared. It may be used by several goroutines at once.
type Summary struct {
	mu    sync.Mutex
	out   io.Writer
	paths map[string]*Count
}

// Count is what became of the requests of one kind.
type Count struct {
	// Equal answers, and Different ones.
	Equal, Different int
	// Failed: the new server did not answer.
	Failed int
	// Skipped were answered but not compared.
	Skipped int
}

func newSummary() *Summary { return &Summary{paths: map[string]*Count{}} }

// ids are the parts of a path that differ from object to object.
var ids = regexp.MustCompile(`/(?:[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}|[0-9]+)(/|$)`)

func kind(r *http.Request) string {
	return r.Method + " " + ids.ReplaceAllString(r.URL.Path, "/{id}$1")
}

// distinct bounds how many kinds are told apart: paths are the clients' to invent.
const distinct = 1000

func (s *Summary) count(r *http.Request) *Count {
	k := kind(r)
	if s.paths[k] == nil {
		if len(s.paths) >= distinct {
			k = "others"
		}
		if s.paths[k] == nil {
			s.paths[k] = &Count{}
		}
	}
	return s.paths[k]
}

func (s *Summary) skip(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(r).Skipped++
}

func (s *Summary) fail(r *http.Request, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(r).Failed++
	s.write(line{Path: r.URL.Path, Method: r.Method, Error: err.Error()})
}

func (s *Summary) add(r *http.Request, old, new *Answer, found []Difference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(found) == 0 {
		s.count(r).Equal++
		return
	}
	s.count(r).Different++
	s.write(line{Path: r.URL.Path, Method: r.Method, Old: old.Status, New: new.Status, Differences: found})
}

// line is one line of the report. Queries are left out: devices' keys are in them.
type line struct {
	Time        string       `json:"time"`
	Method      string       `json:"method"`
	Path        string       `json:"path"`
	Old         int          `json:"old,omitempty"`
	New         int          `json:"new,omitempty"`
	Differences []Difference `json:"differences,omitempty"`
	Error       string       `json:"error,omitempty"`
}

func (s *Summary) write(l line) {
	if s.out == nil {
		return
	}
	l.Time = time.Now().UTC().Format(time.RFC3339)
	b, err := json.Marshal(l)
	if err != nil {
		return // it is all text
	}
	_, _ = s.out.Write(append(b, '\n')) // the summary counts it in any case
}

// Counts are the counts by kind of request: the method and the path, with {id} in the
// place of what identifies objects.
func (s *Summary) Counts() map[string]Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]Count, len(s.paths))
	for k, c := range s.paths {
		out[k] = *c
	}
	return out
}

// WriteTo writes the summary for people.
func (s *Summary) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "equal\tdifferent\tno answer\tnot compared\t  request")
	counts := s.Counts()
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		c := counts[k]
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t  %s\n", c.Equal, c.Different, c.Failed, c.Skipped, k)
	}
	if err := t.Flush(); err != nil {
		return 0, err
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}
