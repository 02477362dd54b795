package agent

import (
	"archive/tar"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnpack(t *testing.T) {
	files, err := Unpack(packHeaders(t, []tar.Header{
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
		"parent":            {reg("../etc/passwd")},
		"parent within":     {reg("etc/../../x")},
		"parent that stays": {reg("etc/../x")},
		"absolute":          {reg("/etc/passwd")},
		"dot":               {reg("etc/./x")},
		"double slash":      {reg("etc//x")},
		"double dot slash":  {reg(".//x")},
		"backslash":         {reg(`etc\..\x`)},
		"newline":           {reg("etc/x\ny")},
		"twice":             {reg("etc/x"), reg("etc/x")},
		"twice, spelled":    {reg("etc/x"), reg("./etc/x")},
		"below a file":      {reg("etc/x"), reg("etc/x/y/z")},
		"symbolic link":     {{Name: "etc/x", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}},
		"hard link":         {reg("etc/y"), {Name: "etc/x", Typeflag: tar.TypeLink, Linkname: "etc/y"}},
		"device":            {{Name: "dev/x", Typeflag: tar.TypeBlock, Devmajor: 8}},
		"character device":  {{Name: "dev/x", Typeflag: tar.TypeChar, Devmajor: 1}},
		"pipe":              {{Name: "dev/x", Typeflag: tar.TypeFifo}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Unpack(packHeaders(t, headers, nil), Limits{})
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
			_, err := Unpack(archive, Limits{})
			require.ErrorIs(t, err, ErrArchive)
		})
	}
}

func TestUnpackLimits(t *testing.T) {
	bomb := pack(t, map[string]string{"a": strings.Repeat("\x00", 1<<20)})
	require.Less(t, len(bomb), 8<<10)
	_, err := Unpack(bomb, Limits{Bytes: 1 << 19})
	require.ErrorIs(t, err, ErrArchive)
	_, err = Unpack(bomb, Limits{Bytes: 1 << 20})
	require.NoError(t, err)
	_, err = Unpack(pack(t, map[string]string{"a": "", "b": ""}), Limits{Files: 1})
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
		_, err := (&Updater{Tree: tree}).Apply(pack(t, map[string]string{name: "x"}))
		require.ErrorIs(t, err, ErrArchive, name)
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
		files, err := Unpack(archive, limits)
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
