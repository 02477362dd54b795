package packaging_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	yaml "go.yaml.in/yaml/v3"

	"github.com/wispwright/wispwright/server"
)

// run runs a program that the test needs, and returns what it said.
func run(t *testing.T, environ []string, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s", name)
	}
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), environ...)
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

// deb makes the package of a program that is none.
func deb(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\necho wispwright\n"), 0o700))
	out := filepath.Join(dir, "out.deb")
	run(t, []string{"SOURCE_DATE_EPOCH=1700000000"}, "./deb", program, "amd64", version, out)
	return out
}

func TestPackagesAreReproducible(t *testing.T) {
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("no dpkg-deb")
	}
	one, err := os.ReadFile(deb(t, "v1.2-3-gabc"))
	require.NoError(t, err)
	two, err := os.ReadFile(deb(t, "v1.2-3-gabc"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(one, two))
}

// TestPackageIsInstalledAndRemoved does so in a folder in the place of a machine.
func TestPackageIsInstalledAndRemoved(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root installs packages")
	}
	for _, name := range []string{"dpkg", "dpkg-deb", "systemd-sysusers"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no %s", name)
		}
	}
	file := deb(t, "v1.2-3-gabc")
	require.Contains(t, run(t, nil, "dpkg-deb", "-I", file), "Version: 1.2+3.gabc")
	root := t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/updates", "var/lib/dpkg/info", "etc", "var/lib/wispwright"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "var/lib/dpkg/status"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "var/lib/wispwright/secret.key"), []byte("x"), 0o600))
	dpkg := func(args ...string) {
		run(t, nil, "dpkg", append([]string{"--root=" + root, "--force-script-chrootless", "--force-depends", "--log=/dev/null"}, args...)...)
	}
	settings := filepath.Join(root, "etc/wispwright/wispwright.yaml")
	dpkg("-i", file)
	for path, mode := range map[string]fs.FileMode{"usr/bin/wispwright": 0o755, "etc/wispwright/wispwright.yaml": 0o640, "usr/lib/systemd/system/wispwright.service": 0o644} {
		info, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
	accounts, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
	require.NoError(t, err)
	require.Contains(t, string(accounts), "wispwright:")
	// what the administrator changed stays when a newer version comes
	require.NoError(t, os.WriteFile(settings, []byte("data: /srv\n"), 0o640))
	dpkg("-i", "--force-confold", deb(t, "v1.3"))
	kept, err := os.ReadFile(settings)
	require.NoError(t, err)
	require.Equal(t, "data: /srv\n", string(kept))
	dpkg("--remove", "wispwright")
	_, err = os.Stat(settings)
	require.NoError(t, err, "settings stay until the package is purged")
	dpkg("--purge", "wispwright")
	_, err = os.Stat(settings)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = os.Stat(filepath.Join(root, "var/lib/wispwright/secret.key"))
	require.NoError(t, err, "data are never removed")
}

// TestUnitIsSandboxed: systemd reads the unit, and finds little that it may do.
func TestUnitIsSandboxed(t *testing.T) {
	said := run(t, nil, "systemd-analyze", "security", "--offline=true", "--no-pager", "debian/wispwright.service")
	m := regexp.MustCompile(`exposure level for wispwright.service: (\d+\.\d+)`).FindStringSubmatch(said)
	require.NotNil(t, m, said)
	var level float64
	_, err := fmt.Sscan(m[1], &level)
	require.NoError(t, err)
	require.LessOrEqual(t, level, 2.5, said)
}

// TestSettingsOfThePackage: the file that is installed is one that the server reads.
func TestSettingsOfThePackage(t *testing.T) {
	c, err := server.LoadConfig("debian/wispwright.yaml", nil, server.DefaultConcerns())
	require.NoError(t, err)
	require.Equal(t, "/var/lib/wispwright", c.Data)
	// so are the lines that are commented out
	text, err := os.ReadFile("debian/wispwright.yaml")
	require.NoError(t, err)
	all := regexp.MustCompile(`(?m)^(\s*)# (\s*(?:listen|redirect_listen|acme|hosts|email|database):)`).ReplaceAllString(string(text), "$1$2")
	all = strings.Replace(all, "  listen: 127.0.0.1:8080\n", "", 1)
	path := filepath.Join(t.TempDir(), "all.yaml")
	require.NoError(t, os.WriteFile(path, []byte(all), 0o600))
	c, err = server.LoadConfig(path, nil, server.DefaultConcerns())
	require.NoError(t, err, all)
	require.Equal(t, []string{"nms.example.org"}, c.ACME.Hosts)
	require.Equal(t, ":80", c.HTTP.RedirectListen)
}

// manifest is what all objects of Kubernetes have, and what is looked at here.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Resources  []string
	StringData map[string]string `yaml:"stringData"`
	Spec       struct {
		Selector any
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				Containers []struct {
					Name, Image string
					Env         []struct {
						Name, Value string
						ValueFrom   struct {
							SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
						} `yaml:"valueFrom"`
					}
					ReadinessProbe map[string]any `yaml:"readinessProbe"`
				}
			}
		}
	}
}

func manifests(t *testing.T, path string) (all []manifest) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var m manifest
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err, path)
		require.NotEmpty(t, m.APIVersion, path)
		require.NotEmpty(t, m.Kind, path)
		all = append(all, m)
	}
}

// TestKubernetes: every file is listed, selectors find what they select, secrets are
// there, and the server knows each of its variables.
func TestKubernetes(t *testing.T) {
	list := manifests(t, "kubernetes/kustomization.yaml")[0].Resources
	files, err := filepath.Glob("kubernetes/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, len(list)+1)
	secrets, kinds := map[string]bool{}, map[string]int{}
	var all []manifest
	for _, name := range list {
		for _, m := range manifests(t, filepath.Join("kubernetes", name)) {
			require.NotEmpty(t, m.Metadata.Name, name)
			kinds[m.Kind]++
			for key := range m.StringData {
				secrets[m.Metadata.Name+"/"+key] = true
			}
			all = append(all, m)
		}
	}
	require.Equal(t, 1, kinds["Deployment"])
	require.Equal(t, 1, kinds["StatefulSet"])
	for _, m := range all {
		if m.Kind != "Deployment" && m.Kind != "StatefulSet" {
			continue
		}
		selector := m.Spec.Selector.(map[string]any)["matchLabels"].(map[string]any)
		for key, value := range selector {
			require.Equal(t, value, m.Spec.Template.Metadata.Labels[key])
		}
		for _, c := range m.Spec.Template.Spec.Containers {
			require.NotEmpty(t, c.ReadinessProbe)
			var environ []string
			for _, e := range c.Env {
				value := e.Value
				if ref := e.ValueFrom.SecretKeyRef; ref.Key != "" {
					require.True(t, secrets[ref.Name+"/"+ref.Key], ref.Key)
					value = strings.Repeat("k", 40)
				}
				environ = append(environ, e.Name+"="+value)
			}
			if c.Name == "wispwright" {
				_, err := server.LoadConfig("", environ, server.DefaultConcerns())
				require.NoError(t, err)
			}
		}
	}
}

// TestCompose: the file is one, and the server knows each of its variables.
func TestCompose(t *testing.T) {
	text, err := os.ReadFile("container/compose.yaml")
	require.NoError(t, err)
	var file struct {
		Services map[string]struct {
			Image       string
			Environment map[string]string
			Volumes     []string
			DependsOn   any `yaml:"depends_on"`
		}
		Volumes map[string]any
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	for _, name := range []string{"wispwright", "postgres", "freeradius", "victoriametrics"} {
		require.NotEmpty(t, file.Services[name].Image, name)
		for _, v := range file.Services[name].Volumes {
			from, _, _ := strings.Cut(v, ":")
			if path, ok := strings.CutPrefix(from, "./"); ok {
				_, err := os.Stat(filepath.Join("container", path))
				require.NoError(t, err)
				continue
			}
			require.Contains(t, file.Volumes, from)
		}
	}
	example, err := os.ReadFile("container/example.env")
	require.NoError(t, err)
	var environ []string
	for name, value := range file.Services["wispwright"].Environment {
		value = regexp.MustCompile(`\$\{(\w+)[^}]*\}`).ReplaceAllStringFunc(value, func(v string) string {
			key := regexp.MustCompile(`\w+`).FindString(v)
			require.Contains(t, string(example), key+"=")
			if key == "HOST_NAME" {
				return "nms.example.org"
			}
			return strings.Repeat("k", 40)
		})
		environ = append(environ, name+"="+value)
	}
	c, err := server.LoadConfig("", environ, server.DefaultConcerns())
	require.NoError(t, err)
	require.Equal(t, []string{"nms.example.org"}, c.ACME.Hosts)
}

// TestFeed: what OpenWrt's Makefile installs is what the package of `make agent` has.
func TestFeed(t *testing.T) {
	feed, err := os.ReadFile("openwrt/wispwright-agent/Makefile")
	require.NoError(t, err)
	dir := t.TempDir()
	program := filepath.Join(dir, "agent")
	require.NoError(t, os.WriteFile(program, []byte("program"), 0o700))
	for _, out := range []string{"one.ipk", "two.ipk"} {
		run(t, nil, "../agent/openwrt/ipk", program, "v1.2", filepath.Join(dir, out))
	}
	one, err := os.ReadFile(filepath.Join(dir, "one.ipk"))
	require.NoError(t, err)
	two, err := os.ReadFile(filepath.Join(dir, "two.ipk"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(one, two))
	run(t, nil, "tar", "-C", dir, "-xzf", filepath.Join(dir, "one.ipk"))
	control := run(t, nil, "tar", "-xzOf", filepath.Join(dir, "control.tar.gz"), "./control")
	require.Contains(t, control, "Version: 1.2\n")
	members := strings.Fields(run(t, nil, "tar", "-tzf", filepath.Join(dir, "data.tar.gz")))
	files := 0
	for _, m := range members {
		name := strings.TrimPrefix(m, ".")
		if strings.HasSuffix(name, "/") {
			continue
		}
		files++
		require.Contains(t, string(feed), "$(1)"+filepath.Dir(name), name)
	}
	require.Greater(t, files, 6)
	for _, line := range []string{"Provides: openwisp-config", "License: BSD-3-Clause"} {
		require.Contains(t, control, line)
	}
	require.Contains(t, string(feed), "PROVIDES:=openwisp-config")
}
