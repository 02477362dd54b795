package sqlstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wispwright/wispwright/kit/sqlstore"
)

// crashFile names the database in the process that is to be killed.
const crashFile = "WISPWRIGHT_TEST_CRASH_FILE"

// TestMain is also the program that TestKilledWriters kills.
func TestMain(m *testing.M) {
	if file := os.Getenv(crashFile); file != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(file))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled says each number once its transaction is committed. Each
// transaction writes two rows.
func writeUntilKilled(file string) error {
	db, err := sqlstore.Open(context.Background(), file, nil)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for writer := range 8 {
		go func() {
			for n := writer; ; n += 8 {
				err := db.InTx(context.Background(), func(ctx context.Context) error {
					return errors.Join(put(ctx, db, 2*n), put(ctx, db, 2*n+1))
				})
				if err != nil {
					failed <- err
					return
				}
				fmt.Println(n) // one write, so that lines stay whole
			}
		}()
	}
	return <-failed
}

func TestKilledWriters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "crash.db")
	db, err := sqlstore.Open(t.Context(), file, nil)
	require.NoError(t, err)
	migrate(t, db, "CREATE TABLE trial (n INTEGER PRIMARY KEY);")
	require.NoError(t, db.Close())

	cmd := exec.Command(os.Args[0], "-test.run=NONE")
	cmd.Env = append(os.Environ(), crashFile+"="+file)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var acknowledged []int
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		require.NoError(t, err)
		if acknowledged = append(acknowledged, n); len(acknowledged) == 500 {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.Error(t, cmd.Wait())
	require.GreaterOrEqual(t, len(acknowledged), 500)

	db, err = sqlstore.Open(t.Context(), file, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	there := numbers(t, db)
	for _, n := range acknowledged {
		_, found := slices.BinarySearch(there, 2*n)
		require.True(t, found, "%d was acknowledged", n)
	}
	for i := 0; i < len(there); i += 2 {
		require.Equal(t, there[i]+1, there[i+1], "no transaction is there by half")
	}
}

// Whatever happens to the others, what is stored is what was acknowledged.
func TestManyWritersOfAllKinds(t *testing.T) {
	eachShape(t, func(t *testing.T, w *watched) {
		other, err := sqlstore.Open(t.Context(), w.file, &sqlstore.Options{Synchronous: "OFF"}) // as another process
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
		var mu sync.Mutex
		var want []int
		var all sync.WaitGroup
		for writer := range 12 {
			all.Go(func() {
				db := w.DB
				if writer == 0 {
					db = other
				}
				for i := range 60 {
					n := writer*1000 + i
					if kept(db, n) {
						mu.Lock()
						want = append(want, n)
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		slices.Sort(want)
		require.Equal(t, want, numbers(t, w.DB))
	})
}

// kept writes a number, perhaps, and says whether it was acknowledged.
func kept(db *sqlstore.DB, n int) (ok bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() { _ = recover() }() // of the panic below
	kind := rand.IntN(8)
	if kind == 0 {
		go cancel() // at any time
	}
	err := db.InTx(ctx, func(ctx context.Context) error {
		if err := put(ctx, db, n); err != nil {
			return err
		}
		switch kind {
		case 1:
			return errWanted
		case 2:
			panic("bang")
		case 3: // undoes all since BEGIN
			_, err := sqlstore.Exec(ctx, db, "INSERT OR ROLLBACK INTO trial VALUES (?)", n)
			return err
		case 4: // is found out by COMMIT
			_, err := sqlstore.Exec(ctx, db, "INSERT INTO child VALUES (-1)")
			return err
		}
		return nil
	})
	return err == nil
}
