package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/wispwright/wispwright"
)

// envPrefix begins the variables that set keys: http.listen is
// WISPWRIGHT_HTTP_LISTEN.
const envPrefix = "WISPWRIGHT_"

// LoadConfig returns the settings of the server, and sets those of the concerns
// (nil means none): the defaults, changed by a YAML file (unless path is empty)
// and then by the variables of the environment. An unknown key in either is an
// error, except for the variables that begin with one of others, which belong to
// somebody else.
func LoadConfig(path string, environ []string, concerns []Concern, others ...string) (*Config, error) {
	if err := conceivable(concerns); err != nil {
		return nil, err
	}
	config := DefaultConfig()
	known := settingsOf(config)
	for _, c := range concerns {
		if with, ok := c.(WithSettings); ok {
			section, err := sectionOf(c.Name(), with.Section().Value)
			if err != nil {
				return nil, err
			}
			known = append(known, section...)
		}
	}
	k := koanf.New(".")
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return nil, fmt.Errorf("read configuration %s: %w", path, err)
		}
		if err := unknownKeys(path, k.Keys(), known); err != nil {
			return nil, err
		}
	}
	vars, err := fromEnvironment(environ, known, others)
	if err != nil {
		return nil, err
	}
	if err := k.Load(confmap.Provider(vars, "."), nil); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	for _, c := range concerns {
		if with, ok := c.(WithSettings); ok && k.Exists(c.Name()) {
			if err := decode(k, c.Name(), with.Section().Value); err != nil {
				return nil, fmt.Errorf("read configuration: %s: %w", c.Name(), err)
			}
			k.Delete(c.Name())
		}
	}
	if err := decode(k, "", config); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if err := checkAll(config, concerns); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return config, nil
}

// decode reads a section, or the whole, into a struct.
func decode(k *koanf.Koanf, section string, into any) error {
	return k.UnmarshalWithConf(section, into, koanf.UnmarshalConf{Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{
		Result: into, TagName: "koanf", WeaklyTypedInput: true, ErrorUnused: true, ZeroFields: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			mapstructure.StringToTimeDurationHookFunc(),
			// lists in variables are separated by commas
			func(from, to reflect.Type, value any) (any, error) {
				text, ok := value.(string)
				if !ok || to.Kind() != reflect.Slice {
					return value, nil
				}
				return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }), nil
			}),
	}})
}

// unknownKeys names every key of a file that nobody reads.
func unknownKeys(path string, keys []string, known []setting) error {
	e := &wispwright.ValidationError{}
	for _, key := range keys {
		if !slices.ContainsFunc(known, func(s setting) bool { return s.holds(key) }) {
			e.Add(key, "no such setting in "+path+nearest(key, known)+".")
		}
	}
	if e.Err() != nil {
		return fmt.Errorf("configuration: %w", e)
	}
	return nil
}

// nearest suggests a key that ends alike.
func nearest(key string, known []setting) string {
	last := key[strings.LastIndex(key, ".")+1:]
	for _, s := range known {
		if strings.HasSuffix(s.key, "."+last) || s.key == last {
			return "; did you mean " + s.key + "?"
		}
	}
	return ""
}

// fromEnvironment collects the variables that set keys.
func fromEnvironment(environ []string, known []setting, others []string) (map[string]any, error) {
	found := map[string]any{}
	e := &wispwright.ValidationError{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.ContainsFunc(others, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		i := slices.IndexFunc(known, func(s setting) bool { return s.variable() == name })
		if i < 0 {
			e.Add(name, "no such setting.")
			continue
		}
		found[known[i].key] = value
		if known[i].value.Kind() == reflect.Map {
			object := map[string]any{}
			if err := json.Unmarshal([]byte(value), &object); err != nil {
				e.Add(name, "must be a JSON object.")
			}
			found[known[i].key] = object
		}
	}
	if e.Err() != nil {
		return nil, fmt.Errorf("configuration: %w", e)
	}
	return found, nil
}

// setting is one key with its place in a Config.
type setting struct {
	key, doc string
	value    reflect.Value
}

// holds reports whether a key of a file belongs to the setting.
func (s setting) holds(key string) bool {
	return s.key == key || s.value.Kind() == reflect.Map && strings.HasPrefix(key, s.key+".")
}

func (s setting) variable() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(s.key, ".", "_"))
}

// group is the section of the key, or the key itself.
func (s setting) group() string {
	group, _, _ := strings.Cut(s.key, ".")
	return group
}

// settingsOf lists the keys of a Config in order.
func settingsOf(c *Config) []setting { return walk("", reflect.ValueOf(c).Elem()) }

// sectionOf lists the keys of a concern's section.
func sectionOf(name string, section any) ([]setting, error) {
	v := reflect.ValueOf(section)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("the section %s is no pointer to a struct", name)
	}
	list := walk(name+".", v.Elem())
	for _, s := range list {
		if strings.HasSuffix(s.key, ".") || s.doc == "" {
			return nil, fmt.Errorf("the section %s has a field without the tags koanf and doc", name)
		}
	}
	return list, nil
}

func walk(prefix string, v reflect.Value) (list []setting) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + f.Tag.Get("koanf")
		if f.Type.Kind() == reflect.Struct {
			list = append(list, walk(key+".", v.Field(i))...)
			continue
		}
		list = append(list, setting{key: key, doc: f.Tag.Get("doc"), value: v.Field(i)})
	}
	return list
}

// WriteConfig writes every setting of the server and of the concerns with its
// explanation, variable, default and present value, as a file that LoadConfig
// reads. Secrets are hidden.
func WriteConfig(w io.Writer, c *Config, concerns []Concern) error {
	var b bytes.Buffer
	group := ""
	present, defaults := settingsOf(c), settingsOf(DefaultConfig())
	for _, c := range concerns {
		with, ok := c.(WithSettings)
		if !ok {
			continue
		}
		now, err := sectionOf(c.Name(), with.Section().Value)
		if err != nil {
			return err
		}
		before, err := sectionOf(c.Name(), with.Section().Default)
		if err != nil || len(before) != len(now) {
			return fmt.Errorf("the section %s and its defaults are not of one type", c.Name())
		}
		present, defaults = append(present, now...), append(defaults, before...)
	}
	for i, s := range present {
		head, name, nested := strings.Cut(s.key, ".")
		if !nested {
			name = head
		} else if head != group {
			group = head
			fmt.Fprintf(&b, "%s:\n", head)
		}
		indent := ""
		if nested {
			indent = "  "
		}
		fmt.Fprintf(&b, "%s# %s\n%s# %s, default: %s\n", indent, s.doc, indent, s.variable(), s.shown(defaults[i].value))
		fmt.Fprintf(&b, "%s%s: %s\n", indent, name, s.shown(s.value))
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return nil
}

// shown writes a value as YAML on one line, secrets as "***".
func (s setting) shown(v reflect.Value) string {
	value := v.Interface()
	switch t := value.(type) {
	case time.Duration:
		return t.String()
	case wispwright.Secret:
		switch {
		case s.key == "database":
			value = withoutPassword(t.Reveal())
		case t == "":
			value = ""
		}
	}
	node := &yamlv3.Node{}
	if err := node.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	node.Style = yamlv3.FlowStyle
	text, err := yamlv3.Marshal(node)
	if err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(string(text))
}

// withoutPassword shows of a database's address what is no secret.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "***"
	}
	if _, set := u.User.Password(); set {
		u.User = url.UserPassword(u.User.Username(), "***")
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", "***")
		u.RawQuery = q.Encode()
	}
	return strings.ReplaceAll(u.String(), "%2A%2A%2A", "***")
}
