package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	vocabulary "github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/agent"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/server/simulate"
)

const flashedModel = "TP-Link TL-WDR4300 v1"

// routers are devices with OpenWrt that are upgraded over SSH.
type routers struct {
	*fleet
	image string

	mu  sync.Mutex
	all map[string]*flashable
	// how far they are, in steps that a device did at least once
	uploaded, tested, flashed, kept map[string]bool
}

// flashable is one of them.
type flashable struct {
	id              string
	tmp, rom, claim string // what was uploaded, what it runs, what it says it runs
	flashes         int
}

func newRouters(t *testing.T, n int, image string) *routers {
	t.Helper()
	r := &routers{fleet: devices(t, n), image: image, all: map[string]*flashable{}, uploaded: map[string]bool{}, tested: map[string]bool{}, flashed: map[string]bool{}, kept: map[string]bool{}}
	for d := range n {
		r.all[address(d)] = &flashable{}
	}
	r.run = r.openwrt
	return r
}

func (r *routers) count(steps map[string]bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(steps)
}

// openwrt does what a line says.
func (r *routers) openwrt(device, line string, c ssh.Channel) (status byte, gone bool) {
	if strings.HasPrefix(line, "scp -t ") {
		content, err := received(c)
		if err != nil {
			return 1, false // the server was killed
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all[device].tmp, r.uploaded[device] = content, true
		return 0, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.all[device]
	switch {
	case line == "uci get openwisp.http.uuid":
		_, _ = io.WriteString(c, d.id)
	case line == "cat /proc/sys/kernel/random/boot_id":
		_, _ = fmt.Fprint(c, "boot ", d.flashes)
	case line == "test -f /etc/openwisp/firmware_checksum" && d.claim == "":
		return 1, false
	case line == "cat /etc/openwisp/firmware_checksum":
		_, _ = io.WriteString(c, d.claim)
	case strings.HasPrefix(line, "cat /proc/meminfo"):
		_, _ = io.WriteString(c, "MemAvailable: 66984 kB")
	case strings.HasPrefix(line, "/sbin/sysupgrade --test"):
		if d.tmp != r.image {
			return 1, false
		}
		r.tested[device] = true
	case strings.HasPrefix(line, "/sbin/sysupgrade -v"):
		d.flashes, d.rom, d.tmp, r.flashed[device] = d.flashes+1, d.tmp, "", true
		return 0, true
	case strings.HasPrefix(line, "echo ") && strings.HasSuffix(line, " > /etc/openwisp/firmware_checksum"):
		d.claim, r.kept[device] = strings.Fields(line)[1], true
	}
	return 0, false
}

// received is what the source of scp sends.
func received(c ssh.Channel) (string, error) {
	var size int
	if _, err := c.Write([]byte{0}); err != nil {
		return "", err
	}
	in := bufio.NewReader(c)
	head, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	if _, err := fmt.Sscanf(head, "C0600 %d file", &size); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte{0}); err != nil {
		return "", err
	}
	content := make([]byte, size+1) // and a zero
	if _, err := io.ReadFull(in, content); err != nil {
		return "", err
	}
	_, err = c.Write([]byte{0})
	return string(content[:size]), err
}

// massUpgrade makes a build with an image and devices that it fits, and upgrades all
// of them.
func (i *installation) massUpgrade(r *routers, n, parallel int) (batch string) {
	i.t.Helper()
	organization := i.api("GET", "/api/v1/users/organization/", nil, 200)["results"].([]any)[0].(map[string]any)["id"]
	i.api("POST", "/api/v1/controller/credential/", map[string]any{"name": "root", "organization": organization, "connector": connection.ConnectorSSH, "auto_add": true,
		"params": map[string]any{"username": "root", "password": "secret", "port": r.port}}, 201)
	client := simulate.NewClient(i.url, 8, patience)
	for d := range n {
		mac := fmt.Sprintf("02:03:00:00:%02X:%02X", d>>8, d&0xff)
		made, err := client.Register(i.t.Context(), agent.Registration{Key: agent.ConsistentKey(mac, "s3cr3tS3cr3t"), Secret: "s3cr3tS3cr3t", Name: fmt.Sprintf("router-%d", d), MACAddress: mac, ManagementIP: address(d), Info: agent.Info{Model: flashedModel}})
		require.NoError(i.t, err)
		id, err := vocabulary.ParseID(made.UUID)
		require.NoError(i.t, err)
		r.all[address(d)].id = id.String()
	}
	const base = "/api/v1/firmware-upgrader/"
	category := i.api("POST", base+"category/", map[string]any{"name": "roofs", "organization": organization}, 201)["id"]
	build := i.api("POST", base+"build/", map[string]any{"category": category, "version": "2.0"}, 201)["id"].(string)
	i.upload(base+"build/"+build+"/image/", "openwrt-ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin", r.image)
	return i.api("POST", base+"build/"+build+"/upgrade/", map[string]any{"upgrade_all": true, "parallel": parallel}, 201)["batch"].(string)
}

// upload sends an image as forms do.
func (i *installation) upload(path, name, content string) {
	i.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, err := form.CreateFormFile("file", name)
	require.NoError(i.t, err)
	_, err = io.WriteString(file, content)
	require.NoError(i.t, err)
	require.NoError(i.t, form.WriteField("type", ""))
	require.NoError(i.t, form.Close())
	q, err := http.NewRequestWithContext(i.t.Context(), http.MethodPost, i.url+path, &b)
	require.NoError(i.t, err)
	q.Header.Set("Authorization", "Bearer 0123456789abcdef0123456789abcdef01234567")
	q.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := http.DefaultClient.Do(q)
	require.NoError(i.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(i.t, err)
	require.Equal(i.t, http.StatusCreated, answer.StatusCode, "%s", text)
}

// quickly are settings with which upgrades do not wait long.
func quickly(t *testing.T, workers int) {
	t.Setenv("WISPWRIGHT_CONNECTION_REFUSED_NETWORKS", "10.0.0.0/8")
	t.Setenv("WISPWRIGHT_CONNECTION_SSH_AUTH_TIMEOUT", "1m")
	t.Setenv("WISPWRIGHT_FIRMWARE_RECONNECT_DELAY", "50ms")
	t.Setenv("WISPWRIGHT_FIRMWARE_RECONNECT_RETRY_DELAY", "50ms")
	t.Setenv("WISPWRIGHT_FIRMWARE_RETRY_BACKOFF", "100ms")
	t.Setenv("WISPWRIGHT_FIRMWARE_RETRY_BACKOFF_MAX", "100ms")
	t.Setenv("WISPWRIGHT_FIRMWARE_WORKERS", fmt.Sprint(workers))
	t.Setenv("WISPWRIGHT_MONITORING_CHECKS", "false")
}

// upgraded waits for the end of a mass upgrade, and holds what is stored against what
// became of the devices: each was flashed, and none twice.
func (i *installation) upgraded(r *routers, batch string, n int) {
	i.t.Helper()
	const base = "/api/v1/firmware-upgrader/"
	testkit.Eventually(i.t, "the mass upgrade ends", func(context.Context) bool {
		status := i.api("GET", base+"batch-upgrade-operation/"+batch+"/", nil, 200)["status"]
		return status == "success" || status == "failed"
	})
	devices := map[string]*flashable{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.all {
		devices[d.id] = d
	}
	anew := 0
	for page := 1; len(devices) > 0; page++ {
		list := i.api("GET", fmt.Sprintf("%supgrade-operation/?batch=%s&page_size=100&page=%d", base, batch, page), nil, 200)
		require.EqualValues(i.t, n, list["count"])
		for _, one := range list["results"].([]any) {
			op := one.(map[string]any)
			id := op["device"].(string)
			d := devices[id]
			require.NotNil(i.t, d, "one operation for each device")
			delete(devices, id)
			require.Equal(i.t, "success", op["status"], "%s", op["log"])
			require.Equal(i.t, 1, d.flashes, "%s", op["log"])
			require.Equal(i.t, r.image, d.rom)
			require.NotEmpty(i.t, d.claim)
			if strings.Contains(op["log"].(string), "the image was not flashed") {
				anew++
			}
		}
	}
	i.t.Logf("%d devices were upgraded once; %d of them anew, as the server died just before it told them to", n, anew)
}

// The server is killed at each step of a mass upgrade. In the end each device was
// flashed once, and nothing stays in progress.
func TestKilledServerUpgradesEveryDeviceOnce(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { upgradeDrill(t, 200) })
	t.Run("postgresql", func(t *testing.T) { upgradeDrill(t, 200, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t)) })
}

func upgradeDrill(t *testing.T, n int, environ ...string) {
	r := newRouters(t, n, strings.Repeat("firmware ", 5000))
	quickly(t, n) // all of them are at work at once
	i := install(t, crashFixture, environ...)
	i.start()
	batch := i.massUpgrade(r, n, n)
	for _, until := range []struct {
		what  string
		steps map[string]bool
		most  int
	}{
		{"the first devices have the image", r.uploaded, 1}, {"some devices tested it", r.tested, n / 8}, {"some are flashed", r.flashed, n / 4},
		{"many are flashed", r.flashed, n / 2}, {"some keep which image they have", r.kept, n / 2},
	} {
		testkit.Eventually(t, until.what, func(context.Context) bool { return r.count(until.steps) >= until.most })
		i.kill()
		i.start()
	}
	i.upgraded(r, batch, n)
	i.kill()
}

// Two nodes on one PostgreSQL share a mass upgrade, and one of them is killed: the
// other one ends what that began.
func TestKilledNodeLeavesUpgradesToTheOther(t *testing.T) {
	const n, workers = 80, 15
	r := newRouters(t, n, strings.Repeat("firmware ", 5000))
	quickly(t, workers)
	one := install(t, crashFixture, "WISPWRIGHT_DATABASE="+testkit.PostgresURL(t))
	one.start()
	two := &installation{t: t, data: one.data, log: filepath.Join(t.TempDir(), "log"), more: one.more}
	two.start()
	batch := one.massUpgrade(r, n, 2*workers)
	testkit.Eventually(t, "some are flashed", func(context.Context) bool { return r.count(r.flashed) >= n/4 })
	one.kill()
	two.upgraded(r, batch, n)
	log, err := os.ReadFile(two.log)
	require.NoError(t, err)
	require.Contains(t, string(log), "unfinished jobs start again")
	two.kill()
}
