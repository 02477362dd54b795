package shadow_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/server/shadow"
)

func parse(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

// pair are two servers with a proxy before them.
type pair struct {
	*shadow.Proxy
	front  *httptest.Server
	report *bytes.Buffer
	asked  atomic.Int64 // how often the new one was asked
}

func newPair(t *testing.T, old, new http.HandlerFunc, o shadow.Options) *pair {
	t.Helper()
	p := &pair{report: &bytes.Buffer{}}
	oldServer := httptest.NewServer(old)
	t.Cleanup(oldServer.Close)
	newServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		new(w, r)
	}))
	t.Cleanup(newServer.Close)
	o.Report = p.report
	var err error
	p.Proxy, err = shadow.New(parse(t, oldServer.URL), parse(t, newServer.URL), &o)
	require.NoError(t, err)
	p.front = httptest.NewServer(p)
	t.Cleanup(p.front.Close)
	return p
}

func (p *pair) ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, p.front.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	b, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode, string(b)
}

func says(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, body)
	}
}

const device = "/controller/checksum/8205f977-388c-4870-bba0-08ebe5b98efd/"

func TestTheOldServerAnswers(t *testing.T) {
	p := newPair(t, says("text/plain", "old"), says("text/plain", "new"), shadow.Options{})
	status, body := p.ask(t, "GET", device+"?key=secretkey", "")
	require.Equal(t, 200, status)
	require.Equal(t, "old", body)
	p.Wait()
	require.Equal(t, map[string]shadow.Count{"GET /controller/checksum/{id}/": {Different: 1}}, p.Summary().Counts())
	require.Contains(t, p.report.String(), `"differences":[{"where":"body","old":"old","new":"new"}]`)
	require.NotContains(t, p.report.String(), "secretkey")
}

func TestWhatIsMirrored(t *testing.T) {
	var seen atomic.Value
	keep := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		seen.Store(r.Method + " " + r.URL.String() + " " + string(b) + " " + r.Header.Get("X-Forwarded-For"))
		fmt.Fprint(w, "same")
	}
	for name, c := range map[string]struct {
		method, path, body string
		writes             bool
		want               string
	}{
		"reading":               {"GET", device + "?key=k", "", false, "GET " + device + "?key=k  127.0.0.1"},
		"writing":               {"POST", "/controller/report-status/1/", "status=applied", false, ""},
		"writing where allowed": {"POST", "/controller/report-status/1/", "status=applied", true, "POST /controller/report-status/1/ status=applied 127.0.0.1"},
		"registering":           {"POST", "/controller/register/", "secret=x", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			seen.Store("")
			p := newPair(t, func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				if string(b) != c.body {
					http.Error(w, "the body is lost", 500)
					return
				}
				fmt.Fprint(w, "same")
			}, keep, shadow.Options{Writes: c.writes})
			status, body := p.ask(t, c.method, c.path, c.body)
			require.Equal(t, 200, status, body)
			p.Wait()
			require.Equal(t, c.want, seen.Load())
			for _, n := range p.Summary().Counts() {
				require.Equal(t, c.want != "", n.Equal == 1)
				require.Equal(t, c.want == "", n.Skipped == 1)
			}
		})
	}
}

func TestANewServerThatIsAway(t *testing.T) {
	old := httptest.NewServer(says("text/plain", "old"))
	defer old.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	p, err := shadow.New(parse(t, old.URL), parse(t, gone.URL), nil)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("GET", "/x/", nil))
	require.Equal(t, "old", w.Body.String())
	p.Wait()
	require.Equal(t, map[string]shadow.Count{"GET /x/": {Failed: 1}}, p.Summary().Counts())
	_, err = shadow.New(parse(t, "ftp://x"), parse(t, old.URL), nil)
	require.Error(t, err)
}

func TestDifferences(t *testing.T) {
	header := func(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }
	answer := func(body string) *shadow.Answer {
		return &shadow.Answer{Status: 200, Header: header("application/json"), Body: []byte(body)}
	}
	for name, c := range map[string]struct {
		old, new *shadow.Answer
		want     []shadow.Difference
	}{
		"equal in other words":  {answer(`{"a":1,"b":[{"c":null}]}`), answer(`{ "b": [{"c": null, "more": 2}], "a": 1 }`), nil},
		"a value":               {answer(`{"a":[{"name":"x"}]}`), answer(`{"a":[{"name":"y"}]}`), []shadow.Difference{{"body.a[0].name", `"x"`, `"y"`}}},
		"a secret":              {answer(`{"key":"x"}`), answer(`{"key":"y"}`), []shadow.Difference{{"body.key", "***", "***"}}},
		"what is missing":       {answer(`{"a":1}`), answer(`{}`), []shadow.Difference{{"body.a", "1", "missing"}}},
		"what is ignored":       {answer(`{"created":1}`), answer(`{"created":2}`), nil},
		"a list":                {answer(`[1,2]`), answer(`[1]`), []shadow.Difference{{"body", "2 elements", "1 elements"}}},
		"a status":              {answer(`{}`), &shadow.Answer{Status: 404}, []shadow.Difference{{"status", "200", "404"}}},
		"archives":              {&shadow.Answer{Status: 200, Body: []byte("\x1f\x8b1")}, &shadow.Answer{Status: 200, Body: []byte("\x1f\x8b22")}, []shadow.Difference{{"body", "3 bytes", "4 bytes"}}},
		"pages":                 {&shadow.Answer{Status: 200, Header: header("text/html"), Body: []byte("a")}, &shadow.Answer{Status: 200, Header: header("text/html; charset=utf-8"), Body: []byte("b")}, nil},
		"the kind of an answer": {answer(`{}`), &shadow.Answer{Status: 200, Header: header("text/plain"), Body: []byte("{}")}, []shadow.Difference{{"Content-Type", "application/json", "text/plain"}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, shadow.Differences(c.old, c.new, []string{"created"}))
		})
	}
}

func ExampleProxy() {
	old := httptest.NewServer(says("text/plain", "f148e70a489d188674943021030573db"))
	defer old.Close()
	successor := httptest.NewServer(says("text/plain", "f148e70a489d188674943021030573db"))
	defer successor.Close()
	oldURL, _ := url.Parse(old.URL)
	newURL, _ := url.Parse(successor.URL)
	proxy, err := shadow.New(oldURL, newURL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	proxy.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", device, nil))
	proxy.Wait()
	if _, err := proxy.Summary().WriteTo(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// equal  different  no answer  not compared  request
	//       1          0          0             0  GET /controller/checksum/{id}/
}
