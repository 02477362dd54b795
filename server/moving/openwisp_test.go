package moving_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/internal/testkit"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/server/moving"
)

// The databases of a real OpenWISP 24.11, and what its own programs answered for
// them.

// unpacked returns a packed file of the vectors.
func unpacked(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(testkit.Vectors(t, "openwisp-db", name))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	out, err := io.ReadAll(z)
	require.NoError(t, err)
	return out
}

// realSQLite is the file of the real server.
func realSQLite(t testing.TB) string {
	path := filepath.Join(t.TempDir(), "openwisp.db")
	require.NoError(t, os.WriteFile(path, unpacked(t, "openwisp.sqlite3.gz"), 0o600))
	return "sqlite:" + path
}

// realPostgres is the dump of the same world. Without PostGIS its geometry is text,
// in the form in which PostGIS hands it out.
func realPostgres(t testing.TB) string {
	dump := string(unpacked(t, "openwisp.postgres.sql.gz"))
	dump = regexp.MustCompile(`(?m)^(CREATE EXTENSION|COMMENT ON EXTENSION|CREATE INDEX [^;]* USING gist|\\).*$`).ReplaceAllString(dump, "")
	dump = strings.ReplaceAll(dump, "public.geometry(Geometry,4326)", "text")
	address := testkit.PostgresURL(t)
	db, err := sql.Open("postgres", address)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var schema string
	require.NoError(t, db.QueryRow("SELECT current_schema()").Scan(&schema))
	dump = strings.ReplaceAll(dump, "public.", schema+".")
	dump = strings.ReplaceAll(dump, "SELECT pg_catalog.set_config('search_path', '', false);", "")
	_, err = db.Exec(dump)
	require.NoError(t, err)
	return address
}

// media unpacks the uploaded files.
func media(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	files := tar.NewReader(bytes.NewReader(unpacked(t, "files.tar.gz")))
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		require.NoError(t, err)
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			continue
		}
		path := filepath.Join(dir, h.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		b, err := io.ReadAll(files)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
}

// archive is what a device or a server downloads.
type archive struct {
	MD5   string
	Files []struct{ Path, Mode, Text string }
}

// differences tell in which files an archive is not what it was.
func (a archive) differences(t *testing.T, got []byte) (list []string) {
	t.Helper()
	members, err := netjsonconfig.Unpack(got)
	if err != nil {
		return []string{err.Error()}
	}
	if len(members) != len(a.Files) {
		list = append(list, fmt.Sprintf("%d files instead of %d", len(members), len(a.Files)))
	}
	for i, m := range members[:min(len(members), len(a.Files))] {
		if f := a.Files[i]; f.Path != m.Path || f.Mode != m.Mode || f.Text != m.Contents {
			list = append(list, fmt.Sprintf("%s %s instead of %s %s:\n%s\ninstead of\n%s", m.Path, m.Mode, f.Path, f.Mode, m.Contents, f.Text))
		}
	}
	return list
}

// answers are the facts of expected.json that are checked here.
type answers struct {
	Devices map[string]struct {
		Name, Key, Checksum, Status string
		Archive                     archive
		AgentChecksum               struct {
			Status int
			Body   *string
		} `json:"agent_checksum"`
	}
	VPNServers map[string]struct {
		Name, Key     string
		Archive       archive
		AgentChecksum struct {
			Status int
			Body   *string
		} `json:"agent_checksum"`
	} `json:"vpn_servers"`
	Users map[string]struct {
		Username, Email, Password, Algorithm string
		PhoneNumber                          *string        `json:"phone_number"`
		TokenEndpoint                        map[string]int `json:"token_endpoint"`
		Token                                *string
		Groups                               []string
	}
}

// house is an installation to move into.
type house struct {
	*server.Server
	target moving.Target
	parts  []moving.Part
	radius *server.RadiusConcern
}

func newHouse(t *testing.T, db *sqlstore.DB) *house {
	t.Helper()
	c := server.DefaultConfig()
	c.Data = t.TempDir()
	concerns := server.DefaultConcerns()
	h := &house{}
	for _, one := range concerns {
		switch v := one.(type) {
		case *server.ControllerConcern:
			v.Config.Context = map[string]any{"vpnserver1": "vpn.example.org"}
		case *server.NotificationsConcern:
			v.Config.SiteName = "OpenWISP Example"
		case *server.RadiusConcern:
			v.Config.AllowedHosts, h.radius = []string{"127.0.0.1"}, v
		case *server.TenancyConcern:
			v.Config.PasswordIterations = 1
			v.Config.TokenRate, v.Config.LoginRate = "100000/day", "100000/day"
			v.Config.SiteName, v.Config.SiteURL = "OpenWISP Example", "https://openwisp.example.org"
		}
	}
	require.NoError(t, server.Migrate(t.Context(), db, concerns))
	s, err := server.New(t.Context(), db, &server.Options{Config: c, Concerns: concerns, Log: slog.New(slog.DiscardHandler), Build: "test"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	for _, one := range concerns {
		if m, ok := one.(moving.Contributor); ok {
			h.parts = append(h.parts, m.Moving())
		}
	}
	h.Server, h.target = s, moving.Target{Transactor: db, Tenancy: s.Tenancy(), Settings: s.Controller().Settings}
	return h
}

func (h *house) get(path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = "127.0.0.1:5000"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestMovingARealInstallation(t *testing.T) {
	var expected answers
	testkit.ReadVectors(t, &expected, "openwisp-db", "expected.json")
	for name, from := range map[string]string{"from sqlite": realSQLite(t), "from postgresql": realPostgres(t)} {
		t.Run(name, func(t *testing.T) {
			db := testkit.SQLite(t)
			if name == "from sqlite" {
				db = testkit.Postgres(t) // the other kind
			}
			h := newHouse(t, db)
			options := &moving.Options{Media: media(t), Series: testkit.Vectors(t, "openwisp-db", "influxdb.lp.gz")}
			dry := *options
			dry.DryRun = true
			report, err := moving.Import(t.Context(), from, h.target, h.parts, &dry)
			tell(t, report)
			require.NoError(t, err)
			require.Equal(t, 404, h.get("/controller/checksum/8205f977-388c-4870-bba0-08ebe5b98efd/?key=2d4eca8c5dba67b2eb6ef5ad81aaaa0c").Code)
			report, err = moving.Import(t.Context(), from, h.target, h.parts, options)
			require.NoError(t, err)
			require.Positive(t, report.Changes())
			again, err := moving.Import(t.Context(), from, h.target, h.parts, options)
			require.NoError(t, err)
			for _, c := range again.Tables {
				require.Zero(t, c.Added+c.Changed, "%+v", *c)
			}
			want := toldThere(t)
			h.checkAnswers(t, want)
			h.checkRadius(t, want)
			h.checkRevoked(t, want)
			h.checkImages(t, want)
			h.checkDevices(t, &expected)
			h.checkUsers(t, &expected)
			h.checkChanges(t, &expected)
		})
	}
}

func tell(t *testing.T, r *moving.Report) {
	t.Helper()
	var b bytes.Buffer
	if r != nil {
		_, err := r.WriteTo(&b)
		require.NoError(t, err)
	}
	t.Log(b.String())
}

// others are those that get other bytes here: the scripts of the backend OpenWisp are
// part of the program there (GPL), and written anew here.
func others() map[string]bool { return map[string]bool{"lab-2": true, "legacy-retiring": true} }

// checkDevices asks as the agents do.
func (h *house) checkDevices(t *testing.T, expected *answers) {
	t.Helper()
	for id, d := range expected.Devices {
		w := h.get("/controller/checksum/" + id + "/?key=" + d.Key)
		if w.Code != d.AgentChecksum.Status {
			t.Errorf("%s: status %d instead of %d", d.Name, w.Code, d.AgentChecksum.Status)
			continue
		}
		if d.AgentChecksum.Body == nil {
			continue
		}
		if others()[d.Name] {
			if w.Body.String() == *d.AgentChecksum.Body {
				t.Errorf("%s is equal now", d.Name)
			}
			continue
		}
		if w.Body.String() != *d.AgentChecksum.Body {
			t.Errorf("%s: checksum %s instead of %s", d.Name, w.Body, *d.AgentChecksum.Body)
		}
		w = h.get("/controller/download-config/" + id + "/?key=" + d.Key)
		sum := md5.Sum(w.Body.Bytes())
		if got := hex.EncodeToString(sum[:]); got != d.Archive.MD5 {
			t.Errorf("%s: archive %s instead of %s: %s", d.Name, got, d.Archive.MD5, strings.Join(d.Archive.differences(t, w.Body.Bytes()), "\n"))
		}
	}
	for id, o := range expected.VPNServers {
		w := h.get("/controller/vpn/checksum/" + id + "/?key=" + o.Key)
		if w.Code != o.AgentChecksum.Status || o.AgentChecksum.Body != nil && w.Body.String() != *o.AgentChecksum.Body {
			got := h.get("/controller/vpn/download-config/" + id + "/?key=" + o.Key).Body.Bytes()
			t.Errorf("%s: %d %s instead of %v: %s", o.Name, w.Code, w.Body, *o.AgentChecksum.Body, strings.Join(o.Archive.differences(t, got), "\n"))
		}
	}
}

// checkUsers logs in with the passwords of old.
func (h *house) checkUsers(t *testing.T, expected *answers) {
	t.Helper()
	for _, wrong := range []bool{false, true} { // those with wrong passwords last: they are counted
		for _, u := range expected.Users {
			for how, want := range u.TokenEndpoint {
				if (how == "wrong_password") != wrong {
					continue
				}
				name, password := u.Username, u.Password
				switch how {
				case "email":
					name = u.Email
				case "phone_number":
					name = *u.PhoneNumber
				case "wrong_password":
					password += "x"
				}
				if got := h.token(t, name, password); got.Code != want {
					t.Errorf("%s by %s (%s): %d instead of %d: %s", u.Username, how, u.Algorithm, got.Code, want, got.Body)
				}
			}
		}
	}
}

func (h *house) token(t *testing.T, name, password string) *httptest.ResponseRecorder {
	t.Helper()
	body, err := json.Marshal(map[string]string{"username": name, "password": password})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/api/v1/users/token/", bytes.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5000"
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// checkChanges: a device keeps the bytes of old while its configuration stays, and has
// those of any other once that changes.
func (h *house) checkChanges(t *testing.T, expected *answers) {
	t.Helper()
	const name = "lamp-4"
	for id, d := range expected.Devices {
		if d.Name != name {
			continue
		}
		device, err := wispwright.ParseID(id)
		require.NoError(t, err)
		sum := func() string { return h.get("/controller/checksum/" + id + "/?key=" + d.Key).Body.String() }
		_, err = h.Controller().Devices.Update(t.Context(), wispwright.ScopeAll(), device, func(o *controller.Detail) error {
			o.Device.Notes = "touched"
			o.Config.Context = `{"unused": 1}`
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, d.Checksum, sum(), "nothing of its configuration changed")
		after, err := h.Controller().Devices.Update(t.Context(), wispwright.ScopeAll(), device, func(o *controller.Detail) error {
			o.Config.Config = `{"files": [{"path": "/etc/new", "mode": "0644", "contents": "new"}]}`
			return nil
		})
		require.NoError(t, err)
		require.Empty(t, after.Config.Inherited)
		require.Equal(t, controller.StatusModified, after.Config.Status)
		require.NotEqual(t, d.Checksum, sum())
		got := md5.Sum(h.get("/controller/download-config/" + id + "/?key=" + d.Key).Body.Bytes())
		require.Equal(t, sum(), hex.EncodeToString(got[:]))
		return
	}
	t.Fatalf("there is no device %s", name)
}
