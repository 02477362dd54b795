package admin

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
)

// sessionCookie is the cookie of a browser that has logged in, or had.
const sessionCookie = "sessionid"

// ahead are the values of the header Link by the address of a page: the files it
// needs beside those that index.html names, so that the browser fetches all of
// them at once and not the one after it has run the other.
type ahead map[string][]string

// readAhead reads what the build says of it.
func readAhead(files fs.FS) (ahead, error) {
	text, err := fs.ReadFile(files, "ahead.json")
	if err != nil {
		return nil, fmt.Errorf("admin: what pages need: %w", err)
	}
	var pages map[string]struct{ Scripts, Styles, Data []string }
	if err := json.Unmarshal(text, &pages); err != nil {
		return nil, fmt.Errorf("admin: what pages need: %w", err)
	}
	out := ahead{}
	for address, needed := range pages {
		// who is logged in is asked first by every page
		links := []string{asked("/api/v1/users/session/")}
		for _, address := range needed.Data {
			links = append(links, asked(address))
		}
		for _, name := range needed.Scripts {
			links = append(links, "<"+Path+name+">; rel=modulepreload; crossorigin")
		}
		for _, name := range needed.Styles {
			links = append(links, "<"+Path+name+">; rel=preload; as=style; crossorigin")
		}
		out[address] = links
	}
	return out, nil
}

// asked is the link to an answer of the API.
func asked(address string) string {
	return "<" + address + ">; rel=preload; as=fetch; crossorigin=anonymous"
}

// of are the links for a request of a page; there are none for a browser without
// a session, which is shown the log-in. What a page asks the API first depends on
// what stands behind its address, where filters and order are.
func (a ahead) of(r *http.Request) []string {
	if c, err := r.Cookie(sessionCookie); err != nil || c.Value == "" {
		return nil
	}
	parts := strings.SplitN(strings.Trim(strings.TrimPrefix(r.URL.Path, Path), "/"), "/", 3)
	if len(parts) == 1 {
		return slices.DeleteFunc(slices.Clone(a[parts[0]]), func(link string) bool {
			return r.URL.RawQuery != "" && strings.Contains(link, "?") && strings.HasPrefix(link, "</api/")
		})
	}
	id := parts[1]
	if len(id) != uuidLength || strings.Trim(id, "0123456789abcdef-") != "" {
		return nil
	}
	links := slices.Clone(a[parts[0]+"/*"])
	for i, link := range links {
		if strings.HasPrefix(link, "</api/") {
			links[i] = strings.Replace(link, "*", id, 1)
		}
	}
	return links
}

// uuidLength is the length of an id in an address.
const uuidLength = 36
