package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
)

type book struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

type bookIn struct {
	Title client.Opt[string]         `json:"title,omitzero"`
	Pages client.Opt[int]            `json:"pages,omitzero"`
	Tags  client.Opt[[]string]       `json:"tags,omitzero"`
	Meta  client.Opt[map[string]int] `json:"meta,omitzero"`
}

// shop is a server that answers with a handler, and its client, which waits
// for nothing but keeps how long it would have.
func shop(t *testing.T, h http.HandlerFunc, change ...func(*client.Options)) (*client.Client, *[]time.Duration) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	var waited []time.Duration
	o := client.Options{
		Token: "t0ken", Sleep: func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil },
		Now: func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) },
	}
	for _, f := range change {
		f(&o)
	}
	c, err := client.New(s.URL+"/", o)
	require.NoError(t, err)
	return c, &waited
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "example.org", "ftp://example.org", "https://", "https://a:b@example.org", "https://example.org?x=1", "https://example.org/#x", ":"} {
		_, err := client.New(address, client.Options{})
		require.ErrorContains(t, err, "is no address", address)
	}
	_, err := client.New("https://example.org", client.Options{Token: "a\nb"})
	require.ErrorContains(t, err, "token")
	require.NotContains(t, err.Error(), "a\nb")
}

func TestOperations(t *testing.T) {
	type asked struct{ method, uri, body, match string }
	var last asked
	c, _ := shop(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		last = asked{r.Method, r.RequestURI, string(text), r.Header.Get("If-Match")}
		if r.Header.Get("Authorization") != "Bearer t0ken" || r.Header.Get("Accept") != "application/json" || (len(text) > 0) != (r.Header.Get("Content-Type") == "application/json") {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		fmt.Fprint(w, `{"id":7,"title":"read"}`)
	})
	at := c.Within("/api/v1/shop/{shop}/book/", "a/../b")
	ctx := t.Context()
	got, tag, err := client.Getter[book](at).GetTagged(ctx, "7")
	require.NoError(t, err)
	require.Equal(t, book{7, "read"}, *got)
	require.Equal(t, `"v1"`, tag)
	require.Equal(t, asked{"GET", "/api/v1/shop/a%2F..%2Fb/book/7/", "", ""}, last)
	_, err = client.Getter[book](at).Get(ctx, "..")
	require.NoError(t, err)
	require.Equal(t, "/api/v1/shop/a%2F..%2Fb/book/%2E%2E/", last.uri)
	_, err = client.Creator[bookIn, book](at).Create(ctx, bookIn{Title: client.Set(""), Pages: client.Null[int](), Tags: client.Set([]string{"x"})})
	require.NoError(t, err)
	require.Equal(t, asked{"POST", "/api/v1/shop/a%2F..%2Fb/book/", `{"title":"","pages":null,"tags":["x"]}`, ""}, last)
	_, err = client.Changer[bookIn, book](at).Change(ctx, "7", bookIn{Pages: client.Set(0)})
	require.NoError(t, err)
	require.Equal(t, asked{"PATCH", "/api/v1/shop/a%2F..%2Fb/book/7/", `{"pages":0}`, ""}, last)
	_, err = client.Changer[bookIn, book](at).ChangeTagged(ctx, "7", tag, bookIn{})
	require.NoError(t, err)
	require.Equal(t, asked{"PATCH", "/api/v1/shop/a%2F..%2Fb/book/7/", `{}`, `"v1"`}, last)
	_, err = client.Changer[bookIn, book](at).Replace(ctx, "7", bookIn{})
	require.NoError(t, err)
	require.Equal(t, "PUT", last.method)
	require.NoError(t, client.Deleter(at).Delete(ctx, "7"))
	require.Equal(t, asked{"DELETE", "/api/v1/shop/a%2F..%2Fb/book/7/", "", ""}, last)

	last = asked{}
	require.ErrorContains(t, client.Deleter(at).Delete(ctx, ""), "id")
	_, err = client.Getter[book](at).Get(ctx, "")
	require.ErrorContains(t, err, "id")
	_, err = client.Changer[bookIn, book](at).Change(ctx, "", bookIn{})
	require.ErrorContains(t, err, "id")
	require.Empty(t, last, "the list itself is never deleted for want of an id")
}

func TestLists(t *testing.T) {
	next, queries := "", []string{}
	c, _ := shop(t, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.Query().Encode())
		switch r.URL.Query().Get("page") {
		case "":
			fmt.Fprintf(w, `{"count":3,"next":%q,"previous":null,"results":[{"id":1},{"id":2}]}`, next)
		case "2":
			fmt.Fprint(w, `{"count":3,"next":null,"previous":"x","results":[{"id":3}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"detail":"Invalid page."}`)
		}
	})
	books := client.Lister[book](c.Within("/api/v1/shop/book/"))
	all := func(stop int) (ids []int, failed error) {
		for b, err := range books.Each(t.Context(), url.Values{"genre": {"a&b"}}) {
			if err != nil {
				return ids, err
			}
			if ids = append(ids, b.ID); len(ids) == stop {
				break
			}
		}
		return ids, nil
	}
	// the host of the address is of no interest: the token stays here
	next = "https://elsewhere.example/other/?genre=a%26b&page=2"
	ids, err := all(0)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, ids)
	require.Equal(t, []string{"genre=a%26b", "genre=a%26b&page=2"}, queries)
	queries = nil
	ids, err = all(2)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, ids)
	require.Len(t, queries, 1, "who stops reads no further page")
	next = "?page=9"
	_, err = all(0)
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	require.ErrorContains(t, err, "Invalid page.")
	for _, bad := range []string{"?genre=a", "%zz"} {
		next = bad
		_, err = all(0)
		require.ErrorContains(t, err, "next page")
	}
}

func TestErrors(t *testing.T) {
	status, answer := 400, ""
	c, waited := shop(t, func(w http.ResponseWriter, r *http.Request) {
		if status == 301 {
			w.Header().Set("Location", "https://elsewhere.example/")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	})
	fail := func(s int, text string) *client.Error {
		t.Helper()
		status, answer = s, text
		var e *client.Error
		require.ErrorAs(t, c.Do(t.Context(), "GET", "/x/", nil, nil), &e)
		require.Equal(t, s, e.Status)
		require.Equal(t, text, string(e.Body))
		return e
	}
	e := fail(400, `{"name":["Too long.","Too odd."],"config":{"templates":["No."]},"list":[{},{"x":["Bad."]}],"non_field_errors":["All wrong."],"detail":"Look here."}`)
	require.Equal(t, map[string][]string{"name": {"Too long.", "Too odd."}, "config.templates": {"No."}, "list.1.x": {"Bad."}, "non_field_errors": {"All wrong."}}, e.Fields)
	require.Equal(t, "GET /x/: 400: Look here.; config.templates: No.; list.1.x: Bad.; name: Too long. Too odd.; All wrong.", e.Error())
	require.Equal(t, map[string][]string{"non_field_errors": {"Plain."}}, fail(400, `["Plain."]`).Fields)
	require.Equal(t, map[string][]string{"/general/timezone": {"Not one of the choices"}}, fail(400, `{"detail":"Invalid.","errors":[{"pointer":"/general/timezone","message":"Not one of the choices","source":""}]}`).Fields)
	require.Equal(t, "GET /x/: 403: No entry.", fail(403, `{"detail":"No entry.","other":["x"]}`).Error())
	require.Equal(t, "GET /x/: 502: Bad Gateway", fail(502, `<html>`).Error())
	require.Contains(t, fail(301, ``).Error(), "the server is at https://elsewhere.example/")
	for s, want := range map[int]error{401: wispwright.ErrUnauthenticated, 403: wispwright.ErrForbidden, 404: wispwright.ErrNotFound, 503: wispwright.ErrUnavailable} {
		e := fail(s, "")
		require.ErrorIs(t, e, want)
		require.False(t, errors.Is(e, wispwright.ErrNotFound) && s != 404)
	}
	require.Empty(t, *waited, "503 without Retry-After: nobody knows what was done")
	status, answer = 200, "{"
	require.ErrorContains(t, c.Do(t.Context(), "GET", "/x/", nil, &book{}), "read the answer")
	require.NoError(t, c.Do(t.Context(), "GET", "/x/", nil, nil))
	require.ErrorContains(t, c.Do(t.Context(), "GET", "/x/", func() {}, nil), "write the body")
}

func TestPutOff(t *testing.T) {
	busy, after, seen := 0, "", []string{}
	c, waited := shop(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		seen = append(seen, string(text))
		if busy > 0 {
			busy--
			w.Header().Set("Retry-After", after)
			w.WriteHeader(map[bool]int{true: 429, false: 503}[busy%2 == 0])
			fmt.Fprint(w, `{"detail":"Later."}`)
		}
	})
	post := func(n int, wait string) error {
		busy, after, seen, *waited = n, wait, nil, nil
		return c.Do(t.Context(), "POST", "/x/", map[string]int{"a": 1}, nil)
	}
	require.NoError(t, post(2, "7"))
	require.Equal(t, []time.Duration{7 * time.Second, 7 * time.Second}, *waited)
	require.Equal(t, []string{`{"a":1}`, `{"a":1}`, `{"a":1}`}, seen)
	require.NoError(t, post(1, "Tue, 01 Jan 2030 00:00:30 GMT"))
	require.Equal(t, []time.Duration{30 * time.Second}, *waited)
	require.NoError(t, post(1, "Mon, 01 Jan 2029 00:00:00 GMT"))
	require.Equal(t, []time.Duration{0}, *waited)

	var e *client.Error
	require.ErrorAs(t, post(9, "1"), &e)
	require.Len(t, seen, 4)
	require.Equal(t, time.Second, e.RetryAfter)
	require.Equal(t, "Later.", e.Detail)
	for _, never := range []string{"61", "", "soon", "-1", "99999999999999999999"} {
		require.ErrorAs(t, post(1, never), &e, never)
		require.Len(t, seen, 1, never)
	}
}

func TestEndings(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := shop(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(429)
		cancel()
	}, func(o *client.Options) { o.Sleep = nil })
	begun := time.Now()
	err := c.Do(ctx, "GET", "/x/", nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(begun), 25*time.Second)

	c, _ = shop(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `"`+strings.Repeat("x", 100)+`"`) }, func(o *client.Options) { o.MaxAnswer = 100 })
	require.ErrorContains(t, c.Do(t.Context(), "GET", "/x/", nil, nil), "longer than 100 bytes")
	s := httptest.NewServer(nil)
	s.Close()
	c, err = client.New(s.URL, client.Options{Token: "hidden-token"})
	require.NoError(t, err)
	err = c.Do(t.Context(), "GET", "/x/", nil, nil)
	require.ErrorContains(t, err, "GET /x/: ")
	require.NotContains(t, err.Error(), "hidden-token")
}

func TestOpt(t *testing.T) {
	var in bookIn
	require.NoError(t, json.Unmarshal([]byte(`{"title":"x","pages":null}`), &in))
	v, ok := in.Title.Value()
	require.True(t, ok)
	require.Equal(t, "x", v)
	_, ok = in.Pages.Value()
	require.False(t, ok)
	require.False(t, in.Pages.IsZero())
	require.True(t, in.Tags.IsZero())
	require.Error(t, json.Unmarshal([]byte(`{"title":7}`), &in))
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.Contains(t, string(text), `"pages":null`)
}

func Example() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"count":2,"next":null,"previous":null,"results":[{"id":1,"title":"Emma"},{"id":2,"title":"Persuasion"}]}`)
	}))
	defer s.Close()
	c, err := client.New(s.URL, client.Options{Token: "token"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for b, err := range client.Lister[book](c.Within("/api/v1/shop/book/")).Each(context.Background(), nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(b.ID, b.Title)
	}
	// Output:
	// 1 Emma
	// 2 Persuasion
}
