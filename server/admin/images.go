package admin

import (
	"net/http"
	"strings"
)

// ownImages is what the policy says of pictures.
const ownImages = "img-src 'self' data:"

// Showing lets the pages of a Handler show pictures of further origins, such as
// "https://tile.example.org", for the background of maps.
func Showing(pages http.Handler, origins ...string) http.Handler {
	if len(origins) == 0 {
		return pages
	}
	images := ownImages + " " + strings.Join(origins, " ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages.ServeHTTP(&showing{ResponseWriter: w, images: images}, r)
	})
}

// showing changes the policy when an answer begins.
type showing struct {
	http.ResponseWriter
	images string
	begun  bool
}

// WriteHeader implements http.ResponseWriter.
func (w *showing) WriteHeader(status int) {
	if !w.begun {
		w.begun = true
		const name = "Content-Security-Policy"
		if policy := w.Header().Get(name); policy != "" {
			w.Header().Set(name, strings.Replace(policy, ownImages, w.images, 1))
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *showing) Write(p []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap gives http.ResponseController what is below.
func (w *showing) Unwrap() http.ResponseWriter { return w.ResponseWriter }
