package recipe_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/firmware/recipe"
)

// builder is a double of OpenWrt's image builder: its Makefile takes what the real one
// takes, and writes what the real one writes.
const builder = `image:
	@test -n "$(PROFILE)" -a -n "$(BIN_DIR)"
	@mkdir -p "$(BIN_DIR)"
	@(echo "packages $(PACKAGES)"; cat "$(FILES)/etc/config/openwisp"; ls packages 2>/dev/null) > "$(BIN_DIR)/openwrt-24.10.0-$(EXTRA_IMAGE_NAME)-ath79-generic-$(PROFILE)-squashfs-sysupgrade.bin"
	@echo factory > "$(BIN_DIR)/openwrt-24.10.0-$(EXTRA_IMAGE_NAME)-ath79-generic-$(PROFILE)-squashfs-factory.bin"
	@cd "$(BIN_DIR)" && printf '{"target":"ath79/generic","version_number":"24.10.0","version_code":"r28427-6df0e3d02a","profiles":{"%s":{"titles":[{"vendor":"TP-Link","model":"TL-WDR4300","variant":"v1"}],"supported_devices":["tplink,tl-wdr4300-v1"],"images":[{"name":"%s","type":"sysupgrade","sha256":"%s"},{"name":"x-factory.bin","type":"factory"}]}}}' \
		"$(PROFILE)" *-sysupgrade.bin "$$(sha256sum *-sysupgrade.bin | cut -d' ' -f1)" > profiles.json
`

func valid() *recipe.Recipe {
	return &recipe.Recipe{Target: "ath79/generic", Profile: "tplink_tl-wdr4300-v1", Name: "acme", URL: "https://controller.example.org", SharedSecret: "it's a secret",
		Packages: []string{recipe.ConfigAgent, recipe.MonitoringAgent, "-ppp"}, Agent: map[string]string{"interval": "60"},
		Files: map[string][]byte{"/etc/banner": []byte("Acme\n"), "/etc/uci-defaults/90-acme": []byte("exit 0\n")}, Local: map[string][]byte{"wispwright-agent-mips-softfloat.ipk": []byte("package")}}
}

// A recipe is carried out by the image builder's own interface, and what comes of it is
// read back.
func TestAnImageBuilderCarriesItOut(t *testing.T) {
	t.Parallel()
	folder, made := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(made, "Makefile"), []byte(builder), 0o600))
	require.NoError(t, valid().Write(folder))
	require.NoError(t, valid().Write(folder), "once more into the same folder")
	out, err := exec.Command("make", "-C", folder, "BUILDER="+made).CombinedOutput()
	require.NoError(t, err, string(out))
	got, err := recipe.Read(os.DirFS(folder))
	require.NoError(t, err)
	require.Equal(t, []any{"ath79/generic", "24.10.0", "OpenWrt 24.10.0 r28427-6df0e3d02a"}, []any{got.Target, got.Version, got.System})
	require.Len(t, got.Images, 1, "no factory image")
	i := got.Images[0]
	require.Equal(t, "images/openwrt-24.10.0-acme-ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin", i.Name)
	require.Equal(t, []any{[]string{"TP-Link TL-WDR4300 v1"}, []string{"tplink,tl-wdr4300-v1"}}, []any{i.Titles, i.Boards})
	text, err := os.ReadFile(filepath.Join(folder, i.Name))
	require.NoError(t, err)
	require.Equal(t, "packages openwisp-config openwisp-monitoring -ppp\nconfig controller 'http'\n\toption interval '60'\n\toption shared_secret 'it'\\''s a secret'\n\toption url 'https://controller.example.org'\nwispwright-agent-mips-softfloat.ipk\n", string(text))
	for name, mode := range map[string]os.FileMode{"files/etc/config/openwisp": 0o600, "files/etc/banner": 0o644, "files/etc/uci-defaults/90-acme": 0o755} {
		info, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	out, err = exec.Command("make", "-C", folder, "BUILDER="+t.TempDir()).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "is no image builder")
}

// What would mean something to a shell, to make, or outside the folder is refused.
func TestRecipesThatCannotBe(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*recipe.Recipe){
		"target":   func(r *recipe.Recipe) { r.Target = "ath79/generic;reboot" },
		"profile":  func(r *recipe.Recipe) { r.Profile = "$(shell id)" },
		"name":     func(r *recipe.Recipe) { r.Name = "" },
		"url":      func(r *recipe.Recipe) { r.URL = "controller.example.org" },
		"packages": func(r *recipe.Recipe) { r.Packages = []string{"a b"} },
		"agent":    func(r *recipe.Recipe) { r.Agent = map[string]string{"url'\n": "x"} },
		"files":    func(r *recipe.Recipe) { r.Files = map[string][]byte{"/etc/../../x": nil} },
		"local":    func(r *recipe.Recipe) { r.Local = map[string][]byte{"../x.ipk": nil} },
	} {
		r := valid()
		change(r)
		folder := filepath.Join(t.TempDir(), "new")
		err := r.Write(folder)
		var invalid *wispwright.ValidationError
		require.ErrorAs(t, err, &invalid, field)
		require.True(t, invalid.Has(field), "%s: %v", field, err)
		require.NoDirExists(t, folder)
	}
}

func TestFoldersThatAreNone(t *testing.T) {
	t.Parallel()
	const image = `{"profiles":{"p":{"images":[{"name":%q,"type":"sysupgrade","sha256":"%s"}]}}}`
	for says, files := range map[string]fstest.MapFS{
		"there is no profiles.json": {"a/x.bin": {}},
		"two lists":                 {"a/profiles.json": {}, "b/profiles.json": {}},
		"unexpected end of JSON":    {"profiles.json": {}},
		"no image for sysupgrade":   {"profiles.json": {Data: []byte(`{}`)}},
		"is no name of an image":    {"profiles.json": {Data: fmt.Appendf(nil, image, "../x.bin", "")}},
		"file does not exist":       {"profiles.json": {Data: fmt.Appendf(nil, image, "x.bin", "")}},
		"its checksum is another":   {"profiles.json": {Data: fmt.Appendf(nil, image, "x.bin", strings.Repeat("0", 64))}, "x.bin": {Data: []byte("x")}},
	} {
		_, err := recipe.Read(files)
		require.ErrorContains(t, err, says)
	}
}
