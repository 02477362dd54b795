package client

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// At is a list of objects at an installation: /api/v1/controller/template/.
type At struct {
	// Client asks.
	Client *Client
	// Path begins and ends with a slash.
	Path string
}

// Within returns the list at a path in which the parts in braces stand for the
// objects that it belongs to, in their order.
func (c *Client) Within(path string, parents ...string) At {
	for _, p := range parents {
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		path = before + segment(p) + after
	}
	return At{c, path}
}

// segment is one part of a path, which what comes from elsewhere never leaves.
func segment(id string) string {
	if id == "." || id == ".." {
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return url.PathEscape(id)
}

func (a At) item(id string) (string, error) {
	if id == "" {
		return "", errors.New("an id is missing")
	}
	return a.Path + segment(id) + "/", nil
}

// Page is one page of a list.
type Page[T any] struct {
	// Count is the length of the whole list.
	Count int `json:"count"`
	// Next is the address of the next page; nil: this is the last one.
	Next *string `json:"next"`
	// Previous is the address of the page before.
	Previous *string `json:"previous"`
	// Results are the objects of this page.
	Results []T `json:"results"`
}

// Lister lists objects.
type Lister[T any] At

// Page returns one page. The query holds filters, and page and page_size.
func (l Lister[T]) Page(ctx context.Context, query url.Values) (*Page[T], error) {
	path := l.Path
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var p Page[T]
	if err := l.Client.Do(ctx, http.MethodGet, path, nil, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// Each goes through all objects, page by page. An error ends it. Objects that
// are made or deleted meanwhile may move others over the edge of a page.
func (l Lister[T]) Each(ctx context.Context, query url.Values) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		q := maps.Clone(query)
		for {
			p, err := l.Page(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range p.Results {
				if !yield(&p.Results[i], nil) {
					return
				}
			}
			if p.Next == nil {
				return
			}
			// the server's own query, but never another host or path
			next, err := url.Parse(*p.Next)
			if err != nil || next.Query().Get("page") == "" || next.Query().Get("page") == q.Get("page") {
				yield(nil, errors.New("the server's address of the next page cannot be read"))
				return
			}
			q = next.Query()
		}
	}
}

// Getter reads an object.
type Getter[T any] At

// Get returns an object; wispwright.ErrNotFound if there is none.
func (g Getter[T]) Get(ctx context.Context, id string) (*T, error) {
	v, _, err := g.GetTagged(ctx, id)
	return v, err
}

// GetTagged returns the object's ETag too, for Changer.ChangeTagged; it is
// empty for kinds that have none.
func (g Getter[T]) GetTagged(ctx context.Context, id string) (*T, string, error) {
	path, err := At(g).item(id)
	if err != nil {
		return nil, "", err
	}
	var v T
	header, err := g.Client.do(ctx, http.MethodGet, path, nil, nil, &v)
	if err != nil {
		return nil, "", err
	}
	return &v, header.Get("ETag"), nil
}

// Creator makes objects.
type Creator[In, Out any] At

// Create makes an object.
func (c Creator[In, Out]) Create(ctx context.Context, in In) (*Out, error) {
	var v Out
	if err := c.Client.Do(ctx, http.MethodPost, c.Path, in, &v); err != nil {
		return nil, err
	}
	return &v, nil
}

// Changer changes objects.
type Changer[In, Out any] At

// Change changes the fields that are not left out.
func (c Changer[In, Out]) Change(ctx context.Context, id string, in In) (*Out, error) {
	return c.send(ctx, http.MethodPatch, id, "", in)
}

// ChangeTagged is Change unless somebody else changed the object since it was
// read with this ETag: then it is an *Error with the status 412.
func (c Changer[In, Out]) ChangeTagged(ctx context.Context, id, tag string, in In) (*Out, error) {
	return c.send(ctx, http.MethodPatch, id, tag, in)
}

// Replace sets all fields: those that are left out get their defaults.
func (c Changer[In, Out]) Replace(ctx context.Context, id string, in In) (*Out, error) {
	return c.send(ctx, http.MethodPut, id, "", in)
}

func (c Changer[In, Out]) send(ctx context.Context, method, id, tag string, in In) (*Out, error) {
	path, err := At(c).item(id)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if tag != "" {
		header.Set("If-Match", tag)
	}
	var v Out
	if _, err := c.Client.do(ctx, method, path, header, in, &v); err != nil {
		return nil, err
	}
	return &v, nil
}

// Deleter deletes objects.
type Deleter At

// Delete deletes an object.
func (d Deleter) Delete(ctx context.Context, id string) error {
	path, err := At(d).item(id)
	if err != nil {
		return err
	}
	return d.Client.Do(ctx, http.MethodDelete, path, nil, nil)
}
