package rest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// The version of an object is what somebody may change of it, as a digest in
// the header ETag of its answers. A client that sends it back in If-Match
// changes or deletes the object only as it was when it was read: if somebody
// else saved meanwhile it gets a 412 with the present object under "current",
// and nothing is changed. Clients that send no If-Match are served as ever.
//
// What changes by itself, such as the status of a configuration, is no part of
// the version: it never refuses a save. An answer may therefore differ while
// its ETag does not, and If-None-Match is not obeyed.

// changedMeanwhile is the sentence of a 412.
const changedMeanwhile = "The object was changed by somebody else since it was read."

// etag is the version of an object; "" when the resource has none. ctx is that of
// the transaction which holds the object, where there is one.
func (res *Resource[K, T, F, In, Out]) etag(ctx context.Context, r *Request, o *T) (string, error) {
	if res.Version == nil {
		return "", nil
	}
	parts := res.Version(o)
	if res.Related != nil {
		related, err := res.Related(ctx, r, o)
		if err != nil {
			return "", err
		}
		parts = append(parts, related)
	}
	text, err := json.Marshal(parts)
	if err != nil {
		panic("rest: " + res.Path + ": Version returns what is no JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, nil
}

// expected refuses an object that is not the one the client has read.
func (res *Resource[K, T, F, In, Out]) expected(ctx context.Context, r *Request, o *T) error {
	wanted := r.HTTP.Header.Get("If-Match")
	if wanted == "" || res.Version == nil {
		return nil
	}
	have, err := res.etag(ctx, r, o)
	if err != nil {
		return err
	}
	for tag := range strings.SplitSeq(wanted, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == have || uncompressed(tag) == have {
			return nil
		}
	}
	return &staleError{}
}

// uncompressed is a tag without what proxies make of it when they compress an
// answer: nginx writes W/"x", Apache and Caddy "x-gzip". They speak of the bytes
// of the answer; ours is of the object, which is the same.
func uncompressed(tag string) string {
	tag = strings.TrimPrefix(tag, "W/")
	for _, suffix := range []string{`-gzip"`, `-br"`, `-zstd"`, `-deflate"`} {
		if rest, ok := strings.CutSuffix(tag, suffix); ok {
			return rest + `"`
		}
	}
	return tag
}

// Expect refuses an object, a *T of the resource, that is not the one the client
// has read (If-Match). A Resource.Update of a resource with Version calls it
// where the object is held, and returns its error.
func (r *Request) Expect(object any) error { return r.ExpectIn(r.Context(), object) }

// ExpectIn is Expect with the context of the transaction that holds the object, for
// resources with Related.
func (r *Request) ExpectIn(ctx context.Context, object any) error {
	if r.expect == nil {
		return nil
	}
	return r.expect(ctx, object)
}

// staleError is an If-Match that does not hold any more.
type staleError struct{}

func (*staleError) Error() string { return changedMeanwhile }

// refusal is the answer to an error: what the object is now, when the client meant
// another version of it.
func (res *Resource[K, T, F, In, Out]) refusal(r *Request, err error) error {
	if stale := (*staleError)(nil); errors.As(err, &stale) {
		return res.stale(r)
	}
	return err
}

// stale is the answer to it: the object as it is now.
func (res *Resource[K, T, F, In, Out]) stale(r *Request) error {
	o, _, err := res.visible(r)
	if err != nil {
		return err
	}
	out, err := res.Out(r, []*T{o})
	if err != nil {
		return err
	}
	tag, err := res.etag(r.Context(), r, o)
	if err != nil {
		return err
	}
	r.header["Etag"] = []string{tag}
	return &Failure{Status: http.StatusPreconditionFailed, Body: struct {
		Detail  string `json:"detail"`
		Current Out    `json:"current"`
	}{changedMeanwhile, out[0]}}
}
