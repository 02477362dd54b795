package agent

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright/netjsonconfig/uci"
)

// Reloader tells services that their configuration changed.
type Reloader interface {
	// Reload acts on one changed UCI package. It returns how it did it, for the
	// log ("procd/ubus"); "" when nothing had to be done.
	Reload(ctx context.Context, pkg string) (string, error)
}

// NoReload does nothing: for sandboxes.
type NoReload struct{}

// Reload does nothing.
func (NoReload) Reload(context.Context, string) (string, error) { return "", nil }

// CommandReload runs a program with the package's name as its last argument: for
// systems without procd.
type CommandReload struct {
	// Command is the program and its first arguments.
	Command []string
}

// Reload runs the command.
func (c CommandReload) Reload(ctx context.Context, pkg string) (string, error) {
	if len(c.Command) == 0 {
		return "", nil
	}
	args := append(slices.Clone(c.Command[1:]), pkg)
	if err := execute(ctx, 0, nil, c.Command[0], args...); err != nil {
		return "", fmt.Errorf("%s %s: %w", c.Command[0], pkg, err)
	}
	return path.Base(c.Command[0]), nil
}

// ProcdReload reloads services the OpenWrt way (§7.1): an event on the bus, and
// the init script of those that do not listen for it.
type ProcdReload struct {
	// Tree is the device's file system. Required.
	Tree *Tree
	// Ubus is the program that sends the event; default "ubus".
	Ubus string
}

// busTimeout is longer than ubus itself waits for an answer.
const busTimeout = time.Minute

// Reload sends the event and runs the init script where it is needed.
func (p ProcdReload) Reload(ctx context.Context, pkg string) (string, error) {
	ubus := p.Ubus
	if ubus == "" {
		ubus = "ubus"
	}
	event, err := json.Marshal(map[string]any{"type": "config.change", "data": map[string]any{"package": pkg}})
	if err != nil {
		return "", fmt.Errorf("reload %s: %w", pkg, err)
	}
	var out bytes.Buffer
	busErr := execute(ctx, busTimeout, func(cmd *exec.Cmd) { cmd.Stdout, cmd.Stderr = &out, &out }, ubus, "call", "service", "event", string(event))
	if busErr != nil {
		busErr = fmt.Errorf("reload %s: %s: %w: %s", pkg, ubus, busErr, firstLine(out.Bytes()))
	}
	script := "/etc/init.d/" + pkg
	content, err := p.Tree.ReadFile(script)
	if err != nil || content == nil || bytes.Contains(content, []byte("service_triggers()")) {
		return "procd/ubus", busErr
	}
	file, err := p.Tree.Path(script)
	if err != nil {
		return "", err
	}
	if err := execute(ctx, 0, nil, file, "reload"); err != nil {
		return "", fmt.Errorf("reload %s: %s: %w", pkg, script, err)
	}
	return "init script", nil
}

func firstLine(out []byte) string {
	return strings.SplitN(strings.TrimSpace(string(out)), "\n", 2)[0]
}

// snapshot is the state of every UCI package, to find those that changed.
type snapshot map[string]string

// md5File is where OpenWrt's reload_config keeps the same sums, so that it does
// not reload again what the agent reloaded.
const md5File = "/var/run/config.md5"

func takeSnapshot(t *Tree) (snapshot, error) {
	names, err := t.list(configDir)
	if err != nil {
		return nil, err
	}
	s := snapshot{}
	for _, name := range names {
		text, err := t.ReadFile(path.Join(configDir, name))
		if err != nil {
			return nil, err
		}
		// what cannot be parsed is compared as it is
		if p, err := uci.Parse(name, text); err == nil {
			text = show(p)
		}
		sum := md5.Sum(text)
		s[name] = hex.EncodeToString(sum[:])
	}
	return s, nil
}

// changed returns the packages that differ, sorted; new and removed ones too.
func (s snapshot) changed(now snapshot) []string {
	var out []string
	for name, sum := range now {
		if s[name] != sum {
			out = append(out, name)
		}
	}
	for name := range s {
		if _, still := now[name]; !still {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// save writes the sums where reload_config looks for them.
func (s snapshot) save(t *Tree) error {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&b, "%s  %s\n", s[name], name)
	}
	return t.WriteFile(md5File, b.Bytes(), 0o644)
}

// show is the output of "uci show" for a package.
func show(p *uci.Package) []byte {
	var b []byte
	count := map[string]int{}
	for _, s := range p.Sections {
		ref := p.Name + "." + s.Name
		if s.Anonymous() {
			ref = fmt.Sprintf("%s.@%s[%d]", p.Name, s.Type, count[s.Type])
		}
		count[s.Type]++
		b = append(b, ref+"="+s.Type+"\n"...)
		for _, o := range s.Options {
			b = append(b, ref+"."+o.Key+"="...)
			for i, v := range o.Values {
				if i > 0 {
					b = append(b, ' ')
				}
				b = uci.AppendQuoted(b, v)
			}
			b = append(b, '\n')
		}
	}
	return b
}
