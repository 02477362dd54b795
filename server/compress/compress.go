// Package compress sends answers of the API compressed to clients that accept gzip.
package compress

import (
	"compress/gzip"
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// fullPacket is what one packet of a network carries: an answer that fits arrives no
// sooner for being smaller.
const fullPacket = 1400

// Answers wraps a handler: where a client accepts gzip and an answer is text and
// longer than a packet, it is compressed. Tags of versions stay as they are: they are
// of the object, not of the bytes.
//
// An answer may hold a secret beside words of whoever asked, and its length would tell
// how much they have in common (BREACH): some random bytes hide it.
func Answers(h http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(fullPacket), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.EnableZstd(false), gzhttp.RandomJitter(32, 0, false),
		gzhttp.ContentTypes([]string{"application/json", "application/yaml", "application/geo+json", "application/problem+json", "text/csv", "text/html", "text/plain"}))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	zipping := wrap(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// the head of an answer says its own length, and a link is no answer
		if r.Method == http.MethodHead || r.Header.Get("Upgrade") != "" {
			h.ServeHTTP(w, r)
			return
		}
		zipping(w, r)
	}), nil
}
