package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oldArchive and newArchive exercise every kind of change: UCI files merged,
// added and removed, other files added, changed, removed and given back, new
// folders.
func oldArchive(t testing.TB) []byte {
	return pack(t, map[string]string{
		"etc/config/network": "config interface 'lan'\n\toption proto 'static'\n\tlist dns '8.8.8.8'\n",
		"etc/config/only":    "config thing 'old'\n\toption a '1'\n",
		"etc/banner":         "from the controller\n",
		"etc/deep/er/file":   "one\n",
		"etc/stays":          "same\n",
	})
}

func newArchive(t testing.TB) []byte {
	return pack(t, map[string]string{
		"etc/config/network":  "config interface 'wan'\n\toption proto 'dhcp'\n",
		"etc/config/wireless": "config wifi-device 'radio0'\n\toption channel '36'\n",
		"etc/stays":           "different\n",
		"www/a/b/c.html":      "<p>\n",
		"etc/profile":         "changed\n",
	})
}

func deviceFiles() map[string]string {
	return map[string]string{
		"/etc/config/network": "config interface 'lan'\n\toption proto 'dhcp'\n\toption ifname 'eth0'\n",
		"/etc/banner":         "factory\n",
		"/etc/profile":        "local\n",
	}
}

// prepared returns a device that has the old archive applied.
func prepared(t testing.TB) *Tree {
	tree := memorySandbox(t, deviceFiles())
	apply(t, tree, oldArchive(t))
	return tree
}

func apply(t testing.TB, tree *Tree, archive []byte) {
	t.Helper()
	applied, err := (&Updater{Tree: tree}).Apply(archive)
	require.NoError(t, err)
	require.NoError(t, applied.Commit())
}

// picture is everything below a tree: contents, modes and folders.
func picture(t testing.TB, tree *Tree) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(tree.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == tree.dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(p, tree.dir)
		if d.IsDir() {
			out[rel] = "folder"
			return nil
		}
		b, err := os.ReadFile(p)
		out[rel] = info.Mode().String() + " " + string(b)
		return err
	})
	require.NoError(t, err)
	return out
}

func newPicture(t testing.TB) map[string]string {
	tree := prepared(t)
	apply(t, tree, newArchive(t))
	return picture(t, tree)
}

func TestApplyThenRollback(t *testing.T) {
	tree := prepared(t)
	old := picture(t, tree)
	applied, err := (&Updater{Tree: tree}).Apply(newArchive(t))
	require.NoError(t, err)
	require.NotEqual(t, old, picture(t, tree))
	require.NoError(t, applied.Rollback())
	require.Equal(t, old, picture(t, tree), "folders, modes and the agent's own state are back too")
}

func TestRollbackAfterCommitIsRefused(t *testing.T) {
	tree := prepared(t)
	applied, err := (&Updater{Tree: tree}).Apply(newArchive(t))
	require.NoError(t, err)
	require.NoError(t, applied.Commit())
	require.Error(t, applied.Rollback())
	require.Equal(t, newPicture(t), picture(t, tree))
}

func TestRollbackKeepsWhatOthersPutIntoNewFolders(t *testing.T) {
	tree := prepared(t)
	applied, err := (&Updater{Tree: tree}).Apply(newArchive(t))
	require.NoError(t, err)
	put(t, tree.dir, "/www/a/other", "x")
	require.NoError(t, applied.Rollback())
	got := picture(t, tree)
	require.Contains(t, got, "/www/a/other")
	require.NotContains(t, got, "/www/a/b")
}

// TestACrashAtAnyStep stops the world before every single change of the disk,
// as a power loss does, and starts again.
func TestACrashAtAnyStep(t *testing.T) {
	want := map[bool]map[string]string{false: picture(t, prepared(t)), true: newPicture(t)}
	errCrash := errors.New("crash")
	outcomes := map[bool]int{}
	for step := 1; ; step++ {
		tree := prepared(t)
		n := 0
		tree.fault = func(string, string) error {
			if n++; n >= step {
				return errCrash
			}
			return nil
		}
		applied, err := (&Updater{Tree: tree}).Apply(newArchive(t))
		if err == nil {
			err = applied.Commit()
		}
		crashed := n >= step
		tree.fault = nil
		_, recoverErr := (&Updater{Tree: tree}).Recover()
		require.NoError(t, recoverErr, "step %d", step)
		done := err == nil
		require.Equal(t, want[done], picture(t, tree), "step %d", step)
		outcomes[done]++
		if !crashed {
			require.NoError(t, err)
			break
		}
		require.Less(t, step, 1000)
	}
	require.Greater(t, outcomes[false], 20)
}

// TestACrashDuringRecovery stops a recovery at every step and recovers again.
func TestACrashDuringRecovery(t *testing.T) {
	old := picture(t, prepared(t))
	errCrash := errors.New("crash")
	for step := 1; ; step++ {
		tree := prepared(t)
		_, err := (&Updater{Tree: tree}).Apply(newArchive(t))
		require.NoError(t, err)
		n := 0
		tree.fault = func(string, string) error {
			if n++; n >= step {
				return errCrash
			}
			return nil
		}
		first, firstErr := (&Updater{Tree: tree}).Recover()
		crashed := n >= step
		tree.fault = nil
		_, err = (&Updater{Tree: tree}).Recover()
		require.NoError(t, err)
		require.Equal(t, old, picture(t, tree), "step %d", step)
		if !crashed {
			require.NoError(t, firstErr)
			require.Contains(t, first, "/etc/config/network")
			break
		}
		require.Less(t, step, 1000)
	}
}

// TestADiskFullAtAnyStep fails one single write: everything is as before, at
// once.
func TestADiskFullAtAnyStep(t *testing.T) {
	old, fresh := picture(t, prepared(t)), newPicture(t)
	for step := 1; ; step++ {
		tree := prepared(t)
		n, failed := 0, ""
		tree.fault = func(op, name string) error {
			if op != "create" && op != "mkdir" {
				return nil
			}
			if n++; n == step {
				failed = op + " " + name
				return syscall.ENOSPC
			}
			return nil
		}
		applied, err := (&Updater{Tree: tree}).Apply(newArchive(t))
		if failed == "" {
			require.NoError(t, err)
			require.NoError(t, applied.Commit())
			require.Equal(t, fresh, picture(t, tree))
			break
		}
		require.ErrorIs(t, err, syscall.ENOSPC, failed)
		require.Equal(t, old, picture(t, tree), failed)
		require.Less(t, step, 1000)
	}
}

// TestARealDiskFull does the same on a file system of 256 KiB.
func TestARealDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no file system of its own to fill: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, 0)) })
	for name, content := range deviceFiles() {
		put(t, dir, name, content)
	}
	tree, err := NewTree(dir)
	require.NoError(t, err)
	apply(t, tree, oldArchive(t))
	old := picture(t, tree)
	noise := make([]byte, 300<<10)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	_, err = (&Updater{Tree: tree}).Apply(pack(t, map[string]string{
		"etc/banner": "changed\n", "etc/config/network": "config interface 'x'\n", "etc/large": string(noise),
	}))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.Equal(t, old, picture(t, tree))
}

func TestADamagedJournalDoesNotStopTheDevice(t *testing.T) {
	tree := prepared(t)
	old := picture(t, tree)
	put(t, tree.dir, journalManifest, "{")
	_, err := (&Updater{Tree: tree}).Recover()
	require.ErrorIs(t, err, errDamaged)
	require.Equal(t, old, picture(t, tree))
	paths, err := (&Updater{Tree: tree}).Recover()
	require.NoError(t, err)
	require.Empty(t, paths)
}

// applierEnv makes the test program apply archives below a folder until it is
// killed.
const applierEnv = "WISPWRIGHT_TEST_APPLIER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(applierEnv); dir != "" {
		fmt.Fprintln(os.Stderr, applyForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func applyForever(dir string) error {
	tree, err := NewTree(dir)
	if err != nil {
		return err
	}
	u := &Updater{Tree: tree}
	if _, err := u.Recover(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		archive, err := os.ReadFile(dir + "/archive." + strconv.Itoa(i%2))
		if err != nil {
			return err
		}
		applied, err := u.Apply(archive)
		if err != nil {
			return err
		}
		if i%3 == 0 {
			err = applied.Rollback()
		} else {
			err = applied.Commit()
		}
		if err != nil {
			return err
		}
		if i == 0 {
			fmt.Println("ready")
		}
	}
}

// TestKilledAtRandomMoments kills a process that applies, commits and rolls
// back, again and again, and looks at what it left after recovery.
func TestKilledAtRandomMoments(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	// what the disk looks like after each archive, whatever came before: the
	// files both archives name or the device had
	view := func(tree *Tree) string {
		var b strings.Builder
		for _, name := range []string{"/etc/config/network", "/etc/config/only", "/etc/config/wireless", "/etc/banner", "/etc/deep/er/file",
			"/etc/stays", "/www/a/b/c.html", "/etc/profile", addedList, modifiedList, remoteDir + "/etc/stays"} {
			content, err := tree.ReadFile(name)
			require.NoError(t, err)
			fmt.Fprintf(&b, "%s %q\n", name, content)
		}
		return b.String()
	}
	dir := t.TempDir()
	for name, content := range deviceFiles() {
		put(t, dir, name, content)
	}
	require.NoError(t, os.WriteFile(dir+"/archive.0", oldArchive(t), 0o600))
	require.NoError(t, os.WriteFile(dir+"/archive.1", newArchive(t), 0o600))
	tree, err := NewTree(dir)
	require.NoError(t, err)

	// every state that applying one of the two archives after any other leads to
	states := map[string]bool{view(tree): true}
	walk := sandbox(t, deviceFiles())
	for range 4 {
		for _, archive := range [][]byte{oldArchive(t), newArchive(t)} {
			apply(t, walk, archive)
			states[view(walk)] = true
		}
	}
	walk = sandbox(t, deviceFiles())
	for range 4 {
		for _, archive := range [][]byte{newArchive(t), oldArchive(t)} {
			apply(t, walk, archive)
			states[view(walk)] = true
		}
	}
	for round := range 25 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), applierEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		if round%2 == 0 {
			_, err = out.Read(make([]byte, 16)) // it is at work
			require.NoError(t, err)
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.ErrorContains(t, cmd.Wait(), "signal: killed")

		_, err = (&Updater{Tree: tree}).Recover()
		require.NoError(t, err)
		require.True(t, states[view(tree)], "a mix, round %d:\n%s", round, view(tree))
		for name := range picture(t, tree) {
			require.False(t, strings.HasPrefix(name, journalDir) || strings.HasSuffix(name, tempSuffix), "%s was left", name)
		}
	}
}

func TestOneUpdateAtATime(t *testing.T) {
	tree := prepared(t)
	old := picture(t, tree)
	u := &Updater{Tree: tree}
	first, err := u.Apply(newArchive(t))
	require.NoError(t, err)
	_, err = u.Apply(oldArchive(t))
	require.ErrorContains(t, err, "neither complete nor undone")
	require.NoError(t, first.Rollback())
	require.Equal(t, old, picture(t, tree))

	lockOut(t, tree)
}

func lockOut(t *testing.T, tree *Tree) {
	unlock, err := tree.Lock()
	require.NoError(t, err)
	other, err := NewTree(tree.dir)
	require.NoError(t, err)
	_, err = other.Lock()
	require.ErrorIs(t, err, errLocked)
	a, err := New(Options{URL: "http://127.0.0.1:1", SharedSecret: "s"}, Deps{Tree: other})
	require.NoError(t, err)
	require.ErrorIs(t, a.Run(context.Background()), errLocked)
	require.NoError(t, unlock())
	unlock, err = other.Lock()
	require.NoError(t, err)
	require.NoError(t, unlock())
}

// TestARollbackThatFailsIsMadeUpFor: the disk fails while an update is undone,
// and works again in the next cycle.
func TestARollbackThatFailsIsMadeUpFor(t *testing.T) {
	r := newRig(t, map[string]string{"/usr/sbin/fails": "#!/bin/sh\nexit 1\n"})
	r.o.TestScript = "/usr/sbin/fails"
	renames := 0
	r.tree.fault = func(op, name string) error {
		if op == "rename" && name == "/etc/banner" {
			if renames++; renames == 2 {
				return syscall.EIO // the first is the update, the second its undoing
			}
		}
		return nil
	}
	require.NoError(t, r.runUntil(t, "checksum", 1))
	require.Equal(t, "from the controller\n", readAll(t, r.tree, "/etc/banner"))
	require.NotContains(t, r.notes.happened(), EventConfigRestored)
	r.s.answer = nil
	r.s.setArchive(newArchive(t))
	r.o.TestScript = ""
	require.NoError(t, r.runUntil(t, "report-status", 1))
	require.Equal(t, "factory\n", readAll(t, r.tree, "/etc/banner"))
	require.Equal(t, "changed\n", readAll(t, r.tree, "/etc/profile"))
}

// TestAFolderOthersPreparedIsRefused: everybody can make folders and links in
// /tmp, and what the agent writes must not go through them.
func TestAFolderOthersPreparedIsRefused(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"link":     func(dir string) error { return os.Symlink("/etc", dir) },
		"writable": func(dir string) error { return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o777)) },
	} {
		tree := sandbox(t, deviceFiles())
		require.NoError(t, os.Mkdir(filepath.Join(tree.dir, "tmp"), 0o755))
		require.NoError(t, prepare(filepath.Join(tree.dir, volatileDir)))
		_, err := tree.Lock()
		require.ErrorIs(t, err, errForeign, name)
		a, err := New(Options{URL: "http://127.0.0.1:1", SharedSecret: "s"}, Deps{Tree: tree})
		require.NoError(t, err)
		require.ErrorIs(t, a.Run(context.Background()), errForeign, name)
	}
}

// TestContentsAreWrittenBesideWhereALinkLeads: /etc/resolv.conf leads to another
// file system on OpenWrt, and no file is renamed from one to another.
func TestContentsAreWrittenBesideWhereALinkLeads(t *testing.T) {
	tree := memorySandbox(t, map[string]string{"/tmp/resolv/auto": "nameserver 192.0.2.1\n", "/etc/hosts": "local\n"})
	symlink(t, "/tmp/resolv/auto", filepath.Join(tree.dir, "etc/resolv.conf"))
	symlink(t, "/tmp/later/new", filepath.Join(tree.dir, "etc/dangling"))
	old := picture(t, &Tree{dir: filepath.Join(tree.dir, "tmp")})
	var created []string
	tree.fault = func(op, name string) error {
		if op == "create" && !strings.HasPrefix(name, stateDir) {
			created = append(created, name)
		}
		return nil
	}
	archive := pack(t, map[string]string{"etc/resolv.conf": "nameserver 192.0.2.2\n", "etc/dangling": "x\n"})
	applied, err := (&Updater{Tree: tree}).Apply(archive)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"/tmp/resolv/.auto.wispwright", "/tmp/later/.new.wispwright"}, created)
	require.Equal(t, "nameserver 192.0.2.2\n", readAll(t, tree, "/tmp/resolv/auto"))
	// a power loss empties /tmp; undoing makes the folders it needs
	require.NoError(t, os.RemoveAll(filepath.Join(tree.dir, "tmp")))
	require.NoError(t, applied.Rollback())
	require.Equal(t, old, picture(t, &Tree{dir: filepath.Join(tree.dir, "tmp")}))

	_, err = (&Updater{Tree: tree}).Apply(pack(t, map[string]string{"etc/resolv.conf": "a", "tmp/resolv/auto": "b"}))
	require.ErrorContains(t, err, "are the same file")
}
