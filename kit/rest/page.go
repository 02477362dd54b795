package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
)

// Page is the envelope of a list (rest-conventions §6).
type Page[T any] struct {
	// Count is the length of the whole list.
	Count int `json:"count"`
	// Next is the address of the next page.
	Next *string `json:"next" format:"uri"`
	// Previous is the address of the page before.
	Previous *string `json:"previous" format:"uri"`
	// Results are the page's objects.
	Results []T `json:"results"`
}

// paging is what a request asks for.
type paging struct {
	number int
	size   int
	last   bool
	bad    bool
}

func (r *Request) paging(size, limit int) paging {
	p := paging{number: 1, size: size}
	if r.HTTP.URL.RawQuery == "" {
		return p
	}
	if n, err := strconv.Atoi(r.Query().Get("page_size")); err == nil && n > 0 {
		p.size = min(n, limit)
	}
	switch text := strings.TrimSpace(r.Query().Get("page")); text {
	case "", "1":
	case "last":
		p.last = true
	default:
		n, err := strconv.Atoi(text)
		p.bad = err != nil || n < 1 || n > 1<<40
		p.number = n
	}
	return p
}

func invalidPage() error { return Fail(http.StatusNotFound, "Invalid page.") }

// pages is how many pages a list has; an empty one has one.
func (p paging) pages(total int) int { return max(1, (total+p.size-1)/p.size) }

// envelope wraps the rows of a page, or refuses a page that does not exist.
func (p paging) envelope(r *Request, total int, rows any) (any, error) {
	pages := p.pages(total)
	if p.number > pages {
		return nil, invalidPage()
	}
	e := envelope{Count: total, Results: rows}
	if p.number < pages {
		e.Next = r.pageLink(p.number + 1)
	}
	if p.number > 1 {
		e.Previous = r.pageLink(p.number - 1)
	}
	return e, nil
}

type envelope struct {
	Count    int     `json:"count"`
	Next     *string `json:"next"`
	Previous *string `json:"previous"`
	Results  any     `json:"results"`
}

// pageLink is the request's own address with another page; the first one is
// not named.
func (r *Request) pageLink(number int) *string {
	q := make(url.Values, len(r.Query())+1)
	for k, v := range r.Query() {
		q[k] = v
	}
	q.Del("page")
	if number > 1 {
		q.Set("page", strconv.Itoa(number))
	}
	link := r.URL(r.HTTP.URL.EscapedPath())
	if len(q) > 0 {
		link += "?" + q.Encode()
	}
	return &link
}

// Paginate answers a list that is not a Resource's: fetch is called with the
// part of the list the request asks for, and returns its rows as a slice and
// the length of the whole list. A size or limit of 0 is that of the API.
func (r *Request) Paginate(size, limit int, fetch func(wispwright.Page) (rows any, total int, err error)) (any, error) {
	size, limit = cmp.Or(size, r.api.options.PageSize), cmp.Or(limit, r.api.options.MaxPageSize)
	p := r.paging(size, limit)
	if p.bad {
		return nil, invalidPage()
	}
	if p.last {
		_, total, err := fetch(wispwright.Page{Limit: 1})
		if err != nil {
			return nil, err
		}
		p.number = p.pages(total)
	}
	rows, total, err := fetch(wispwright.Page{Offset: (p.number - 1) * p.size, Limit: p.size})
	if err != nil {
		return nil, err
	}
	return p.envelope(r, total, rows)
}

// Paged is Paginate for a body that has more than the envelope: it returns the
// envelope to be part of it.
func Paged[T any](r *Request, size, limit int, fetch func(wispwright.Page) (rows []T, total int, err error)) (*Page[T], error) {
	var page []T
	body, err := r.Paginate(size, limit, func(p wispwright.Page) (any, int, error) {
		rows, total, err := fetch(p)
		page = rows
		return rows, total, err
	})
	if err != nil {
		return nil, err
	}
	e, ok := body.(envelope)
	if !ok {
		return nil, fmt.Errorf("rest: a page is a %T", body)
	}
	if page == nil {
		page = []T{}
	}
	return &Page[T]{Count: e.Count, Next: e.Next, Previous: e.Previous, Results: page}, nil
}

// ordering reads ?ordering=; unknown keys are dropped.
func (r *Request) ordering(known map[string]string) []wispwright.Order {
	if len(known) == 0 || !strings.Contains(r.HTTP.URL.RawQuery, "ordering=") {
		return nil
	}
	var out []wispwright.Order
	for term := range strings.SplitSeq(r.Query().Get("ordering"), ",") {
		name, descending := strings.CutPrefix(strings.TrimSpace(term), "-")
		field, ok := known[name]
		if ok && !slices.ContainsFunc(out, func(o wispwright.Order) bool { return o.Field == field }) {
			out = append(out, wispwright.Order{Field: field, Descending: descending})
		}
	}
	return out
}
