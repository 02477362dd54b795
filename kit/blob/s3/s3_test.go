package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/blob/blobtest"
	"github.com/wispwright/wispwright/kit/blob/bucket"
	"github.com/wispwright/wispwright/kit/blob/s3"
)

const (
	keyID  = "GK31c2f218a2e44f485b94239e"
	secret = "b892c0665f0ada8a4755dae98baa3b133590e11dae3bcc1f9d769d67f16c3835"
)

// signed reports whether a request carries the signature that the secret makes
// (AWS Signature Version 4).
func signed(r *http.Request) bool {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
	names, _, _ := strings.Cut(rest, ",")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return false
	}
	for _, name := range strings.Split(names, ";") {
		if values := r.Header.Values(name); name != "host" && len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	again.ContentLength = 0
	if strings.Contains(names, "content-length") {
		again.ContentLength = r.ContentLength
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(r.Context(), aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret}, again, r.Header.Get("X-Amz-Content-Sha256"), "s3", "garage", at); err != nil {
		return false
	}
	return again.Header.Get("Authorization") == r.Header.Get("Authorization")
}

// provider is a server of S3 on loopback that lets only signed requests in.
func provider(t *testing.T, before func(*http.Request)) *httptest.Server {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("images"))
	fake := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil {
			before(r)
		}
		if !signed(r) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>`)
			return
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func open(t *testing.T, address, secret, folder string) *bucket.Store {
	t.Helper()
	p, err := s3.Parse("s3://images/site?region=garage&endpoint=" + address)
	require.NoError(t, err)
	s, err := s3.Open(context.Background(), p, s3.Keys{ID: keyID, Secret: wispwright.Secret(secret)}, folder, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestS3(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, provider(t, nil).URL, secret, "private") })
}

// A wrong secret is refused by the provider, and no error says what it is.
func TestWrongSecret(t *testing.T) {
	address := provider(t, nil).URL
	wrong := strings.Repeat("5ec4e7", 8)
	s := open(t, address, wrong, "")
	err := s.Put(context.Background(), "a", strings.NewReader("x"))
	require.ErrorContains(t, err, "SignatureDoesNotMatch")
	require.NotContains(t, fmt.Sprintf("%+v", err), wrong)
	require.Error(t, s.Writable(context.Background()))
	require.NoError(t, open(t, address, secret, "").Writable(context.Background()))
}

// A provider that is away is an error, not a missing file; one that is there again
// is used again.
func TestProviderThatIsAway(t *testing.T) {
	ctx := context.Background()
	server := provider(t, nil)
	s := open(t, server.URL, secret, "")
	require.NoError(t, s.Put(ctx, "a", strings.NewReader("x")))
	gone := open(t, "http://127.0.0.1:1", secret, "")
	_, err := gone.Open(ctx, "a")
	require.Error(t, err)
	require.False(t, errors.Is(err, wispwright.ErrNotFound), "%v", err)
}

// zeros is a body of so many bytes that nobody keeps.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	return n, nil
}

// A large file goes in parts and comes back in pieces: what is in memory of it is
// bounded. The provider here keeps nothing, or it would be its memory that is seen.
func TestLargeFilesInConstantMemory(t *testing.T) {
	const size = 256 << 20
	var mu sync.Mutex
	got := int64(0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		got += n
		w.Header().Set("ETag", `"e"`)
		switch {
		case r.Method == http.MethodPost && r.URL.Query().Has("uploads"):
			got = 0
			_, _ = io.WriteString(w, `<InitiateMultipartUploadResult><Bucket>images</Bucket><Key>k</Key><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
		case r.Method == http.MethodPost:
			_, _ = io.WriteString(w, `<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
		}
	}))
	t.Cleanup(server.Close)
	s := open(t, server.URL, secret, "")
	var most uint64
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	require.NoError(t, s.Put(context.Background(), "large", &zeros{size}))
	close(done)
	<-watched
	require.GreaterOrEqual(t, got, int64(size))
	require.Less(t, most, uint64(96<<20), "%d MiB of a file of 256 were in memory", most>>20)
	t.Logf("256 MiB with at most %d MiB of heap", most>>20)
}

// An upload that breaks off leaves no parts at the provider that somebody pays for.
func TestBrokenUploadIsGivenUp(t *testing.T) {
	var mu sync.Mutex
	var begun, ended int
	server := provider(t, func(r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch q := r.URL.Query(); {
		case r.Method == http.MethodPost && q.Has("uploads"):
			begun++
		case r.Method == http.MethodDelete && q.Has("uploadId"):
			ended++
		}
	})
	s := open(t, server.URL, secret, "")
	broken := errors.New("the line broke")
	body := io.MultiReader(&zeros{20 << 20}, iotestErr{broken})
	require.ErrorIs(t, s.Put(context.Background(), "a", body), broken)
	_, err := s.Open(context.Background(), "a")
	require.ErrorIs(t, err, wispwright.ErrNotFound)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, 1, begun)
	require.Equal(t, 1, ended)
}

type iotestErr struct{ err error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.err }

// What is larger than a part comes back as it was, from the middle too.
func TestSeveralParts(t *testing.T) {
	ctx := context.Background()
	s := open(t, provider(t, nil).URL, secret, "")
	body := make([]byte, 12<<20)
	for i := range body {
		body[i] = byte(i >> 11)
	}
	require.NoError(t, s.Put(ctx, "a/b", bytes.NewReader(body)))
	r, err := s.Open(ctx, "a/b")
	require.NoError(t, err)
	require.Equal(t, int64(len(body)), r.Info().Size)
	_, err = r.Seek(7<<20, io.SeekStart)
	require.NoError(t, err)
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	want := sha256.Sum256(body[7<<20:])
	require.Equal(t, want[:], sum.Sum(nil))
}

func TestParse(t *testing.T) {
	p, err := s3.Parse("s3://images")
	require.NoError(t, err)
	require.Equal(t, &s3.Place{Bucket: "images", Region: "us-east-1"}, p)
	p, err = s3.Parse("s3://images/a/b/?endpoint=http://127.0.0.1:3900&region=garage")
	require.NoError(t, err)
	require.Equal(t, &s3.Place{Bucket: "images", Folder: "a/b/", Region: "garage", Endpoint: "http://127.0.0.1:3900", PathStyle: true}, p)
	p, err = s3.Parse("s3://images?endpoint=https://s3.example.org&path_style=false")
	require.NoError(t, err)
	require.False(t, p.PathStyle)
	for address, fault := range map[string]string{
		"":                                   "want an address",
		"https://images":                     "want an address",
		"s3://":                              "want an address",
		"s3:images":                          "want an address",
		"s3://key:secret@images":             "keys do not belong",
		"s3://images/../x":                   "no name of a folder",
		"s3://images?endpoint=storage":       "endpoint:",
		"s3://images?endpoint=ftp://x":       "endpoint:",
		"s3://images?endpoint=https://u:p@x": "endpoint:",
		"s3://images?path_style=perhaps":     "path_style:",
		"s3://images?region=":                "region:",
		"s3://images?secret_key=x":           "no parameter",
	} {
		_, err := s3.Parse(address)
		require.ErrorContains(t, err, fault, address)
	}
}
