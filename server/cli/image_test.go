package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// imageBuilder is a double of the interface of OpenWrt's image builder.
const imageBuilder = `image:
	@mkdir -p "$(BIN_DIR)"
	@(echo "$(PACKAGES)"; cat "$(FILES)/etc/config/openwisp" "$(FILES)/etc/banner"; ls packages) > "$(BIN_DIR)/openwrt-24.10.0-$(EXTRA_IMAGE_NAME)-ath79-generic-$(PROFILE)-squashfs-sysupgrade.bin"
	@cd "$(BIN_DIR)" && printf '{"target":"ath79/generic","version_number":"24.10.0","version_code":"r28427-6df0e3d02a","profiles":{"%s":{"titles":[{"vendor":"TP-Link","model":"TL-WDR4300","variant":"v1"}],"supported_devices":["tplink,tl-wdr4300-v1"],"images":[{"name":"%s","type":"sysupgrade","sha256":"%s"}]}}}' \
		"$(PROFILE)" *-sysupgrade.bin "$$(sha256sum *-sysupgrade.bin | cut -d' ' -f1)" > profiles.json
`

// A recipe is written for an organization, an image builder carries it out, and what
// comes of it is imported as a build.
func TestImagesOfOnesOwn(t *testing.T) {
	i := install(t, crashFixture)
	i.start()
	organization := i.api("GET", "/api/v1/users/organization/", nil, 200)["results"].([]any)[0].(map[string]any)["id"]
	const base = "/api/v1/firmware-upgrader/"
	category := i.api("POST", base+"category/", map[string]any{"name": "roofs", "organization": organization}, 201)["id"].(string)
	i.kill()

	dir := t.TempDir()
	folder, builder, files, local := filepath.Join(dir, "roofs"), filepath.Join(dir, "builder"), filepath.Join(dir, "files"), filepath.Join(dir, "agent.ipk")
	require.NoError(t, os.MkdirAll(filepath.Join(files, "etc"), 0o750))
	require.NoError(t, os.MkdirAll(builder, 0o750))
	for name, text := range map[string]string{filepath.Join(files, "etc", "banner"): "Acme\n", filepath.Join(builder, "Makefile"): imageBuilder, local: "package"} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	recipe := func(args ...string) run {
		return wispwright(t, i.data, "", append([]string{"image", "recipe", folder, "--target", "ath79/generic", "--profile", "tplink_tl-wdr4300-v1", "--url", "https://controller.example.org"}, args...)...)
	}
	got := recipe("--organization", "nobody")
	require.NotZero(t, got.status)
	require.Contains(t, got.err, "organization nobody")
	require.NoDirExists(t, folder)
	got = recipe("--organization", "acme", "--profile", "$(reboot)")
	require.NotZero(t, got.status)
	require.Contains(t, got.err, "profile")
	require.NoDirExists(t, folder)
	got = recipe("--organization", "acme", "--files", files, "--local", local, "--agent", "interval=60", "--package", "openwisp-config", "--package=-ppp")
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "make -C "+folder+" BUILDER=")

	out, err := exec.CommandContext(t.Context(), "make", "-C", folder, "BUILDER="+builder).CombinedOutput()
	require.NoError(t, err, "%s", out)
	made, err := filepath.Glob(filepath.Join(folder, "images", "*-sysupgrade.bin"))
	require.NoError(t, err)
	require.Len(t, made, 1)
	text, err := os.ReadFile(made[0])
	require.NoError(t, err)
	for _, what := range []string{"openwisp-config -ppp", "option shared_secret 's3cr3tS3cr3t'", "option url 'https://controller.example.org'", "option interval '60'", "Acme", "agent.ipk"} {
		require.Contains(t, string(text), what)
	}

	importing := func(args ...string) run {
		return wispwright(t, i.data, "", append([]string{"image", "import", filepath.Join(folder, "images")}, args...)...)
	}
	got = importing("--category", "00000000-0000-4000-8000-000000000000")
	require.NotZero(t, got.status)
	require.Contains(t, got.err, "category")
	require.NotZero(t, importing("--category", "x").status)
	got = importing("--category", category)
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "TP-Link TL-WDR4300 v1")
	require.Contains(t, got.out, "The build 24.10.0 has 1 images.")
	got = importing("--category", category)
	require.NotZero(t, got.status, "it is there already")

	// an image that was cut, and one of no type that is known: half a build is none
	require.NoError(t, os.WriteFile(made[0], text[:10], 0o600))
	got = importing("--category", category, "--version", "2")
	require.NotZero(t, got.status)
	require.Contains(t, got.err, "checksum")
	require.NoError(t, os.WriteFile(made[0], text, 0o600))
	list := filepath.Join(folder, "images", "profiles.json")
	var read map[string]any
	raw, err := os.ReadFile(list)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &read))
	profile := read["profiles"].(map[string]any)["tplink_tl-wdr4300-v1"].(map[string]any)
	unknown := strings.Replace(made[0], "wdr4300", "wdr9999", 1)
	require.NoError(t, os.Link(made[0], unknown))
	one := profile["images"].([]any)[0].(map[string]any)
	profile["images"] = []any{one, map[string]any{"name": filepath.Base(unknown), "type": "sysupgrade", "sha256": one["sha256"]}}
	read["version_code"] = "r2"
	raw, err = json.Marshal(read)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, raw, 0o600))
	got = importing("--category", category, "--version", "2")
	require.NotZero(t, got.status)
	require.Contains(t, got.err, "wdr9999")

	i.start()
	defer i.kill()
	builds := i.api("GET", base+"build/", nil, 200)["results"].([]any)
	require.Len(t, builds, 1)
	b := builds[0].(map[string]any)
	require.Equal(t, []any{"24.10.0", "OpenWrt 24.10.0 r28427-6df0e3d02a", category}, []any{b["version"], b["os"], b["category"]})
	images := i.api("GET", fmt.Sprintf("%sbuild/%s/image/", base, b["id"]), nil, 200)["results"].([]any)
	require.Len(t, images, 1)
	require.Equal(t, "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin", images[0].(map[string]any)["type"])
	require.EqualValues(t, len(text), images[0].(map[string]any)["size"])
}
