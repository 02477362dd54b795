//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/server/simulate"
)

// roofs is how many devices are upgraded.
const roofs = 6

// roof is a device that answers over SSH what an upgrade asks of OpenWrt, and has
// nothing else: what is flashed is kept in memory.
type roof struct {
	id      string
	onFlash func()

	mu             sync.Mutex
	boot, checksum string
	system         string
	image          []byte
	down           time.Time
}

// roofModel is what the roofs are, roofImage how an image for them is called.
const (
	roofModel  = "TP-Link TL-WDR4300 v1"
	roofImage  = "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin"
	oldSystem  = "OpenWrt 23.05.5"
	newSystem  = "OpenWrt 24.10.0"
	rebootTime = 1500 * time.Millisecond
)

// listenRoof starts the SSH daemon of the nth roof on the port of the sandboxes.
func (d *demo) listenRoof(n int, r *roof) (address string, err error) {
	address = sandboxAddress(devices + 20 + n)
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, d.reach.port))
	if err != nil {
		return "", err
	}
	go func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(raw, d.reach.config)
		}
	}()
	return address, nil
}

func (r *roof) serve(raw net.Conn, config *ssh.ServerConfig) {
	defer raw.Close() // it is over
	r.mu.Lock()
	down := time.Now().Before(r.down)
	r.mu.Unlock()
	if down {
		return
	}
	conn, channels, requests, err := ssh.NewServerConn(raw, config)
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
		go r.run(conn, channel, requests)
	}
}

// run does the command that a channel asks for.
func (r *roof) run(conn ssh.Conn, channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close() // the other side knows what it wanted
	for q := range requests {
		var exec struct{ Line string }
		if q.Type != "exec" || ssh.Unmarshal(q.Payload, &exec) != nil {
			if q.Reply(false, nil) != nil {
				return
			}
			continue
		}
		if q.Reply(true, nil) != nil {
			return
		}
		text, exit := r.answer(exec.Line, channel)
		if _, err := io.WriteString(channel, text); err != nil {
			return
		}
		if strings.Contains(exec.Line, "sysupgrade -v") {
			_ = conn.Close() // it reboots
			return
		}
		_, err := channel.SendRequest("exit-status", false, binary.BigEndian.AppendUint32(nil, exit))
		if err != nil {
			return // the other side went away
		}
		return
	}
}

// answer is what a command writes, and its exit code.
func (r *roof) answer(line string, in io.ReadWriter) (string, uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case strings.HasPrefix(line, "scp -t"):
		image, err := receive(in)
		if err != nil {
			return "", 1
		}
		r.image = image
		return "", 0
	case line == "uci get openwisp.http.uuid":
		return r.id + "\n", 0
	case strings.HasSuffix(line, "boot_id"):
		return r.boot + "\n", 0
	case strings.Contains(line, "openwrt_release"):
		return r.system + "\n", 0
	case strings.Contains(line, "MemAvailable"):
		return "MemAvailable: 66984 kB\n", 0
	case strings.HasPrefix(line, "test -f"):
		if strings.HasSuffix(line, "firmware_checksum") && r.checksum != "" {
			return "", 0
		}
		return "", 1
	case strings.HasPrefix(line, "cat "):
		return r.checksum + "\n", 0
	case strings.Contains(line, "sysupgrade -v"):
		sum := sha256.Sum256(r.image)
		r.boot, r.checksum, r.system = rand.Text(), hex.EncodeToString(sum[:]), newSystem
		r.down = time.Now().Add(rebootTime)
		if r.onFlash != nil {
			go r.onFlash()
		}
		return "Commencing upgrade. Closing all shell sessions.\n", 0
	}
	return "", 0
}

// receive is the other side of scp: one file.
func receive(c io.ReadWriter) ([]byte, error) {
	in := bufio.NewReader(c)
	acknowledge := func() error {
		_, err := c.Write([]byte{0})
		return err
	}
	if err := acknowledge(); err != nil {
		return nil, err
	}
	head, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	var mode, name string
	var size int64
	if _, err := fmt.Sscanf(head, "C%s %d %s", &mode, &size, &name); err != nil {
		return nil, err
	}
	if size < 0 || size > 1<<20 {
		return nil, errors.New("too large for a roof")
	}
	if err := acknowledge(); err != nil {
		return nil, err
	}
	content := make([]byte, size+1) // and a zero
	if _, err := io.ReadFull(in, content); err != nil {
		return nil, err
	}
	return content[:size], acknowledge()
}

// showFirmware rolls a build out to the roofs in two waves. The first device that
// gets it fills its flash: monitoring stops the wave, and somebody decides that the
// others get it nevertheless.
func (d *demo) showFirmware(ctx context.Context) error {
	begun := time.Now()
	organization, err := d.organization()
	if err != nil {
		return err
	}
	var credentials struct{ Results []struct{ ID string } }
	if err := d.api.call("GET", "/api/v1/controller/credential/?search=Sandboxes", nil, &credentials); err != nil {
		return err
	}
	if len(credentials.Results) == 0 {
		return errors.New("there are no credentials for the roofs")
	}
	all := make([]box, roofs)
	for n := range all {
		r := &roof{boot: rand.Text(), system: oldSystem}
		address, err := d.listenRoof(n, r)
		if err != nil {
			return fmt.Errorf("roof %d: %w", n+1, err)
		}
		if err := d.api.call("POST", "/api/v1/controller/device/", object{"organization": organization, "name": fmt.Sprintf("roof-%d", n+1), "mac_address": fmt.Sprintf("02:00:5e:00:53:%02x", n+1),
			"model": roofModel, "os": oldSystem, "management_ip": address}, &all[n]); err != nil {
			return fmt.Errorf("roof %d: %w", n+1, err)
		}
		r.id = all[n].ID
		if n == 0 {
			sick := all[n]
			r.onFlash = func() {
				if err := d.fill(ctx, sick); err != nil && ctx.Err() == nil {
					fmt.Println("  what", sick.Name, "measures:", err)
				}
			}
		}
		if err := d.api.call("POST", "/api/v1/controller/device/"+all[n].ID+"/connection/", object{"credentials": credentials.Results[0].ID, "update_strategy": connection.StrategyOpenWrt}, &struct{}{}); err != nil {
			return fmt.Errorf("reach roof %d: %w", n+1, err)
		}
	}
	if all[0], err = d.boxNamed("roof-1"); err != nil {
		return err
	}
	build, err := d.makeBuilds(organization)
	if err != nil {
		return err
	}
	var started struct{ Batch string }
	if err := d.api.call("POST", firmwareAPI+"build/"+build+"/upgrade/", object{"upgrade_all": true, "strategy": object{
		"waves": []object{{"devices": []string{all[0].ID}, "pause": 2}}, "parallel": 10,
	}}, &started); err != nil {
		return fmt.Errorf("upgrade the roofs: %w", err)
	}
	var batch struct {
		Status, Rollout string
		Counts          struct{ Success, Waiting int }
	}
	var waves struct{ Status, Reason string }
	at := firmwareAPI + "batch-upgrade-operation/" + started.Batch + "/"
	if err := d.wait(ctx, "monitoring stops the first wave", func() (bool, error) {
		if err := d.api.call("GET", at, nil, &batch); err != nil || batch.Rollout == "" {
			return false, err
		}
		err := d.api.call("GET", "/api/v1/rollout/"+batch.Rollout+"/", nil, &waves)
		if waves.Status == "done" {
			return false, errors.New("monitoring did not stop the first wave")
		}
		return waves.Status == "stopped", err
	}); err != nil {
		return err
	}
	if batch.Counts.Success != 1 || batch.Counts.Waiting != roofs-1 {
		return fmt.Errorf("a stopped wave upgraded %d roofs", batch.Counts.Success)
	}
	fmt.Printf("  The first wave of a firmware upgrade was stopped: %s.\n", waves.Reason)
	if err := d.api.call("POST", "/api/v1/rollout/"+batch.Rollout+"/resume/", object{"ignore_gates": true}, &struct{}{}); err != nil {
		return err
	}
	if err := d.wait(ctx, "all roofs are upgraded", func() (bool, error) {
		err := d.api.call("GET", at, nil, &batch)
		return batch.Status == "success", err
	}); err != nil {
		return err
	}
	fmt.Printf("  Somebody let it go on: all %d roofs run the new build, in two waves within %.1f s; see Mass upgrades.\n", batch.Counts.Success, time.Since(begun).Seconds())
	return nil
}

const firmwareAPI = "/api/v1/firmware-upgrader/"

// boxNamed is a device with its key, by its name.
func (d *demo) boxNamed(name string) (box, error) {
	all, err := d.boxes()
	if err != nil {
		return box{}, err
	}
	for _, b := range all {
		if b.Name == name {
			return b, nil
		}
	}
	return box{}, fmt.Errorf("there is no %s", name)
}

// makeBuilds makes a category with the build that the roofs have and the one that they
// are to get, and returns the latter.
func (d *demo) makeBuilds(organization string) (build string, err error) {
	var category struct{ ID string }
	if err := d.api.call("POST", firmwareAPI+"category/", object{"name": "Access points of roofs", "description": "OpenWrt with what roofs need.", "organization": organization}, &category); err != nil {
		return "", err
	}
	for _, b := range []struct{ version, system, news string }{
		{"23.05.5", oldSystem, "What there was."}, {"24.10.0", newSystem, "Newer kernel, WPA3 by default."},
	} {
		var made struct{ ID string }
		if err := d.api.call("POST", firmwareAPI+"build/", object{"category": category.ID, "version": b.version, "os": b.system, "changelog": b.news}, &made); err != nil {
			return "", err
		}
		image := bytes.Repeat([]byte(b.system+"\n"), 4096)
		sum := sha256.Sum256(image)
		var upload struct{ ID string }
		if err := d.api.call("POST", firmwareAPI+"build/"+made.ID+"/upload/", object{"name": "openwrt-" + b.version + "-" + roofImage, "size": len(image), "checksum": hex.EncodeToString(sum[:])}, &upload); err != nil {
			return "", fmt.Errorf("announce an image: %w", err)
		}
		if err := d.sendPart(upload.ID, image); err != nil {
			return "", err
		}
		if err := d.api.call("POST", firmwareAPI+"upload/"+upload.ID+"/", nil, &struct{}{}); err != nil {
			return "", fmt.Errorf("make an image: %w", err)
		}
		build = made.ID
	}
	return build, nil
}

// sendPart sends an image as one part.
func (d *demo) sendPart(upload string, image []byte) error {
	r, err := http.NewRequest(http.MethodPut, "http://"+d.address+firmwareAPI+"upload/"+upload+"/?offset=0", bytes.NewReader(image))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+d.api.token)
	r.Header.Set("Content-Type", "application/octet-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("send an image: %w", err)
	}
	defer answer.Body.Close() // it was read
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1000))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("send an image: %s: %s", answer.Status, text)
	}
	return err
}

// fill makes a device tell that its flash is full.
func (d *demo) fill(ctx context.Context, b box) error {
	b, err := d.boxNamed(b.Name)
	if err != nil {
		return err
	}
	sender, now := &simulate.Sender{URL: "http://" + d.address}, time.Now()
	var doc map[string]any
	if err := json.Unmarshal(simulate.NewMeasured(7).Document(now), &doc); err != nil {
		return err
	}
	resources, _ := doc["resources"].(map[string]any)
	resources["disk"] = []object{{"mount_point": "/overlay", "filesystem": "/dev/ubi0_1", "size_bytes": 8388608, "used_bytes": 8200000, "available_bytes": 188608, "used_percent": 98}}
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return sender.Send(ctx, b.credentials(), now, text)
}
