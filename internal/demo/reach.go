//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// reach lets the server into the sandboxes: each has an SSH daemon at an address
// of its own on loopback, all on one port, whose commands run in its folder.
type reach struct {
	password string
	port     int
	config   *ssh.ServerConfig
	links    []net.Listener
	folder   func(n int) string
}

// cut takes the link of the nth sandbox away: nobody answers at its address.
func (r *reach) cut(n int) error { return r.links[n-1].Close() }

// mend brings it back.
func (r *reach) mend(n int) error {
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", sandboxAddress(n), r.port))
	if err != nil {
		return err
	}
	r.links[n-1] = l
	go r.accept(l, r.folder(n))
	return nil
}

// sandboxAddress is where the nth device is reached.
func sandboxAddress(n int) string { return fmt.Sprintf("127.0.0.%d", n+1) }

// listen starts the daemons. A port is taken that is free at all addresses.
func (r *reach) listen(folder func(n int) string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return err
	}
	r.password = rand.Text()
	r.config = &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
		if c.User() == "root" && subtle.ConstantTimeCompare(given, []byte(r.password)) == 1 {
			return nil, nil
		}
		return nil, errors.New("refused")
	}}
	r.config.AddHostKey(signer)
	for range 10 {
		all, err := r.open()
		if err != nil {
			continue
		}
		r.links, r.folder = all, folder
		for n, l := range all {
			go r.accept(l, folder(n+1))
		}
		return nil
	}
	return errors.New("no port is free at all addresses of the sandboxes")
}

func (r *reach) open() (all []net.Listener, err error) {
	r.port = 0
	for n := 1; n <= devices+1; n++ {
		l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", sandboxAddress(n), r.port))
		if err != nil {
			for _, l := range all {
				err = errors.Join(err, l.Close())
			}
			return nil, err
		}
		r.port = l.Addr().(*net.TCPAddr).Port
		all = append(all, l)
	}
	return all, nil
}

// accept serves one sandbox until the demo ends.
func (r *reach) accept(l net.Listener, root string) {
	for {
		raw, err := l.Accept()
		if err != nil {
			return
		}
		go r.serve(raw, root)
	}
}

func (r *reach) serve(raw net.Conn, root string) {
	defer raw.Close() // it is over
	conn, channels, requests, err := ssh.NewServerConn(raw, r.config)
	if err != nil {
		return // somebody without the password
	}
	defer conn.Close() // it is over
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go run(channel, requests, root)
	}
}

// run does the first command that a channel asks for.
func run(channel ssh.Channel, requests <-chan *ssh.Request, root string) {
	defer channel.Close() // the other side knows what it wanted
	for r := range requests {
		var exec struct{ Line string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &exec) != nil {
			if r.Reply(false, nil) != nil {
				return
			}
			continue
		}
		if r.Reply(true, nil) != nil {
			return
		}
		status := binary.BigEndian.AppendUint32(nil, uint32(execute(channel, exec.Line, root)))
		_, err := channel.SendRequest("exit-status", false, status)
		if err != nil {
			return // the other side went away
		}
		return
	}
}

// execute runs a line in the sandbox's folder, with the programs of the sandbox
// before those of the machine. It ends with the connection.
func execute(channel ssh.Channel, line, root string) int {
	ctx, end := context.WithTimeout(context.Background(), time.Minute)
	defer end()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, channel, channel.Stderr()
	cmd.Env = []string{"PATH=" + root + ".bin:" + os.Getenv("PATH"), "ROOT=" + root, "HOME=" + root}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode()
	}
	return 126
}

// programs gives a sandbox what the server looks for on a device: the agent by
// the name it has there, and a ps that shows nothing but it, so that no signal
// reaches another process of this machine.
func (d *demo) programs(root string, pid int) error {
	dir := root + ".bin"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	agent, err := filepath.Abs(d.agent)
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"ps":              fmt.Sprintf("printf '  PID USER COMMAND\\n%5d root openwisp-config\\n'", pid),
		"openwisp-config": "exec '" + strings.ReplaceAll(agent, "'", `'\''`) + "' config \"$@\"",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// makeCredentials lets the server into every sandbox.
func (d *demo) makeCredentials() error {
	organization, err := d.organization()
	if err != nil {
		return err
	}
	return d.api.call("POST", "/api/v1/controller/credential/", object{
		"name": "Sandboxes", "organization": organization, "connector": "openwisp_controller.connection.connectors.ssh.Ssh", "auto_add": true,
		"params": object{"username": "root", "password": d.reach.password, "port": d.reach.port},
	}, &struct{}{})
}

// showPush changes a template and waits until every device that can has applied
// it, long before it would have asked by itself.
func (d *demo) showPush(ctx context.Context) error {
	// in its second cycle an agent tells where it is reached
	for _, c := range d.children[1:] {
		if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			return fmt.Errorf("wake an agent: %w", err)
		}
	}
	if err := d.wait(ctx, "the server knows where the devices are reached", func() (bool, error) {
		var list struct {
			Results []struct {
				Address string `json:"management_ip"`
			}
		}
		err := d.api.call("GET", "/api/v1/controller/device/?organization_slug=demo&page_size=100", nil, &list)
		known := 0
		for _, r := range list.Results {
			if r.Address != "" {
				known++
			}
		}
		return known >= devices, err
	}); err != nil {
		return err
	}
	if err := d.wait(ctx, "the devices keep channels open", d.channelsOpen); err != nil {
		return err
	}
	var templates struct{ Results []struct{ ID string } }
	if err := d.api.call("GET", "/api/v1/controller/template/?name=Banner", nil, &templates); err != nil {
		return err
	}
	if len(templates.Results) == 0 {
		return errors.New("there is no template Banner")
	}
	begun := time.Now()
	if err := d.api.call("PATCH", "/api/v1/controller/template/"+templates.Results[0].ID+"/", object{"config": object{
		"files": []object{{"path": "/etc/banner", "mode": "0644", "contents": "{{ name }} is managed by Wispwright, and reached by it\n"}},
	}}, &struct{}{}); err != nil {
		return err
	}
	if err := d.wait(ctx, "the changed template is applied", func() (bool, error) {
		for n := 1; n <= devices; n++ {
			text, err := os.ReadFile(filepath.Join(d.dir, fmt.Sprintf("box-%d", n), "etc", "banner"))
			if err != nil || !strings.Contains(string(text), "reached by it") {
				return false, nil
			}
		}
		return true, nil
	}); err != nil {
		return err
	}
	fmt.Printf("  A changed template reached all %d devices, the first over SSH and the others through their channels, within %.1f s; they ask by themselves every %s.\n", devices, time.Since(begun).Seconds(), askInterval)
	return nil
}

// channelsOpen reports whether all devices but the first keep a channel to the server
// open.
func (d *demo) channelsOpen() (bool, error) {
	boxes, err := d.boxes()
	if err != nil {
		return false, err
	}
	open := 0
	for _, b := range boxes {
		var reach struct {
			Channel *struct{ Since string }
		}
		if err := d.api.call("GET", "/api/v1/controller/device/"+b.ID+"/reach/", nil, &reach); err != nil {
			return false, err
		}
		if reach.Channel != nil {
			open++
		}
	}
	return open >= devices-1, nil
}

// wait asks until something is so.
func (d *demo) wait(ctx context.Context, what string, is func() (bool, error)) error {
	for {
		done, err := is()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("waiting until %s: %w", what, context.Cause(ctx)), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
