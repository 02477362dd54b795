package vpn

import (
	"strings"

	njc "github.com/wispwright/wispwright/netjsonconfig"
	"github.com/wispwright/wispwright/netjsonconfig/internal/ovpn"
	"github.com/wispwright/wispwright/netjsonconfig/internal/value"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// forwardOpenVPN makes a section of each tunnel. Its options are what is
// printed: true for a bare word, text, or a list of texts (§10).
func forwardOpenVPN(f *njc.Forward) error {
	list := value.Objects(f.Config, "openvpn")
	sections := make([]*njc.Section, 0, len(list))
	for i, o := range list {
		s, file, err := openvpnSection(o, i)
		if err != nil {
			return err
		}
		if file != nil {
			f.Files = append(f.Files, *file)
		}
		sections = append(sections, s)
	}
	f.Native.Add("openvpn", sections...)
	return nil
}

func openvpnSection(o *ordered.Object, i int) (*njc.Section, *njc.File, error) {
	s := &njc.Section{Type: "openvpn", Name: value.Str(o, "name"), Options: make([]njc.Option, 0, o.Len())}
	if err := checkFileName(s.Name, "openvpn", i, "name"); err != nil {
		return nil, nil, err
	}
	var file *njc.File
	for key, v := range o.All() {
		if err := checkKey(key, "openvpn", i, key); err != nil {
			return nil, nil, err
		}
		switch key {
		case "name":
			continue
		case "status_version":
			if status, _ := o.Get("status"); value.Empty(status) {
				continue
			}
		case "tls_auth":
			v, file = ovpn.TLSAuth(o)
		case "data_ciphers":
			v = ovpn.Ciphers(v)
		case "remote":
			if remotes := ovpn.Remotes(v); len(remotes) > 0 {
				v = remotes
			}
		}
		if strings.HasPrefix(key, "<") {
			if err := checkBlock(key, v, i); err != nil {
				return nil, nil, err
			}
			s.Options = append(s.Options, njc.Option{Key: key, Value: v})
			continue
		}
		option, err := openvpnOption(key, v, i)
		if err != nil {
			return nil, nil, err
		}
		if option != nil {
			s.Options = append(s.Options, njc.Option{Key: key, Value: option})
		}
	}
	s.Sort()
	return s, file, nil
}

// openvpnOption returns what is printed for a value, nil for nothing.
func openvpnOption(key string, v any, i int) (any, error) {
	switch {
	case key == "server_bridge" && v == "":
		return true, nil
	case v == nil:
		return nil, nil
	case value.Empty(v) && key != "script_security":
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		if v == true {
			return true, nil
		}
		text := value.Text(v)
		return text, checkLine(text, "openvpn", i, key)
	}
	texts := make([]any, 0, len(list))
	for j, item := range list {
		text := value.Text(item)
		if err := checkLine(text, "openvpn", i, key, j); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// openvpnText is the format of OpenVPN's configuration files.
type openvpnText struct{}

// Append implements njc.Renderer.
func (openvpnText) Append(dst []byte, n *njc.Native) ([]byte, error) {
	return appendConf(dst, n, "openvpn", appendOpenVPN), nil
}

// Members implements njc.Renderer.
func (openvpnText) Members(n *njc.Native) ([]njc.File, error) {
	return confMembers(n, "openvpn", appendOpenVPN), nil
}

// checkBlock refuses what is no file inside the configuration: <ca> with a text
// that does not end it.
func checkBlock(key string, v any, i int) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		text, ok := item.(string)
		if !ok || !strings.HasSuffix(key, ">") || len(key) < 3 || strings.Contains(text, "</") || strings.ContainsAny(text, "\r\x00") {
			return njc.Invalid("not a file inside the configuration", "openvpn", i, key)
		}
	}
	return nil
}

// appendBlocks writes files inside the configuration.
func appendBlocks(dst []byte, key string, v any) []byte {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, item := range list {
		dst = append(append(dst, key...), '\n')
		if text := value.Text(item); text != "" {
			dst = append(append(dst, text...), '\n')
		}
		dst = append(append(append(dst, "</"...), key[1:]...), '\n')
	}
	return dst
}

func appendOpenVPN(dst []byte, s *njc.Section) []byte {
	for _, o := range s.Options {
		if o.Key[0] == '<' {
			dst = appendBlocks(dst, o.Key, o.Value)
			continue
		}
		key := strings.ReplaceAll(o.Key, "_", "-")
		switch v := o.Value.(type) {
		case bool:
			dst = append(append(dst, key...), '\n')
		case []any:
			for _, item := range v {
				dst = appendLine(dst, key, " ", value.Text(item))
			}
		default:
			dst = appendLine(dst, key, " ", value.Text(v))
		}
	}
	return dst
}

func appendLine(dst []byte, key, between, text string) []byte {
	dst = append(append(dst, key...), between...)
	return append(append(dst, text...), '\n')
}
