package iperf

import (
	"fmt"
	"strings"
)

// keyPath is where the key of the server lies on the device.
const keyPath = "/tmp/iperf3-public-key.pem"

// quote makes one word of a text, whatever is in it: parameters are people's.
func quote(text string) string {
	if text != "" && strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:/%@", r)
	}) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// secret makes one word that is always quoted.
func secret(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// pem is a key as a file.
func pem(key string) string {
	key = strings.TrimSpace(key)
	key = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(key, "-----BEGIN PUBLIC KEY-----"), "-----END PUBLIC KEY-----"))
	return "-----BEGIN PUBLIC KEY-----\n" + key + "\n-----END PUBLIC KEY-----"
}

// tcp and udp are the command lines on the device (spec: monitoring §12.3).
func (p *Params) tcp(host string) string {
	line := p.line(host, p.ClientOptions.TCP, "")
	if p.Username != "" {
		line = "echo " + secret(pem(p.RSAPublicKey)) + " > " + keyPath + " && IPERF3_PASSWORD=" + secret(p.Password) + " " + line
	}
	return line
}

func (p *Params) udp(host string, deleteKey bool) string {
	line := p.line(host, p.ClientOptions.UDP, "-u ")
	if p.Username != "" {
		line = "IPERF3_PASSWORD=" + secret(p.Password) + " " + line
		if deleteKey {
			line += " && rm -f " + keyPath
		}
	}
	return line
}

func (p *Params) line(host string, rate Rate, mode string) string {
	o := &p.ClientOptions
	end := fmt.Sprintf("-t %d", o.Time)
	switch {
	case o.Blockcount != "":
		end = "-k " + quote(o.Blockcount)
	case o.Bytes != "":
		end = "-n " + quote(o.Bytes)
	}
	if p.Username != "" {
		end += " --username " + secret(p.Username) + " --rsa-public-key-path " + keyPath
	}
	direction := ""
	switch {
	case o.Bidirectional:
		direction = "--bidir"
	case o.Reverse:
		direction = "--reverse"
	}
	return fmt.Sprintf("iperf3 -c %s -p %d %s --connect-timeout %d -b %s -l %s -w %s -P %d %s %s-J",
		quote(host), o.Port, end, o.ConnectTimeout, quote(rate.Bitrate), quote(rate.Length), quote(o.Window), o.Parallel, direction, mode)
}
