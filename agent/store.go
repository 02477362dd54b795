package agent

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Store keeps what must survive a reboot.
type Store interface {
	// Checksum returns the checksum of the configuration last applied; "" when
	// there is none.
	Checksum() (string, error)
	// SetChecksum replaces it; "" removes it.
	SetChecksum(sum string) error
	// SaveIdentity keeps a registration's answer and forgets the shared secret.
	SaveIdentity(id Identity) error
}

// FileStore keeps state where the original agent does, so that one can take
// over from the other.
type FileStore struct {
	// Tree is the device's file system. Required.
	Tree *Tree
}

const checksumFile = stateDir + "/checksum"

// Checksum reads the last line of /etc/openwisp/checksum: the original keeps the
// whole HTTP answer in it.
func (s FileStore) Checksum() (string, error) {
	b, err := s.Tree.ReadFile(checksumFile)
	if err != nil {
		return "", err
	}
	return lastLine(b), nil
}

// SetChecksum writes the file or removes it.
func (s FileStore) SetChecksum(sum string) error {
	if sum == "" {
		return s.Tree.remove(checksumFile)
	}
	return s.Tree.WriteFile(checksumFile, []byte(sum+"\n"), 0o600)
}

// SaveIdentity writes id and key into /etc/config/openwisp and removes the
// shared secret (§4.1).
func (s FileStore) SaveIdentity(id Identity) error {
	state, err := s.Tree.read(identityFile)
	if err != nil {
		return err
	}
	p, err := uci.Parse("openwisp", state.content)
	if err != nil {
		return err
	}
	section := p.Section("http")
	if all := p.OfType("controller"); section == nil && len(all) > 0 {
		section = all[len(all)-1] // the last one counts
	}
	if section == nil {
		section = p.Add("controller", "http")
	}
	// empty options are as good as absent, and libuci drops them
	section.Options = slices.DeleteFunc(section.Options, func(o uci.Option) bool { return o.String() == "" })
	section.Set("uuid", id.UUID)
	section.Set("key", id.Key.Reveal())
	section.Delete("shared_secret")
	mode := uciMode
	if state.exists {
		mode = state.mode
	}
	if err := s.Tree.WriteFile(identityFile, p.AppendFile(nil), mode); err != nil {
		return fmt.Errorf("save the registration: %w", err)
	}
	return nil
}

// storedTags reads the tags at the moment of the registration (§2).
func storedTags(t *Tree) string {
	p := readPackage(t, "openwisp")
	if p == nil {
		return ""
	}
	return strings.TrimSpace(p.Get("http", "tags"))
}
