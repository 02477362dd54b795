package bucket_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/memblob"

	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/blob/blobtest"
	"github.com/wispwright/wispwright/kit/blob/bucket"
)

func TestBucket(t *testing.T) {
	for name, prefix := range map[string]string{"the whole bucket": "", "a folder of it": "some/where/"} {
		t.Run(name, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T) blob.Store {
				s := bucket.New(memblob.OpenBucket(nil), prefix)
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				return s
			})
		})
	}
}

// A store sees what is in its folder of the bucket, without what others keep there.
func TestFolderOfABucket(t *testing.T) {
	ctx := context.Background()
	b := memblob.OpenBucket(nil)
	for _, name := range []string{"one/a", "one/.hidden", "one/with space", "two/a", "a"} {
		require.NoError(t, b.WriteAll(ctx, name, []byte("of "+name), nil))
	}
	one := bucket.New(b, "one/")
	var names []string
	require.NoError(t, one.List(ctx, "", func(i blob.Info) error { names = append(names, i.Name); return nil }))
	require.Equal(t, []string{"a"}, names)
	r, err := one.Open(ctx, "a")
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "of one/a", string(text))
	require.NoError(t, r.Close())
	require.NoError(t, one.Close())
}

// A reader is read from any place, also backwards and from its end, as servers of
// HTTP do that answer a range.
func TestReadFromAnyPlace(t *testing.T) {
	ctx := context.Background()
	s := bucket.New(memblob.OpenBucket(nil), "")
	require.NoError(t, s.Put(ctx, "a", strings.NewReader("0123456789")))
	r, err := s.Open(ctx, "a")
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	for _, step := range []struct {
		offset int64
		whence int
		want   string
	}{{-3, io.SeekEnd, "789"}, {2, io.SeekStart, "23456789"}, {-4, io.SeekCurrent, "6789"}, {0, io.SeekEnd, ""}} {
		_, err := r.Seek(step.offset, step.whence)
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, step.want, string(text))
	}
}

func TestWritable(t *testing.T) {
	s := bucket.New(memblob.OpenBucket(nil), "")
	require.NoError(t, s.Writable(context.Background()))
	require.NoError(t, s.List(context.Background(), "", func(i blob.Info) error { t.Errorf("%s is left", i.Name); return nil }))
	require.NoError(t, s.Close())
	require.Error(t, s.Writable(context.Background()))
}
