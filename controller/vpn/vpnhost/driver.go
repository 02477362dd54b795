package vpnhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Driver runs the servers of one kind.
type Driver interface {
	// Runs reports whether what a server is to run is of this kind.
	Runs(b *Bundle) bool
	// Apply makes the host run it, and returns when it does. What runs already as it
	// should is left alone. After an error the host may be anywhere in between.
	Apply(ctx context.Context, b *Bundle) error
	// Revoke puts the list of revoked certificates in force.
	Revoke(ctx context.Context, b *Bundle) error
	// Status tells what runs it and which clients are connected. An error says that it does not
	// run.
	Status(ctx context.Context, b *Bundle) (by string, peers []Peer, err error)
	// Disconnect ends connections, by the common names of peers.
	Disconnect(ctx context.Context, b *Bundle, names ...string) error
	// Remove makes the host run it no more. What does not run is no error.
	Remove(ctx context.Context, b *Bundle) error
}

// ErrUnsupported is what drivers return for what this system cannot do.
var ErrUnsupported = errors.New("this system cannot do that")

// driverOf finds the driver that runs a bundle.
func driverOf(drivers []Driver, b *Bundle) (Driver, error) {
	for _, d := range drivers {
		if d.Runs(b) {
			return d, nil
		}
	}
	return nil, fmt.Errorf("nothing here runs the configuration of %s: it is none of WireGuard or OpenVPN", b.Name)
}

// folder keeps what a server ran last, so that it comes up again without the
// installation.
type folder string

const (
	goodFile        = "good.tar.gz"
	revocationsFile = "revocations.pem"
)

// open makes the folder. Programs that gave up their rights pass through it; what is in
// it has rights of its own.
func (f folder) open() error {
	if err := os.MkdirAll(f.files(), 0o711); err != nil {
		return fmt.Errorf("folder of a server: %w", err)
	}
	return nil
}

// files is where drivers write.
func (f folder) files() string { return filepath.Join(string(f), "run") }

// good is what ran last, nil when there is nothing.
func (f folder) good() (*Bundle, error) {
	archive, err := os.ReadFile(filepath.Join(string(f), goodFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what ran last: %w", err)
	}
	b, err := Unpack(archive)
	if err != nil {
		return nil, fmt.Errorf("what ran last: %w", err)
	}
	b.Dir = f.files()
	b.Revocations, err = os.ReadFile(filepath.Join(string(f), revocationsFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("what ran last: %w", err)
	}
	return b, nil
}

func (f folder) keep(name string, content []byte) error {
	return writeFile(filepath.Join(string(f), name), content, 0o600)
}

// forget removes everything of a server.
func (f folder) forget() error {
	if err := os.RemoveAll(string(f)); err != nil {
		return fmt.Errorf("folder of a server: %w", err)
	}
	return nil
}

// writeFile writes a whole file or nothing.
func writeFile(path string, content []byte, mode os.FileMode) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Chmod(mode), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(temporary.Name()))
	}
	return nil
}
