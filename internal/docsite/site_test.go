package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/internal/testkit"
)

// TestTheProjectsOwnSite: every link of the documentation leads somewhere.
func TestTheProjectsOwnSite(t *testing.T) {
	out := t.TempDir()
	s := &site{root: testkit.Root(t), out: out, base: "https://example.org/"}
	require.NoError(t, s.build())
	require.Greater(t, len(s.pages), 100)
	page, err := os.ReadFile(filepath.Join(out, "docs", "moving.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "Moving from OpenWISP")
	require.Contains(t, string(page), `href="../site.css"`)
	index, err := os.ReadFile(filepath.Join(out, "index.js"))
	require.NoError(t, err)
	require.Contains(t, strings.ToLower(string(index)), "shadow mode")
	require.FileExists(t, filepath.Join(out, "docs", "pictures", "devices.png"))
}

func TestWrongLinksAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"[a](missing.md)":                 "there is no missing.md",
		"[a](other.md#nowhere)":           "there is no #nowhere",
		"![a](gone.png)":                  "there is no picture",
		"![a](https://example.org/a.png)": "somebody else's",
	} {
		root := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(root, "README.md"), []byte("# One\n\n"+text+"\n"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(root, "other.md"), []byte("# Other\n"), 0o600))
		err := (&site{root: root, out: t.TempDir()}).build()
		require.ErrorContains(t, err, want)
	}
}

// TestMarkupIsNotTaken: what is HTML in the sources does not become a part of the page.
func TestMarkupIsNotTaken(t *testing.T) {
	root, out := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "README.md"), []byte("# <script>alert(1)</script>\n\n<script>alert(2)</script>\n"), 0o600))
	require.NoError(t, (&site{root: root, out: out}).build())
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	require.NoError(t, err)
	require.False(t, strings.Contains(string(page), "<script>alert"))
}
