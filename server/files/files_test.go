package files_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/server/files"
)

// provider is an object store on loopback with one bucket.
func provider(t *testing.T) *files.Config {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("images"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	return &files.Config{URL: "s3://images/site?region=garage&endpoint=" + server.URL, AccessKey: "key", SecretKey: "secret"}
}

func text(t *testing.T, s blob.Store, name string) string {
	r, err := s.Open(context.Background(), name)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func TestWhereFilesAre(t *testing.T) {
	ctx, data, own := context.Background(), t.TempDir(), t.TempDir()
	bucket := provider(t)
	for name, c := range map[string]struct {
		config    *files.Config
		data, own string
		path      string
	}{
		"below data":      {&files.Config{}, data, "", filepath.Join(data, files.Private, "a")},
		"a folder of own": {bucket, data, own, filepath.Join(own, "a")},
		"in the bucket":   {bucket, t.TempDir(), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := files.Open(ctx, c.config, c.data, c.own, files.Private)
			require.NoError(t, err)
			require.NoError(t, s.Put(ctx, "a", strings.NewReader(name)))
			require.Equal(t, name, text(t, s, "a"))
			if c.path != "" {
				require.FileExists(t, c.path)
			} else {
				require.NoFileExists(t, filepath.Join(c.data, files.Private, "a"))
			}
			require.NoError(t, s.Close())
		})
	}
	s, err := files.Open(ctx, &files.Config{}, "", "", files.Media)
	require.NoError(t, err)
	require.Nil(t, s)
}

// Files are moved into the bucket and back; a second time nothing is sent.
func TestCopy(t *testing.T) {
	ctx, data := context.Background(), t.TempDir()
	config := provider(t)
	bucket, err := files.Bucket(ctx, config, files.Private)
	require.NoError(t, err)
	none, err := files.Data(data, files.Private, true)
	require.NoError(t, err)
	require.Nil(t, none)
	folder, err := files.Data(data, files.Private, false)
	require.NoError(t, err)
	for _, name := range []string{"firmware/1/2", "firmware/1/3", "x"} {
		require.NoError(t, folder.Put(ctx, name, strings.NewReader("of "+name)))
	}
	require.NoError(t, bucket.Put(ctx, "x", strings.NewReader("half of it")))
	did, err := files.Copy(ctx, bucket, folder)
	require.NoError(t, err)
	require.Equal(t, files.Copied{Files: 3, Bytes: 34}, did)
	require.Equal(t, "of x", text(t, bucket, "x"))
	did, err = files.Copy(ctx, bucket, folder)
	require.NoError(t, err)
	require.Equal(t, files.Copied{There: 3}, did)
	back, err := files.Data(t.TempDir(), files.Private, false)
	require.NoError(t, err)
	did, err = files.Copy(ctx, back, bucket)
	require.NoError(t, err)
	require.Equal(t, 3, did.Files)
	require.Equal(t, "of firmware/1/3", text(t, back, "firmware/1/3"))
	require.NoError(t, errors.Join(bucket.Close(), folder.Close(), back.Close()))
}

func TestProbe(t *testing.T) {
	ctx := context.Background()
	config := provider(t)
	require.NoError(t, files.Probe(ctx, config))
	other := *config
	other.URL = strings.Replace(config.URL, "s3://images", "s3://nothing", 1)
	require.ErrorContains(t, files.Probe(ctx, &other), "NoSuchBucket")
}

func TestSettingsOfStorage(t *testing.T) {
	for name, c := range map[string]struct {
		config files.Config
		key    string
	}{
		"nothing":         {files.Config{}, ""},
		"keys of Amazon":  {files.Config{URL: "s3://images"}, ""},
		"no address":      {files.Config{URL: "/srv/images"}, "storage.url"},
		"one key":         {files.Config{URL: "s3://images", AccessKey: "x"}, "storage.secret_key"},
		"the other key":   {files.Config{URL: "s3://images", SecretKey: "x"}, "storage.secret_key"},
		"keys in address": {files.Config{URL: "s3://a:b@images"}, "storage.url"},
	} {
		e := &wispwright.ValidationError{}
		c.config.Check(e)
		if c.key == "" {
			require.NoError(t, e.Err(), name)
			continue
		}
		require.ErrorContains(t, e.Err(), c.key, name)
	}
}
