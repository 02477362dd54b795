package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/client"
)

// Access says where the installation is and who asks. A token has no flag: the
// list of processes would show it.
type Access struct {
	Server    string `help:"Address of the installation, such as https://wispwright.example.org. Default: WISPWRIGHT_REMOTE_SERVER, then the file of 'remote login'." placeholder:"URL"`
	TokenFile string `help:"File with the token. Default: WISPWRIGHT_REMOTE_TOKEN, then the file of 'remote login'." type:"path" placeholder:"FILE"`
	Settings  string `help:"File of 'remote login'. Default: WISPWRIGHT_REMOTE_SETTINGS, then wispwright/remote.json in the user's folder for settings." type:"path" placeholder:"FILE"`
}

// Session is what the commands depend on.
type Session struct {
	// Build names the version.
	Build string
	// Environ are the variables, as "NAME=value".
	Environ []string
}

func (s *Session) variable(name string) string {
	for _, v := range s.Environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// settings are the file of 'remote login'.
type settings struct {
	Server string `json:"server"`
	Token  string `json:"token"`
}

func (a *Access) file(s *Session) (string, error) {
	if a.Settings != "" {
		return a.Settings, nil
	}
	if named := s.variable("WISPWRIGHT_REMOTE_SETTINGS"); named != "" {
		return named, nil
	}
	folder := s.variable("XDG_CONFIG_HOME")
	if folder == "" {
		home := s.variable("HOME")
		if home == "" {
			return "", fmt.Errorf("%w: the user has no home folder: name a file with --settings", errUsage)
		}
		folder = filepath.Join(home, ".config")
	}
	return filepath.Join(folder, "wispwright", "remote.json"), nil
}

// private reads a file that holds a token, which nobody else may read.
func private(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the token: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the token: %w", err)
	}
	return text, nil
}

// stored reads the file of 'remote login', which may be missing.
func (a *Access) stored(s *Session) (settings, error) {
	path, err := a.file(s)
	if errors.Is(err, errUsage) {
		return settings{}, nil
	}
	var out settings
	text, err := private(path)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(text, &out); err != nil {
		return out, fmt.Errorf("%s is not as 'remote login' writes it", path)
	}
	return out, nil
}

// open makes the client. The stored token goes to the stored server only.
func (a *Access) open(s *Session) (*client.Client, error) {
	address, token := a.Server, ""
	if address == "" {
		address = s.variable("WISPWRIGHT_REMOTE_SERVER")
	}
	if a.TokenFile != "" {
		text, err := private(a.TokenFile)
		if err != nil {
			return nil, err
		}
		token = strings.TrimSpace(string(text))
	} else {
		token = s.variable("WISPWRIGHT_REMOTE_TOKEN")
	}
	if address == "" || token == "" {
		kept, err := a.stored(s)
		if err != nil {
			return nil, err
		}
		if address == "" {
			address = kept.Server
		}
		if token == "" && strings.TrimRight(address, "/") == strings.TrimRight(kept.Server, "/") {
			token = kept.Token
		}
	}
	if address == "" {
		return nil, fmt.Errorf("%w: which installation? --server, WISPWRIGHT_REMOTE_SERVER or 'wispwright remote login'", errUsage)
	}
	if token == "" {
		return nil, fmt.Errorf("%w: no token for %s: --token-file, WISPWRIGHT_REMOTE_TOKEN or 'wispwright remote login'", errUsage, address)
	}
	return dial(address, token, s)
}

func dial(address, token string, s *Session) (*client.Client, error) {
	c, err := client.New(address, client.Options{Token: wispwright.Secret(token), UserAgent: "wispwright-remote/" + s.Build})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return c, nil
}

// keep writes the file of 'remote login', whole or not at all.
func (a *Access) keep(s *Session, kept settings) (path string, err error) {
	if path, err = a.file(s); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the settings: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("keep the settings: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".remote") // 0600
	if err != nil {
		return "", fmt.Errorf("keep the settings: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("keep the settings: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return path, nil
}
