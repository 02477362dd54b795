package iperf

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// Params are the parameters of a check (spec: monitoring §12.3). Zero values are looked up in
// those of the organization, and then in the defaults.
type Params struct {
	Host          []string `json:"host,omitempty"`
	Username      string   `json:"username,omitempty"`
	Password      string   `json:"password,omitempty"`
	RSAPublicKey  string   `json:"rsa_public_key,omitempty"`
	ClientOptions Options  `json:"client_options,omitzero"`
}

// Options are those of the client.
type Options struct {
	Port           int    `json:"port,omitempty"`
	Time           int    `json:"time,omitempty"`
	Bytes          string `json:"bytes,omitempty"`
	Blockcount     string `json:"blockcount,omitempty"`
	Window         string `json:"window,omitempty"`
	Parallel       int    `json:"parallel,omitempty"`
	Reverse        bool   `json:"reverse,omitempty"`
	Bidirectional  bool   `json:"bidirectional,omitempty"`
	ConnectTimeout int    `json:"connect_timeout,omitempty"`
	TCP            Rate   `json:"tcp,omitzero"`
	UDP            Rate   `json:"udp,omitzero"`
}

// Rate is how fast and in which pieces is sent.
type Rate struct {
	Bitrate string `json:"bitrate,omitempty"`
	Length  string `json:"length,omitempty"`
}

// defaults are what holds where nobody chose.
func defaults() Params {
	return Params{ClientOptions: Options{Port: 5201, Time: 10, Window: "0", Parallel: 1, ConnectTimeout: 1000, TCP: Rate{"0", "128K"}, UDP: Rate{"30M", "0"}}}
}

// Parse reads parameters. Names that are not known are let be. Errors name the parameter.
func Parse(text wispwright.JSON) (p Params, err error) {
	if text == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return p, fmt.Errorf("Invalid param in %q: it is not a %s", wrong.Field, wrong.Value)
		}
		return p, errors.New("Invalid param: an object is wanted")
	}
	return p, p.check()
}

func (p *Params) check() error {
	o := &p.ClientOptions
	for _, n := range []struct {
		name        string
		value, most int
	}{{"port", o.Port, 65535}, {"time", o.Time, 1800}, {"parallel", o.Parallel, 128}, {"connect_timeout", o.ConnectTimeout, 1_000_000}} {
		if n.value < 0 || n.value > n.most {
			return fmt.Errorf("Invalid param in %q: it must be from 1 to %d", "client_options."+n.name, n.most)
		}
	}
	set := 0
	for name, text := range map[string]string{"username": p.Username, "password": p.Password, "rsa_public_key": p.RSAPublicKey} {
		if text != "" {
			set++
		}
		if name != "rsa_public_key" && len(text) > 20 {
			return fmt.Errorf("Invalid param in %q: it has more than 20 characters", name)
		}
		if strings.ContainsRune(text, 0) {
			return fmt.Errorf("Invalid param in %q: it has a zero byte", name)
		}
	}
	if set != 0 && set != 3 {
		return errors.New("Invalid param: username, password and rsa_public_key need each other")
	}
	if slices.Contains(p.Host, "") {
		return errors.New("Invalid param in \"host\": a host has no name")
	}
	return nil
}

// over puts what is chosen over what is not.
func (p Params) over(base Params) Params {
	first := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	number := func(a, b int) int {
		if a != 0 {
			return a
		}
		return b
	}
	if len(p.Host) == 0 {
		p.Host = base.Host
	}
	if p.Username == "" {
		p.Username, p.Password, p.RSAPublicKey = base.Username, base.Password, base.RSAPublicKey
	}
	o, b := &p.ClientOptions, &base.ClientOptions
	o.Port, o.Time, o.Parallel, o.ConnectTimeout = number(o.Port, b.Port), number(o.Time, b.Time), number(o.Parallel, b.Parallel), number(o.ConnectTimeout, b.ConnectTimeout)
	o.Bytes, o.Blockcount, o.Window = first(o.Bytes, b.Bytes), first(o.Blockcount, b.Blockcount), first(o.Window, b.Window)
	o.Reverse, o.Bidirectional = o.Reverse || b.Reverse, o.Bidirectional || b.Bidirectional
	o.TCP = Rate{first(o.TCP.Bitrate, b.TCP.Bitrate), first(o.TCP.Length, b.TCP.Length)}
	o.UDP = Rate{first(o.UDP.Bitrate, b.UDP.Bitrate), first(o.UDP.Length, b.UDP.Length)}
	return p
}
