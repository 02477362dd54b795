package server

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
)

// ConnectionConfig concerns reaching devices.
type ConnectionConfig struct {
	// The time-outs of SSH.
	ConnectTimeout time.Duration `koanf:"ssh_connection_timeout" doc:"How long the opening of a TCP connection to a device may take (OPENWISP_SSH_CONNECTION_TIMEOUT)."`
	BannerTimeout  time.Duration `koanf:"ssh_banner_timeout" doc:"How long a device may take to greet and to exchange keys (OPENWISP_SSH_BANNER_TIMEOUT)."`
	AuthTimeout    time.Duration `koanf:"ssh_auth_timeout" doc:"How long the log-in may take (OPENWISP_SSH_AUTH_TIMEOUT)."`
	CommandTimeout time.Duration `koanf:"ssh_command_timeout" doc:"How long a command may run (OPENWISP_SSH_COMMAND_TIMEOUT)."`
	// LegacyAlgorithms lets old Dropbear in.
	LegacyAlgorithms bool `koanf:"legacy_algorithms" doc:"Offer SHA-1 and CBC to devices that know nothing better, in a second attempt."`
	// PinHostKeys remembers host keys.
	PinHostKeys bool `koanf:"pin_host_keys" doc:"Remember the host key that a device has when it is reached first, and refuse another; it can be reset at the connection. OpenWISP takes any."`
	// ManagementIPOnly limits the addresses that are tried.
	ManagementIPOnly bool `koanf:"management_ip_only" doc:"Reach devices at their management address only, not at the one they were last seen at (OPENWISP_CONTROLLER_MANAGEMENT_IP_ONLY)."`
	// RefusedNetworks are never reached.
	RefusedNetworks []string `koanf:"refused_networks" doc:"Networks that are never connected to, whatever address a device claims: the server's own, and those of cloud services."`
	// UpdateMapping is the strategy by backend.
	UpdateMapping map[string]any `koanf:"update_mapping" doc:"Which update strategy follows from the backend of a configuration (OPENWISP_CONFIG_UPDATE_MAPPING)."`
	// UserCommands are the administrator's own.
	UserCommands map[string]any `koanf:"user_commands" doc:"Further commands by name: label, command (a template such as ping -c 4 {{.host}}, in which every value is one word of the shell) and schema, a JSON Schema of the input; a property with writeOnly is a secret (OPENWISP_CONTROLLER_USER_COMMANDS)."`
	// EnabledCommands says who may run what.
	EnabledCommands map[string]any `koanf:"organization_enabled_commands" doc:"Commands of organizations: the id of one, or __all__, to * or a list of types (OPENWISP_CONTROLLER_ORGANIZATION_ENABLED_COMMANDS)."`
	// OutputLimit bounds outputs.
	OutputLimit int `koanf:"output_limit" doc:"Bytes of a command's output that are kept: its beginning and its end."`
	// CommandAge is how long commands are kept.
	CommandAge time.Duration `koanf:"command_age" doc:"How long commands and their output are kept. 0: for ever."`
	// The pushes.
	PushDelay    time.Duration `koanf:"push_delay" doc:"How long a push waits for further changes of the configuration. 0: not at all."`
	PushAttempts int           `koanf:"push_attempts" doc:"How often a device is tried to be told of its configuration."`
	PushBackoff  time.Duration `koanf:"push_backoff" doc:"The pause after the first failed attempt; it doubles each time, up to an hour."`
	// Workers bounds what runs at once.
	Workers int `koanf:"workers" doc:"How many devices a node reaches at once for pushes, and as many for commands."`
	// Parallel is the default of mass commands.
	Parallel int `koanf:"parallel" doc:"How many commands of a mass command run at once where it does not say."`
	// Secrets says who gets passwords and keys.
	Secrets string `koanf:"api_secrets" doc:"Who gets passwords and keys of credentials in answers: owners (users who may change them) or never."`
	// The channels.
	Channels         bool   `koanf:"channels" doc:"Let agents keep a channel to the server open, through which devices are reached that nothing leads to."`
	ChannelNode      string `koanf:"channel_node" doc:"Address at which the other nodes reach this one, such as http://10.0.0.2:8080. Empty: found out from http.listen and the connection to PostgreSQL."`
	ChannelAdmission int    `koanf:"channel_admission" doc:"How many channels a node opens in a second; other devices are told to come again, each after another while."`
	ChannelMost      int    `koanf:"channel_most" doc:"How many channels a node holds."`
	ChannelRate      int    `koanf:"channel_rate" doc:"How many bytes a device may send through its channel in a second."`
	// The terminals.
	TerminalIdle         time.Duration `koanf:"terminal_idle" doc:"A terminal in which nothing is typed for so long ends."`
	TerminalRecording    int           `koanf:"terminal_recording" doc:"Bytes of a terminal that are recorded; it ends when they are full."`
	TerminalAge          time.Duration `koanf:"terminal_age" doc:"How long recordings of terminals are kept. 0: for ever."`
	TerminalSecondFactor []string      `koanf:"terminal_second_factor" doc:"Organizations, by id, or __all__, that ask for a one-time code of a second factor whenever a terminal is opened."`
	// IgnoredReasons keeps failures quiet.
	IgnoredReasons []string `koanf:"ignored_reasons" doc:"People are not told of connections that fail, or recover, with one of these texts in the reason; in a variable separated by commas."`
}

// DefaultConnectionConfig returns the settings that nobody has configured.
func DefaultConnectionConfig() ConnectionConfig {
	mapping := map[string]any{}
	for backend, strategy := range connection.DefaultMapping() {
		mapping[backend] = strategy
	}
	return ConnectionConfig{
		ConnectTimeout: 5 * time.Second, BannerTimeout: time.Minute, AuthTimeout: 2 * time.Second, CommandTimeout: 30 * time.Second,
		LegacyAlgorithms: true, PinHostKeys: true, ManagementIPOnly: true,
		RefusedNetworks: []string{"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/128", "::1/128", "fe80::/10", "ff00::/8"},
		UpdateMapping:   mapping, UserCommands: map[string]any{}, EnabledCommands: map[string]any{connection.Everybody: connection.AnyCommand},
		OutputLimit: 256 << 10, CommandAge: 365 * 24 * time.Hour, PushDelay: time.Second, PushAttempts: 8, PushBackoff: 30 * time.Second,
		Workers: 50, Parallel: 20, Secrets: "owners", IgnoredReasons: []string{},
		Channels: true, ChannelAdmission: 200, ChannelMost: 50_000, ChannelRate: 4 << 20,
		TerminalIdle: 15 * time.Minute, TerminalRecording: 16 << 20, TerminalAge: 90 * 24 * time.Hour, TerminalSecondFactor: []string{},
	}
}

// Check returns what is wrong with the settings, by key.
func (c *ConnectionConfig) Check() error {
	e := &wispwright.ValidationError{}
	for _, n := range []leastNumber{
		{"ssh_connection_timeout", int64(c.ConnectTimeout), 1},
		{"ssh_banner_timeout", int64(c.BannerTimeout), 1},
		{"ssh_auth_timeout", int64(c.AuthTimeout), 1},
		{"ssh_command_timeout", int64(c.CommandTimeout), 1},
		{"output_limit", int64(c.OutputLimit), 1024},
		{"command_age", int64(c.CommandAge), 0},
		{"push_delay", int64(c.PushDelay), 0},
		{"push_attempts", int64(c.PushAttempts), 1},
		{"push_backoff", int64(c.PushBackoff), 1},
		{"workers", int64(c.Workers), 1},
		{"parallel", int64(c.Parallel), 1},
		{"terminal_idle", int64(c.TerminalIdle), int64(time.Second)},
		{"terminal_recording", int64(c.TerminalRecording), 64 << 10},
		{"terminal_age", int64(c.TerminalAge), 0},
		{"channel_admission", int64(c.ChannelAdmission), 1},
		{"channel_most", int64(c.ChannelMost), 1},
		{"channel_rate", int64(c.ChannelRate), 64 << 10},
	} {
		n.check(e)
	}
	if c.Workers > 1000 {
		e.Add("workers", "must be at most 1000")
	}
	if s := c.Secrets; s != "owners" && s != "never" {
		e.Add("api_secrets", "must be owners or never")
	}
	if _, err := parseNetworks(c.RefusedNetworks); err != nil {
		e.Add("refused_networks", err.Error())
	}
	for _, id := range c.TerminalSecondFactor {
		if _, err := wispwright.ParseID(id); err != nil && id != connection.Everybody {
			e.Add("terminal_second_factor", "must be ids of organizations, or "+connection.Everybody)
		}
	}
	if err := checkNode(c.ChannelNode); err != nil {
		e.Add("channel_node", err.Error())
	}
	if _, err := c.mapping(); err != nil {
		e.Add("update_mapping", err.Error())
	}
	own, err := c.commands()
	if err != nil {
		e.Add("user_commands", err.Error())
		return e.Err()
	}
	enabled, err := c.enabled()
	if err == nil {
		_, err = connection.NewCommandTypes(append(connection.DefaultCommands(), own...), enabled)
	}
	if err != nil {
		e.Add("organization_enabled_commands", err.Error())
	}
	return e.Err()
}

func (c *ConnectionConfig) mapping() (map[string]string, error) {
	out := map[string]string{}
	for backend, strategy := range flat(c.UpdateMapping) {
		text, ok := strategy.(string)
		if !ok {
			return nil, fmt.Errorf("%s: want the identifier of a strategy", backend)
		}
		out[backend] = text
	}
	return out, nil
}

// flat undoes that a key with a dot in a file, such as netjsonconfig.OpenWrt, is
// read as a map within a map.
func flat(m map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range m {
		inner, nested := v.(map[string]any)
		if !nested {
			out[key] = v
			continue
		}
		for rest, v := range flat(inner) {
			out[key+"."+rest] = v
		}
	}
	return out
}

func (c *ConnectionConfig) enabled() (map[string][]string, error) {
	out := map[string][]string{}
	for organization, v := range c.EnabledCommands {
		switch v := v.(type) {
		case string:
			out[organization] = []string{v}
		case []string:
			out[organization] = v
		case []any:
			out[organization] = []string{}
			for _, name := range v {
				text, ok := name.(string)
				if !ok {
					return nil, fmt.Errorf("%s: want a list of types", organization)
				}
				out[organization] = append(out[organization], text)
			}
		default:
			return nil, fmt.Errorf("%s: want %s or a list of types", organization, connection.AnyCommand)
		}
	}
	return out, nil
}

// noInput is the schema of a command that takes nothing.
const noInput = `{"type": "null"}`

// commands makes types of the administrator's own commands, in the order of
// their names.
func (c *ConnectionConfig) commands() (out []connection.CommandType, err error) {
	names := make([]string, 0, len(c.UserCommands))
	for name := range c.UserCommands {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		raw, err := json.Marshal(c.UserCommands[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		var one struct {
			Label, Command string
			Schema         json.RawMessage
		}
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if one.Schema == nil {
			one.Schema = json.RawMessage(noInput)
		}
		if one.Command == "" {
			return nil, fmt.Errorf("%s: a command is required", name)
		}
		var document struct {
			Properties map[string]json.RawMessage `json:"properties"`
		}
		if err := json.Unmarshal(one.Schema, &document); err != nil {
			return nil, fmt.Errorf("%s: schema: %w", name, err)
		}
		properties := make([]string, 0, len(document.Properties))
		for property := range document.Properties {
			properties = append(properties, property)
		}
		build, err := connection.BuildTemplate(one.Command, properties...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if one.Label == "" {
			one.Label = name
		}
		out = append(out, connection.CommandType{Name: name, Label: one.Label, Schema: wispwright.JSON(one.Schema), Build: build})
	}
	_, err = connection.NewCommandTypes(append(connection.DefaultCommands(), out...), nil)
	return out, err
}

// refuse reports addresses that are never connected to.
func (c *ConnectionConfig) refuse() (func(netip.Addr) bool, error) {
	networks, err := parseNetworks(c.RefusedNetworks)
	if err != nil {
		return nil, fmt.Errorf("connection.refused_networks: %w", err)
	}
	return func(a netip.Addr) bool { return within(networks, a) }, nil
}
