// Command sbom tells what a program is made of: the modules that were linked into a Go
// program and the packages its web admin was built with, as CycloneDX 1.6 or, with
// -licences, as a table for people. The same inputs give the same bytes.
//
//	sbom [-licences] [-npm package-lock.json] PROGRAM
package main

import (
	"cmp"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
	"golang.org/x/mod/module"
)

func main() {
	table := flag.Bool("licences", false, "write a table for people")
	npm := flag.String("npm", "", "package-lock.json of the web admin")
	cache := flag.String("cache", os.Getenv("GOMODCACHE"), "folder of modules, for their licences")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, flag.Arg(0), *npm, *cache, *table); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// component is a part of the program.
type component struct {
	name, version, purl, licence string
	sha256                       string
}

func run(out io.Writer, program, lock, cache string, table bool) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	var parts []component
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := component{name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version}
		if sum, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
			if raw, err := base64.StdEncoding.DecodeString(sum); err == nil {
				c.sha256 = hex.EncodeToString(raw)
			}
		}
		if c.licence, err = licenceOf(cache, m.Path, m.Version); err != nil {
			return err
		}
		parts = append(parts, c)
	}
	if lock != "" {
		packages, err := npmPackages(lock)
		if err != nil {
			return err
		}
		parts = append(parts, packages...)
	}
	slices.SortFunc(parts, func(a, b component) int { return cmp.Compare(a.purl, b.purl) })
	if table {
		return writeTable(out, parts)
	}
	return writeCycloneDX(out, info.Main.Path, info.GoVersion, parts)
}

// licenceOf is the SPDX identifier of a module's licence, empty where its files say
// nothing that is known.
func licenceOf(cache, path, version string) (string, error) {
	escaped, err := module.EscapePath(path)
	if err != nil {
		return "", err
	}
	v, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	files, err := os.ReadDir(filepath.Join(cache, filepath.FromSlash(escaped)+"@"+v))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	found := map[string]bool{}
	for _, f := range files {
		name := strings.ToUpper(f.Name())
		if f.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "UNLICENSE") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(cache, filepath.FromSlash(escaped)+"@"+v, f.Name()))
		if err != nil {
			return "", err
		}
		for _, m := range licensecheck.Scan(text).Match {
			found[m.ID] = true
		}
	}
	var ids []string
	for id := range found {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return strings.Join(ids, " AND "), nil
}

// npmPackages are those that are part of what browsers load.
func npmPackages(lock string) ([]component, error) {
	raw, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	var in struct {
		Packages map[string]struct {
			Version, License string
			Dev              bool
		}
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("%s: %w", lock, err)
	}
	seen := map[string]component{}
	for place, p := range in.Packages {
		i := strings.LastIndex(place, "node_modules/")
		if p.Dev || i < 0 {
			continue
		}
		name := place[i+len("node_modules/"):]
		c := component{name: name, version: p.Version, licence: p.License, purl: "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version}
		seen[c.purl] = c
	}
	var parts []component
	for _, c := range seen {
		parts = append(parts, c)
	}
	return parts, nil
}

func writeTable(out io.Writer, parts []component) error {
	var b strings.Builder
	b.WriteString("# What the program is made of, and under which licences\n\nMade by `make licences`; `make sbom` writes the same as CycloneDX.\n\n| part | version | licence |\n|---|---|---|\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.name, p.version, cmp.Or(p.licence, "see its sources"))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func writeCycloneDX(out io.Writer, main, goVersion string, parts []component) error {
	type object = map[string]any
	list := []any{}
	for _, p := range parts {
		c := object{"type": "library", "bom-ref": p.purl, "name": p.name, "version": p.version, "purl": p.purl}
		if p.sha256 != "" {
			// the sum of go.sum: of the module's files, and not of an archive
			c["properties"] = []any{object{"name": "go:sum:h1", "value": p.sha256}}
		}
		if p.licence != "" {
			c["licenses"] = []any{object{"expression": p.licence}}
		}
		list = append(list, c)
	}
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(object{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata":   object{"component": object{"type": "application", "bom-ref": main, "name": main, "licenses": []any{object{"expression": "BSD-3-Clause"}}}, "properties": []any{object{"name": "go:version", "value": goVersion}}},
		"components": list,
	})
}
