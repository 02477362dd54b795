package admin

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// extensionsPath is below Path: what extensions serve is at extensionsPath/NAME/FILE.
const extensionsPath = Path + "extensions/"

// ManifestPath is where the application finds out which extensions there are.
const ManifestPath = Path + "extensions.json"

// Extension is pages that a program adds to the admin without building it anew: files of its own, served below
// /admin/extensions/NAME/ with the admin's content security policy, and entries of the menu. Like the admin's own
// pages they hold no data and speak to the API with the user's session.
type Extension struct {
	// Name is a part of the address: lower-case letters, digits and "-".
	Name string
	// Files are the pages, scripts and whatever else the extension serves. Scripts must be files: the policy allows
	// none inside a page.
	Files fs.FS
	// Module is the file with an ES module for the application to import. Default: none, the extension consists of
	// pages of its own.
	Module string
	// Menu are the entries of the menu.
	Menu []MenuEntry
}

// MenuEntry is a line of the menu.
type MenuEntry struct {
	// Label is what the user reads.
	Label string
	// Page is the file of the extension that opens, or, with a "/" in front, an address of the application that the
	// extension's Module adds.
	Page string
	// Permission is needed to see the entry, as "support.view_ticket". Default: everybody who may use the admin sees it.
	// The API checks in any case.
	Permission string
}

// manifest is what ManifestPath answers.
type manifest struct {
	Extensions []manifestEntry `json:"extensions"`
}

type manifestEntry struct {
	Name   string         `json:"name"`
	Module string         `json:"module,omitempty"`
	Menu   []manifestMenu `json:"menu"`
}

type manifestMenu struct {
	Label      string `json:"label"`
	Address    string `json:"address"`
	Permission string `json:"permission,omitempty"`
}

// extended is the admin with extensions.
type extended struct {
	pages    http.Handler
	manifest []byte
	files    map[string]*handler
}

// Extended is Handler with extensions. It fails for an extension that cannot be served: a name that is malformed or
// there twice, a module or page that is not among its files.
func Extended(extensions ...Extension) (http.Handler, error) {
	e := &extended{pages: Handler(), files: map[string]*handler{}}
	m := manifest{Extensions: []manifestEntry{}}
	for _, x := range extensions {
		entry, err := x.describe()
		if err != nil {
			return nil, fmt.Errorf("extension %q of the web admin: %w", x.Name, err)
		}
		if e.files[x.Name] != nil {
			return nil, fmt.Errorf("extension %q of the web admin: the name is taken", x.Name)
		}
		e.files[x.Name] = &handler{files: x.Files, ready: map[string]*asset{}}
		m.Extensions = append(m.Extensions, entry)
	}
	var err error
	if e.manifest, err = json.Marshal(m); err != nil {
		return nil, fmt.Errorf("manifest of the web admin: %w", err)
	}
	return e, nil
}

// describe is the extension's part of the manifest.
func (x Extension) describe() (manifestEntry, error) {
	entry := manifestEntry{Name: x.Name, Menu: []manifestMenu{}}
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`).MatchString(x.Name) {
		return entry, fmt.Errorf("the name must be lower-case letters, digits and -")
	}
	if x.Files == nil {
		return entry, fmt.Errorf("it has no files")
	}
	address := func(file string) (string, error) {
		if info, err := fs.Stat(x.Files, file); err != nil || info.IsDir() {
			return "", fmt.Errorf("%q is not among its files", file)
		}
		return extensionsPath + x.Name + "/" + file, nil
	}
	var err error
	if x.Module != "" {
		if entry.Module, err = address(x.Module); err != nil {
			return entry, err
		}
	}
	for _, m := range x.Menu {
		to := m.Page
		if !strings.HasPrefix(to, "/") {
			if to, err = address(m.Page); err != nil {
				return entry, err
			}
		} else if entry.Module == "" {
			return entry, fmt.Errorf("%q is an address of the application, which no module adds", to)
		}
		if m.Label == "" {
			return entry, fmt.Errorf("the entry for %q has no label", to)
		}
		entry.Menu = append(entry.Menu, manifestMenu{m.Label, to, m.Permission})
	}
	return entry, nil
}

// ServeHTTP answers the manifest, the files of extensions and everything else as Handler does.
func (e *extended) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, isFile := strings.CutPrefix(r.URL.Path, extensionsPath)
	switch {
	case r.URL.Path == ManifestPath:
		if secured(w, r) {
			w.Header().Set("Cache-Control", "no-cache")
			a := &asset{plain: e.manifest, mediaType: "application/json", etag: digest(e.manifest)}
			a.serve(w, r)
		}
	case isFile:
		e.serveFile(w, r, rest)
	default:
		e.pages.ServeHTTP(w, r)
	}
}

func (e *extended) serveFile(w http.ResponseWriter, r *http.Request, rest string) {
	if !secured(w, r) {
		return
	}
	name, file, _ := strings.Cut(rest, "/")
	files := e.files[name]
	if files == nil || slices.Contains(strings.Split(file, "/"), "..") {
		http.NotFound(w, r)
		return
	}
	found, err := files.asset(path.Clean("/" + file)[1:])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	found.serve(w, r)
}
