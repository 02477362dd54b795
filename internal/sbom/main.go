// Command sbom tells what a program is made of: the modules that were linked into a Go
// program and the packages its web admin was built with, as CycloneDX 1.6. With -licences
// it writes a table for people of all that is shipped, and with -texts the texts of the
// licences, which go with the programs; both end with an error where a licence is not one
// that the project may ship (see licences.go). The same inputs give the same bytes.
//
//	sbom [-npm package-lock.json] PROGRAM
//	sbom -licences|-texts [-npm package-lock.json]
package main

import (
	"cmp"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	table := flag.Bool("licences", false, "write a table for people")
	texts := flag.Bool("texts", false, "write the texts of all licences")
	npm := flag.String("npm", "", "package-lock.json of the web admin")
	cache := flag.String("cache", os.Getenv("GOMODCACHE"), "folder of modules, for their licences")
	flag.Parse()
	if (flag.NArg() == 1) == (*table || *texts) || flag.NArg() > 1 {
		flag.Usage()
		os.Exit(2)
	}
	var err error
	if *table || *texts {
		err = writeLicences(os.Stdout, ".", *npm, *texts)
	} else {
		err = run(os.Stdout, flag.Arg(0), *npm, *cache)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// component is a part of the program.
type component struct {
	name, version, purl, licence string
	sha256                       string
	text                         []byte
}

func run(out io.Writer, program, lock, cache string) error {
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
		dir, err := folderOf(cache, m.Path, m.Version)
		if err != nil {
			return err
		}
		if c.licence, _, err = licenceOf(dir); err != nil {
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
	return writeCycloneDX(out, info.Main.Path, info.GoVersion, parts)
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
