package agent

import (
	"archive/tar"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnpack(t *testing.T) {
	files, _, err := Unpack(packHeaders(t, []tar.Header{
		{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "./etc/config/network", Typeflag: tar.TypeReg, Mode: 0o4644, Size: 0},
		{Name: "usr/bin/x", Typeflag: tar.TypeReg, Mode: 0o755, Size: 2},
	}, map[string]string{"usr/bin/x": "ab"}), Limits{})
	require.NoError(t, err)
	require.Equal(t, []File{
		{Path: "/etc/config/network", Mode: 0o644, Content: []byte{}},
		{Path: "/usr/bin/x", Mode: 0o755, Content: []byte("ab")},
	}, files)
}

func TestUnpackRefuses(t *testing.T) {
	reg := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644} }
	for name, headers := range map[string][]tar.Header{
		"twice":            {reg("etc/x"), reg("etc/x")},
		"twice, spelled":   {reg("etc/x"), reg("./etc/x")},
		"below a file":     {reg("etc/x"), reg("etc/x/y/z")},
		"symbolic link":    {{Name: "etc/x", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}},
		"hard link":        {reg("etc/y"), {Name: "etc/x", Typeflag: tar.TypeLink, Linkname: "etc/y"}},
		"device":           {{Name: "dev/x", Typeflag: tar.TypeBlock, Devmajor: 8}},
		"character device": {{Name: "dev/x", Typeflag: tar.TypeChar, Devmajor: 1}},
		"pipe":             {{Name: "dev/x", Typeflag: tar.TypeFifo}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Unpack(packHeaders(t, headers, nil), Limits{})
			require.ErrorIs(t, err, ErrArchive)
		})
	}
	good := pack(t, map[string]string{"etc/x": strings.Repeat("text ", 1000)})
	for name, archive := range map[string][]byte{
		"empty":             {},
		"text":              []byte("<html>bad gateway</html>"),
		"cut":               good[:len(good)-9],
		"cut in the middle": good[:len(good)/2],
		"checksum":          append(append([]byte{}, good[:len(good)-8]...), 1, 2, 3, 4, 5, 6, 7, 8),
		"appended":          append(append([]byte{}, good...), "more"...),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Unpack(archive, Limits{})
			require.ErrorIs(t, err, ErrArchive)
		})
	}
}

func TestUnsafePathsAreSkipped(t *testing.T) {
	names := []string{"../etc/passwd", "etc/../../x", "etc/../x", "/etc/passwd", "etc/./x", "etc//x", ".//x", `etc\..\x`, "etc/x\ny", "etc/x y",
		"etc/x;reboot", "etc/$(x)", "etc/ü", "..", "etc/.."}
	var headers []tar.Header
	for _, name := range names {
		headers = append(headers, tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: 1})
	}
	headers = append(headers, tar.Header{Name: "etc/good-1_a.b", Typeflag: tar.TypeReg, Mode: 0o644, Size: 1})
	content := map[string]string{"etc/good-1_a.b": "y"}
	for _, name := range names {
		content[name] = "x"
	}
	archive := packHeaders(t, headers, content)
	files, skipped, err := Unpack(archive, Limits{})
	require.NoError(t, err)
	require.Equal(t, names, skipped)
	require.Equal(t, []File{{Path: "/etc/good-1_a.b", Mode: 0o644, Content: []byte("y")}}, files)

	tree := sandbox(t, nil)
	var warned []string
	u := &Updater{Tree: tree, Warn: func(format string, args ...any) { warned = append(warned, fmt.Sprintf(format, args...)) }}
	applied, err := u.Apply(archive)
	require.NoError(t, err)
	require.NoError(t, applied.Commit())
	require.Equal(t, "WARNING: skipping invalid file path: ../etc/passwd", warned[0])
	require.Len(t, warned, len(names))
	require.Equal(t, "y", readAll(t, tree, "/etc/good-1_a.b"))
	_, _, err = Unpack(archive, Limits{Files: 3})
	require.ErrorIs(t, err, ErrArchive, "also what is skipped is counted")
}

func TestUnpackLimits(t *testing.T) {
	bomb := pack(t, map[string]string{"a": strings.Repeat("\x00", 1<<20)})
	require.Less(t, len(bomb), 8<<10)
	_, _, err := Unpack(bomb, Limits{Bytes: 1 << 19})
	require.ErrorIs(t, err, ErrArchive)
	_, _, err = Unpack(bomb, Limits{Bytes: 1 << 20})
	require.NoError(t, err)
	_, _, err = Unpack(pack(t, map[string]string{"a": "", "b": ""}), Limits{Files: 1})
	require.ErrorIs(t, err, ErrArchive)
}

// TestNothingLeavesTheTree follows hostile links that exist in the tree.
func TestNothingLeavesTheTree(t *testing.T) {
	outside := t.TempDir()
	put(t, outside, "/secret", "untouched")
	tree := sandbox(t, map[string]string{"/etc/config/network": ""})
	for link, to := range map[string]string{"/etc/out": outside, "/etc/up": "../../../../../.." + outside} {
		p, err := tree.Path("/etc")
		require.NoError(t, err)
		symlink(t, to, path.Join(p, path.Base(link)))
	}
	apply(t, tree, pack(t, map[string]string{"etc/out/secret": "x", "etc/up/other": "y", "etc/up/new": "z"}))
	require.Equal(t, map[string]string{"/secret": "-rw-r--r-- untouched"}, picture(t, &Tree{dir: outside}))
	b, err := tree.ReadFile(outside + "/new")
	require.NoError(t, err)
	require.Equal(t, "z", string(b), "absolute links lead where they would on the device")
}

func TestTheAgentsOwnFilesAreOutOfReach(t *testing.T) {
	tree := prepared(t)
	old := picture(t, tree)
	for _, name := range []string{"etc/openwisp/remote/etc/config/x", "etc/openwisp/stored/x", "etc/openwisp/added.list", "etc/openwisp/modified.list",
		"etc/openwisp/checksum", "etc/openwisp/journal/manifest", "tmp/openwisp/bootup", "etc/.banner.wispwright"} {
		warned := ""
		u := &Updater{Tree: tree, Warn: func(format string, args ...any) { warned = fmt.Sprintf(format, args...) }}
		lines, err := u.Plan(pack(t, map[string]string{name: "x", "etc/other": "y"}))
		require.NoError(t, err)
		require.Contains(t, lines, "+ /etc/other", "the rest is taken")
		require.NotContains(t, strings.Join(lines, " "), name)
		require.Equal(t, "WARNING: skipping invalid file path: /"+name, warned)
	}
	require.Equal(t, old, picture(t, tree))
	apply(t, tree, pack(t, map[string]string{"etc/openwisp/pre-reload-hook": "#!/bin/sh\n"}))
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack(f, map[string]string{"etc/config/network": "config a b\n"}))
	f.Add(packHeaders(f, []tar.Header{{Name: "../x", Typeflag: tar.TypeReg}}, nil))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		limits := Limits{Files: 16, Bytes: 1 << 16}
		files, _, err := Unpack(archive, limits)
		if err != nil {
			require.ErrorIs(t, err, ErrArchive)
			return
		}
		require.LessOrEqual(t, len(files), limits.Files)
		sum := 0
		for _, file := range files {
			sum += len(file.Content)
			require.True(t, path.IsAbs(file.Path) && path.Clean(file.Path) == file.Path && file.Path != "/", file.Path)
			require.Zero(t, file.Mode&^0o777)
		}
		require.LessOrEqual(t, sum, int(limits.Bytes))
	})
}
