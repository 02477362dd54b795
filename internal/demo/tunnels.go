//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wispwright/wispwright/internal/country"
	"github.com/wispwright/wispwright/internal/netifd"
)

// sites is how many devices of the organization Sites are in namespaces, where they get
// real tunnels to a WireGuard server.
const sites = 3

const (
	sitesSecret = "demo-sites-secret"
	tunnel      = "wgmgmt"
	hubAddress  = "10.250.0.2"
)

// tunnels are the part of the demo that runs in namespaces of its own.
type tunnels struct {
	vpn     string
	missing string // why there are none
	child   *child // the part in the namespaces
}

// startTunnels makes a management network, its host and three sites.
func (d *demo) startTunnels() (*tunnels, error) {
	if missing := country.Missing("wireguard-go"); missing != "" {
		return &tunnels{missing: missing}, nil
	}
	organization, err := d.organizationOf("sites")
	if err != nil {
		return nil, err
	}
	var made struct{ VPN string }
	if err := d.api.call("POST", "/api/v1/controller/management-network/", object{"organization": organization, "host": hubAddress, "hub": false, "peers": true,
		"interface": tunnel, "network": "10.255.0.0/24"}, &made); err != nil {
		return nil, fmt.Errorf("management network: %w", err)
	}
	var server struct{ Key string }
	if err := d.api.call("GET", "/api/v1/controller/vpn/"+made.VPN+"/", nil, &server); err != nil {
		return nil, err
	}
	dir := filepath.Join(d.dir, "sites")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "servers"), []byte(made.VPN+" "+server.Key+"\n"), 0o600); err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "server.sock") // crosses from one network to another
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("the sites' way to the server: %w", err)
	}
	go relay(l, "tcp", d.address)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	programs := make([]string, 0, 2)
	for _, program := range []string{d.server, d.agent} {
		path, err := filepath.Abs(program)
		if err != nil {
			return nil, err
		}
		programs = append(programs, path)
	}
	c, err := d.start("sites", country.Enter(context.Background(), self, append([]string{"sites", dir}, programs...)...))
	if errors.Is(err, syscall.EPERM) {
		return &tunnels{missing: "the right to make namespaces"}, nil
	}
	if err != nil {
		return nil, err
	}
	return &tunnels{vpn: made.VPN, child: c}, nil
}

// wait waits until the sites reach each other and the host says that they are there.
func (t *tunnels) wait(ctx context.Context, d *demo, begun time.Time) error {
	if t.missing != "" {
		fmt.Printf("  %5.1f s  no tunnels are shown: this machine lacks %s\n", time.Since(begun).Seconds(), t.missing)
		return nil
	}
	crossed := ""
	if err := d.wait(ctx, "the sites reach each other through their hub; see "+t.child.log, func() (bool, error) {
		select {
		case err := <-t.child.ended:
			t.child.ended <- err // for the end of the demo
			return true, nil
		default:
		}
		text, err := os.ReadFile(t.child.log)
		if err != nil {
			return false, err
		}
		_, after, _ := strings.Cut(string(text), "crossed: ")
		line, _, whole := strings.Cut(after, "\n")
		crossed = line
		return whole, nil
	}); err != nil {
		return err
	}
	if crossed == "" {
		if os.Getenv("WISPWRIGHT_REQUIRE_SERVICES") != "" {
			return errors.New("the sites ended; see " + t.child.log)
		}
		fmt.Printf("  %5.1f s  no tunnels are shown: they could not be made, see %s\n", time.Since(begun).Seconds(), t.child.log)
		return nil
	}
	if err := d.wait(ctx, "the hub reports its sites", func() (bool, error) {
		var server struct {
			Status struct {
				State     string
				Connected int
			}
		}
		err := d.api.call("GET", "/api/v1/controller/vpn/"+t.vpn+"/", nil, &server)
		return server.Status.State == "running" && server.Status.Connected == sites, err
	}); err != nil {
		return err
	}
	fmt.Printf("  %5.1f s  three sites (organization Sites) got WireGuard tunnels by themselves and reach each other through the hub: %s\n", time.Since(begun).Seconds(), crossed)
	return nil
}

// inside is a part of the demo that runs as a process of its own; it reports whether the
// arguments name one.
func inside(args []string) (bool, error) {
	switch {
	case len(args) == 2 && args[0] == "netifd":
		return true, netifd.Apply(context.Background(), args[1])
	case len(args) == 4 && args[0] == "sites":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		return true, liveInCountry(ctx, args[1], args[2], args[3])
	}
	return false, nil
}

// liveInCountry runs the host of the VPN server and the sites in namespaces, and prints
// the addresses that every site reaches, once that is so.
func liveInCountry(ctx context.Context, dir, server, agent string) error {
	if err := country.Prepare(); err != nil {
		return err
	}
	c, err := country.New(dir)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", country.Middle+":80")
	if err != nil {
		return err
	}
	go relay(l, "unix", filepath.Join(dir, "server.sock"))
	self, err := os.Executable()
	if err != nil {
		return err
	}
	background := func(place string, n int, line string) error {
		if err := c.Place(place, n); err != nil {
			return err
		}
		cmd := c.Command(place, line)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		return cmd.Start() // it ends with the namespace
	}
	if err := background("hub", 2, fmt.Sprintf("exec '%s' vpn-server http://%s --servers '%s' --folder '%s' --interval 5s --forward",
		server, country.Middle, filepath.Join(dir, "servers"), filepath.Join(dir, "hub"))); err != nil {
		return err
	}
	for n := range sites {
		root, name := filepath.Join(dir, siteName(n)), siteName(n)
		hook := filepath.Join(root, "etc/openwisp/post-reload-hook")
		script := fmt.Sprintf("#!/bin/sh\nexport PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin\nexec '%s' netifd '%s' >>'%s/netifd.log' 2>&1\n", self, root, root)
		if err := errors.Join(os.MkdirAll(filepath.Dir(hook), 0o700), os.WriteFile(hook, []byte(script), 0o700)); err != nil {
			return err
		}
		if err := background(name, 11+n, fmt.Sprintf("exec '%s' config --root '%s' --foreground --url http://%s --shared-secret %s --hostname %s --mac-address 02:00:00:00:01:%02X --model Sandbox --os 'OpenWrt 23.05.5' --system demo --interval 2 --management-interface %s --bootup-delay 0 --post-reload-delay 0",
			agent, root, country.Middle, sitesSecret, name, 11+n, tunnel)); err != nil {
			return err
		}
	}
	addresses, err := crossing(ctx)
	if err != nil {
		return err
	}
	fmt.Println("crossed: " + strings.Join(addresses, ", "))
	<-ctx.Done()
	return nil
}

func siteName(n int) string { return fmt.Sprintf("site-%d", n+1) }

// crossing waits until every site reaches every other one in the tunnel, and returns
// their addresses there.
func crossing(ctx context.Context) ([]string, error) {
	for ; ; time.Sleep(200 * time.Millisecond) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var addresses []string
		for n := range sites {
			if address := tunnelAddress(ctx, siteName(n)); address != "" {
				addresses = append(addresses, address)
			}
		}
		all := len(addresses) == sites
		for n := range sites {
			for _, address := range addresses {
				all = all && country.Reaches(ctx, siteName(n), address)
			}
		}
		if all {
			return addresses, nil
		}
	}
}

// tunnelAddress is a site's in the tunnel, "" before it has one.
func tunnelAddress(ctx context.Context, place string) string {
	out, err := exec.CommandContext(ctx, "ip", "-n", place, "-json", "-4", "addr", "show", "dev", tunnel).Output()
	if err != nil {
		return "" // there is no tunnel yet
	}
	var links []struct {
		Addresses []struct{ Local string } `json:"addr_info"`
	}
	if err := json.Unmarshal(out, &links); err != nil || len(links) == 0 || len(links[0].Addresses) == 0 {
		return ""
	}
	return links[0].Addresses[0].Local
}

// relay passes connections on until the listener is closed.
func relay(l net.Listener, network, address string) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = from.Close() }() // one way has ended, so both have
			to, err := net.Dial(network, address)
			if err != nil {
				return
			}
			defer func() { _ = to.Close() }() // so has this one
			done := make(chan struct{}, 2)
			for _, way := range [][2]net.Conn{{to, from}, {from, to}} {
				go func() {
					_, _ = io.Copy(way[0], way[1]) // who speaks finds out
					done <- struct{}{}
				}()
			}
			<-done
		}()
	}
}
