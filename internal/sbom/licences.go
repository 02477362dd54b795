package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
	"golang.org/x/mod/module"
)

// allowed are the licences under which foreign code may be part of what is shipped: they
// ask for no more than a notice, or for the sources of files that nobody changed.
func allowed() []string {
	return []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "Unlicense", "Zlib"}
}

// refused are the licences of an expression that are not allowed. Of "A OR B" one is
// enough; "" is no licence.
func refused(expression string) (bad []string) {
	for _, all := range strings.Split(expression, " AND ") {
		choice := strings.Split(strings.Trim(all, "()"), " OR ")
		if !slices.ContainsFunc(choice, func(id string) bool { return slices.Contains(allowed(), strings.Trim(id, "()")) }) {
			bad = append(bad, cmp.Or(all, "none that is known"))
		}
	}
	return bad
}

// stated are the licences of packages that do not say theirs in the usual words, as their
// files have them.
func stated() map[string]string {
	return map[string]string{"css-mediaquery": "BSD-3-Clause"} // "BSD"; LICENSE has three clauses
}

// shipped are the modules of which code is in the programs: server and agent.
func shipped(root string) ([]component, error) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", "./server/cmd/wispwright", "./agent/cmd/wispwright-agent")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the modules: %w", err)
	}
	seen := map[string]bool{}
	var parts []component
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		path, rest, _ := strings.Cut(line, "\t")
		version, dir, _ := strings.Cut(rest, "\t")
		if line == "" || seen[path] {
			continue
		}
		seen[path] = true
		c := component{name: path, version: version, purl: "pkg:golang/" + path + "@" + version}
		if c.licence, c.text, err = licenceOf(dir); err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	return parts, nil
}

func folderOf(cache, path, version string) (string, error) {
	escaped, err := module.EscapePath(path)
	if err != nil {
		return "", err
	}
	v, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, filepath.FromSlash(escaped)+"@"+v), nil
}

// licenceOf is the SPDX identifier of the licences in a folder, empty where its files say
// nothing that is known, and their texts.
func licenceOf(dir string) (string, []byte, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	found := map[string]bool{}
	var texts bytes.Buffer
	for _, f := range files {
		name := strings.ToUpper(f.Name())
		notice := strings.HasPrefix(name, "NOTICE")
		if f.IsDir() || !notice && !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "UNLICENSE") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return "", nil, err
		}
		texts.Write(append(bytes.TrimSpace(text), '\n'))
		if notice {
			continue
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
	return strings.Join(ids, " AND "), texts.Bytes(), nil
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
		c := component{name: name, version: p.Version, licence: cmp.Or(stated()[name], p.License), purl: "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version}
		if _, c.text, err = licenceOf(filepath.Join(filepath.Dir(lock), filepath.FromSlash(place))); err != nil {
			return nil, err
		}
		seen[c.purl] = c
	}
	var parts []component
	for _, c := range seen {
		parts = append(parts, c)
	}
	return parts, nil
}

// writeLicences writes what the programs of a tree are made of, as a table or as texts.
func writeLicences(out io.Writer, root, lock string, texts bool) error {
	parts, err := shipped(root)
	if err != nil {
		return err
	}
	if lock != "" {
		packages, err := npmPackages(lock)
		if err != nil {
			return err
		}
		parts = append(parts, packages...)
	}
	slices.SortFunc(parts, func(a, b component) int { return cmp.Compare(a.purl, b.purl) })
	var b strings.Builder
	if !texts {
		b.WriteString("# What the programs are made of, and under which licences\n\nMade by `make licences`; `make sbom` writes the same as CycloneDX. The texts of the licences go with the packages (`bin/licences.txt`).\n\n| part | version | licence |\n|---|---|---|\n")
	}
	var wrong []error
	for _, p := range parts {
		if bad := refused(p.licence); len(bad) > 0 {
			wrong = append(wrong, fmt.Errorf("%s may not be shipped: its licence is %s", p.name, strings.Join(bad, ", ")))
		}
		if texts {
			fmt.Fprintf(&b, "==== %s %s (%s)\n\n%s\n", p.name, p.version, p.licence, p.text)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.name, p.version, p.licence)
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	_, err = io.WriteString(out, b.String())
	return err
}
