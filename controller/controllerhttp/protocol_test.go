package controllerhttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllerhttp"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/controller/render"
)

const deviceHex = "56cc80656f834590a6f42780ee072df6"

// fakeAgent answers what it is told and remembers what it was asked.
type fakeAgent struct {
	err          error
	sum          string
	archive      render.Archive
	status       controller.Status
	registered   controller.Registered
	credentials  protocol.Credentials
	managementIP string
	info         [3]string
	report       [2]string
	registration protocol.Registration
}

func (f *fakeAgent) Register(_ context.Context, r protocol.Registration) (*controller.Registered, error) {
	f.registration = r
	return &f.registered, f.err
}

func (f *fakeAgent) Checksum(_ context.Context, c protocol.Credentials, managementIP string) (string, error) {
	f.credentials, f.managementIP = c, managementIP
	return f.sum, f.err
}

func (f *fakeAgent) Download(_ context.Context, c protocol.Credentials, managementIP string) (*render.Archive, error) {
	f.credentials, f.managementIP = c, managementIP
	return &f.archive, f.err
}

func (f *fakeAgent) UpdateInfo(_ context.Context, c protocol.Credentials, os, model, system string) error {
	f.credentials, f.info = c, [3]string{os, model, system}
	return f.err
}

func (f *fakeAgent) ReportStatus(_ context.Context, c protocol.Credentials, status, reason string) (controller.Status, error) {
	f.credentials, f.report = c, [2]string{status, reason}
	return f.status, f.err
}

func newFake() *fakeAgent {
	id, err := wispwright.ParseID(deviceHex)
	if err != nil {
		panic(err)
	}
	return &fakeAgent{
		sum: "372b354fea010d5a556275e606891c19", status: controller.StatusApplied,
		archive:    render.Archive{Name: "00:11:22:aa:bb:cc", Bytes: []byte("archive")},
		registered: controller.Registered{Device: &controller.Device{ID: id, Key: "6b6d", Name: "ap 1"}, IsNew: true},
	}
}

func send(h http.Handler, method, target, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:4711"
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const form = "application/x-www-form-urlencoded"

func TestAnswers(t *testing.T) {
	invalid := &wispwright.ValidationError{}
	invalid.Add("model", "too long")
	invalid.Add("", "limit")
	for _, c := range []struct {
		name, method, path, body string
		err                      error
		status                   int
		want                     string
	}{
		{"checksum", "GET", "checksum/" + deviceHex + "/?key=k", "", nil, 200, "372b354fea010d5a556275e606891c19"},
		{"current path", "GET", "device/checksum/56cc8065-6f83-4590-a6f4-2780ee072df6/?key=k", "", nil, 200, "372b354fea010d5a556275e606891c19"},
		{"download", "GET", "download-config/" + deviceHex + "/?key=k", "", nil, 200, "archive"},
		{"no key", "GET", "checksum/" + deviceHex + "/", "", protocol.ErrMissingKey, 400, "error: missing required parameter \"key\"\n"},
		{"wrong key", "GET", "checksum/" + deviceHex + "/", "", protocol.ErrWrongKey, 403, "error: wrong key\n"},
		{"away", "GET", "checksum/" + deviceHex + "/", "", wispwright.ErrUnavailable, 503, "error: temporarily unavailable\n"},
		{"broken", "GET", "checksum/" + deviceHex + "/", "", errors.New("disk on fire"), 500, "error: internal error\n"},
		{"update", "POST", "update-info/" + deviceHex + "/", "key=k", nil, 200, "update-info: success"},
		{"update invalid", "POST", "device/update-info/" + deviceHex + "/", "key=k", invalid, 400,
			"{\n    \"__all__\": [\n        \"limit\"\n    ],\n    \"model\": [\n        \"too long\"\n    ]\n}"},
		{"report", "POST", "report-status/" + deviceHex + "/", "key=k&status=applied&", nil, 200, "report-result: success\ncurrent-status: applied\n"},
		{"report without status", "POST", "report-status/" + deviceHex + "/", "key=k", &protocol.MissingParameterError{Name: "status"}, 400,
			"error: missing required parameter \"status\"\n"},
		{"report bogus", "POST", "device/report-status/" + deviceHex + "/", "", protocol.ErrWrongStatus, 403, "error: wrong status\n"},
		{"register", "POST", "register/", "a=b", nil, 201, "registration-result: success\nuuid: " + deviceHex + "\nkey: 6b6d\nhostname: ap 1\nis-new: 1\n"},
		{"register here too", "POST", "device/register/", "a=b", nil, 201, "registration-result: success\nuuid: " + deviceHex + "\nkey: 6b6d\nhostname: ap 1\nis-new: 1\n"},
		{"backend", "POST", "register/", "", protocol.ErrWrongBackend, 403, "error: wrong backend\n"},
		{"secret", "POST", "register/", "", protocol.ErrUnrecognizedSecret, 403, "error: unrecognized secret"},
		{"disabled", "POST", "register/", "", protocol.ErrRegistrationDisabled, 403, "error: registration disabled"},
		{"deactivated", "POST", "register/", "", protocol.ErrDeactivated, 403, "error: device deactivated"},
		{"waiting", "POST", "register/", "", protocol.ErrWaiting, 202, "error: device waits for approval"},
		{"refused", "POST", "register/", "", protocol.ErrRefused, 403, "error: registration refused"},
		{"self creation", "POST", "register/", "", protocol.ErrSelfCreation, 404, "Device not found in the system, please create it first."},
		{"invalid", "POST", "register/", "", invalid, 400, "too long limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake()
			f.err = c.err
			h := controllerhttp.NewProtocol(f, &controllerhttp.ProtocolOptions{Log: slog.New(slog.DiscardHandler)})
			w := send(h, c.method, "/controller/"+c.path, form, c.body)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.want, w.Body.String())
			require.Equal(t, []string{"true"}, w.Header()["X-Openwisp-Controller"])
			want := "text/plain"
			if c.name == "download" {
				want = "application/octet-stream"
			}
			require.Equal(t, want, w.Header().Get("Content-Type"))
			requireNoConfusion(t, w.Header())
		})
	}
}

// requireNoConfusion checks that agents, which look for words in headers and
// body alike, find them in the body only.
func requireNoConfusion(t *testing.T, h http.Header) {
	t.Helper()
	var lines bytes.Buffer
	require.NoError(t, h.Write(&lines))
	require.NotRegexp(t, `(?i)(uuid|key|hostname|is-new): `, lines.String())
}

func TestWhereNothingIs(t *testing.T) {
	h := controllerhttp.NewProtocol(newFake(), nil)
	for _, path := range []string{
		"", "checksum/", "checksum/xyz/", "checksum/" + deviceHex + "0/", "checksum/" + deviceHex + "/more/", "nothing/" + deviceHex + "/",
		"device/", "device/device/checksum/" + deviceHex + "/", "register/x/", "register//", "checksum//", "vpn/checksum/" + deviceHex + "/",
		"prefix/checksum/" + deviceHex + "/",
	} {
		w := send(h, "GET", "/controller/"+path, "", "")
		require.Equal(t, 404, w.Code, path)
		require.Contains(t, w.Header().Get("Content-Type"), "text/html")
		require.Contains(t, w.Body.String(), "<h1>Not Found</h1>")
		require.Equal(t, "true", w.Header().Get("X-Openwisp-Controller"))
	}
	f := newFake()
	f.err = wispwright.ErrNotFound
	require.Equal(t, 404, send(controllerhttp.NewProtocol(f, nil), "GET", "/controller/checksum/"+deviceHex+"/", "", "").Code)
}

func TestMethods(t *testing.T) {
	h := controllerhttp.NewProtocol(newFake(), nil)
	for path, c := range map[string]struct {
		allow string
		good  []string
	}{
		"checksum/" + deviceHex + "/":        {"GET, HEAD, OPTIONS", []string{"GET", "HEAD"}},
		"download-config/" + deviceHex + "/": {"GET, HEAD, OPTIONS", []string{"GET", "HEAD"}},
		"update-info/" + deviceHex + "/":     {"POST, OPTIONS", []string{"POST"}},
		"report-status/" + deviceHex + "/":   {"POST, OPTIONS", []string{"POST"}},
		"register/":                          {"POST, OPTIONS", []string{"POST"}},
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			w := send(h, method, "/controller/"+path, "", "")
			switch {
			case method == "OPTIONS":
				require.Equal(t, 200, w.Code, path)
				require.Empty(t, w.Body.String())
			case method == c.good[0] || len(c.good) == 2 && method == c.good[1]:
				require.Contains(t, []int{200, 201}, w.Code, method+" "+path)
				continue
			default:
				require.Equal(t, 405, w.Code, method+" "+path)
				require.Empty(t, w.Body.String())
			}
			require.Equal(t, c.allow, w.Header().Get("Allow"))
		}
	}
}

func TestMissingSlashIsAddedWithTheQuery(t *testing.T) {
	h := controllerhttp.NewProtocol(newFake(), nil)
	w := send(h, "GET", "/controller/checksum/"+deviceHex+"?key=a%26b&x=1", "", "")
	require.Equal(t, 301, w.Code)
	require.Equal(t, "/controller/checksum/"+deviceHex+"/?key=a%26b&x=1", w.Header().Get("Location"))
	require.Equal(t, "/controller/register/", send(h, "GET", "/controller/register", "", "").Header().Get("Location"))
	require.Equal(t, 404, send(h, "GET", "/controller/nothing", "", "").Code)
}

func TestWhatIsHandedOn(t *testing.T) {
	f := newFake()
	h := controllerhttp.NewProtocol(f, nil)
	require.Equal(t, 200, send(h, "GET", "/controller/checksum/"+deviceHex+"/?key=a+%2Bb&key=last&management_ip=10.8.0.5&junk", "", "").Code)
	require.Equal(t, "last", f.credentials.Key)
	require.Equal(t, deviceHex, f.credentials.ID.Hex())
	require.Equal(t, netip.MustParseAddr("192.0.2.7"), f.credentials.Peer)
	require.Equal(t, "10.8.0.5", f.managementIP)

	send(h, "GET", "/controller/download-config/"+deviceHex+"/?key=k", "", "")
	require.Empty(t, f.managementIP, "an absent parameter is an empty one")

	send(h, "POST", "/controller/report-status/"+deviceHex+"/", form, "key=k&status=error&error_reason=a%0Ab%00%FF+%zz&&=x&")
	require.Equal(t, [2]string{"error", "a\nb\uFFFD\uFFFD %zz"}, f.report)

	send(h, "POST", "/controller/update-info/"+deviceHex+"/", form, url.Values{"key": {"k"}, "os": {"OpenWrt; 23"}, "model": {" m "}}.Encode())
	require.Equal(t, [3]string{"OpenWrt; 23", " m ", ""}, f.info)

	send(h, "POST", "/controller/register/?secret=query", form, "secret=s&name=n&model=&organization=x")
	require.Equal(t, "s", f.registration.Secret, "the query is no body")
	require.Equal(t, "", *f.registration.Model, "an empty parameter is not an absent one")
	require.Nil(t, f.registration.OS)
}

func TestKindsOfBodies(t *testing.T) {
	f := newFake()
	h := controllerhttp.NewProtocol(f, &controllerhttp.ProtocolOptions{BodyLimit: 1000, Log: slog.New(slog.DiscardHandler)})
	send(h, "POST", "/controller/register/", "application/json", `{"secret":"s"}`)
	require.Empty(t, f.registration.Secret, "JSON is no form")

	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	require.NoError(t, m.WriteField("secret", "s"))
	require.NoError(t, m.WriteField("name", "n&m"))
	file, err := m.CreateFormFile("model", "x.txt")
	require.NoError(t, err)
	_, err = io.WriteString(file, "a file")
	require.NoError(t, err)
	require.NoError(t, m.Close())
	require.Equal(t, 201, send(h, "POST", "/controller/register/", m.FormDataContentType(), b.String()).Code)
	require.Equal(t, "s", f.registration.Secret)
	require.Equal(t, "n&m", f.registration.Name)
	require.Nil(t, f.registration.Model, "files are no parameters")

	f.registration = protocol.Registration{}
	require.Equal(t, 400, send(h, "POST", "/controller/register/", m.FormDataContentType(), b.String()[:80]).Code)
	require.Equal(t, 413, send(h, "POST", "/controller/register/", form, "secret="+strings.Repeat("x", 1000)).Code)
	require.Equal(t, 413, send(h, "POST", "/controller/register/", m.FormDataContentType(),
		strings.Replace(b.String(), "a file", strings.Repeat("x", 1000), 1)).Code)
	require.Zero(t, f.registration, "nothing was done")
}

func TestDownloadHeaders(t *testing.T) {
	f := newFake()
	h := controllerhttp.NewProtocol(f, nil)
	w := send(h, "HEAD", "/controller/download-config/"+deviceHex+"/", "", "")
	require.Equal(t, "attachment; filename=00:11:22:aa:bb:cc.tar.gz", w.Header().Get("Content-Disposition"))
	require.Equal(t, "7", w.Header().Get("Content-Length"))
	require.Empty(t, w.Body.String())
	f.archive.Name = "a\r\nX-Evil: \"1\"; ü"
	w = send(h, "GET", "/controller/download-config/"+deviceHex+"/", "", "")
	require.Equal(t, `attachment; filename="a__X-Evil: _1__ _.tar.gz"`, w.Header().Get("Content-Disposition"))
}

func TestGuessedSecrets(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	f := newFake()
	h := controllerhttp.NewProtocol(f, &controllerhttp.ProtocolOptions{WrongSecrets: 3, Clock: func() time.Time { return now },
		TrustProxy: true})
	try := func(from string, err error) int {
		f.err = err
		proxied := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("X-Forwarded-For", from)
			h.ServeHTTP(w, r)
		})
		w := send(proxied, "POST", "/controller/register/", form, "secret=x")
		if w.Code == 429 {
			require.NotEmpty(t, w.Header().Get("Retry-After"))
		}
		return w.Code
	}
	for range 3 {
		require.Equal(t, 403, try("192.0.2.1", protocol.ErrUnrecognizedSecret))
	}
	require.Equal(t, 429, try("192.0.2.1", protocol.ErrUnrecognizedSecret))
	require.Equal(t, 429, try("192.0.2.1", nil), "the right secret is not told apart")
	require.Equal(t, 201, try("192.0.2.2", nil), "others are not concerned")
	for _, host := range []string{"1", "2", "3"} {
		require.Equal(t, 403, try("2001:db8::"+host, protocol.ErrUnrecognizedSecret))
	}
	require.Equal(t, 429, try("2001:db8::4", nil), "neighbours of one network count as one")
	require.Equal(t, 201, try("2001:db8:0:1::4", nil))
	for range 10 {
		require.Equal(t, 400, try("192.0.2.3", &protocol.MissingParameterError{Name: "secret"}), "only secrets count")
	}
	now = now.Add(time.Minute)
	require.Equal(t, 201, try("192.0.2.1", nil))
	f.err = nil
	free := controllerhttp.NewProtocol(&fakeAgent{err: protocol.ErrUnrecognizedSecret}, &controllerhttp.ProtocolOptions{WrongSecrets: -1})
	for range 100 {
		require.Equal(t, 403, send(free, "POST", "/controller/register/", form, "secret=x").Code)
	}
}

// TestChecksumAllocations keeps the handler of the hottest path within its
// limit beside what net/http does itself.
func TestChecksumAllocations(t *testing.T) {
	h := controllerhttp.NewProtocol(newFake(), nil)
	r := httptest.NewRequest("GET", "/controller/checksum/"+deviceHex+"/?key=6b6dce28e07b4a8fa556175a0d4abf13&management_ip=10.8.0.5", nil)
	w := &discard{h: http.Header{}}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}), 4.0)
}

type discard struct{ h http.Header }

func (d *discard) Header() http.Header               { return d.h }
func (d *discard) Write(b []byte) (int, error)       { return len(b), nil }
func (d *discard) WriteString(s string) (int, error) { return len(s), nil }
func (d *discard) WriteHeader(int)                   {}

func BenchmarkChecksumHandler(b *testing.B) {
	h := controllerhttp.NewProtocol(newFake(), nil)
	r := httptest.NewRequest("GET", "/controller/checksum/"+deviceHex+"/?key=6b6dce28e07b4a8fa556175a0d4abf13&management_ip=10.8.0.5", nil)
	w := &discard{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, r)
	}
}

func FuzzProtocol(f *testing.F) {
	f.Add("GET", "/controller/checksum/"+deviceHex+"/?key=%zz&management_ip=a%00b", "", "")
	f.Add("POST", "/controller/register/", form, "secret=%FF%00&=&&;x=y")
	f.Add("POST", "/controller/report-status/"+deviceHex+"/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--x--")
	f.Fuzz(func(t *testing.T, method, target, contentType, body string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || method == "" {
			t.Skip()
		}
		r := &http.Request{Method: method, URL: u, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), RemoteAddr: "192.0.2.1:1"}
		fake := newFake()
		w := httptest.NewRecorder()
		controllerhttp.NewProtocol(fake, nil).ServeHTTP(w, r)
		require.NotEqual(t, 500, w.Code)
		require.Equal(t, "true", w.Header().Get("X-Openwisp-Controller"))
		requireNoConfusion(t, w.Header())
		for _, s := range []string{fake.credentials.Key, fake.managementIP, fake.report[1], fake.registration.Name} {
			require.NotContains(t, s, "\x00")
			require.Equal(t, strings.ToValidUTF8(s, ""), s)
		}
	})
}
